//! The table of one workload: medians, and ratios to the fastest peer.

use std::{fmt, time::Duration};

use super::{measure::Usage, peer::Peer, workload::Workload};

/// What was measured.
pub(crate) struct Table {
    workload: Workload,
    rows: Vec<(Peer, Vec<Usage>)>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(workload: Workload) -> Self {
        Self {
            workload,
            rows: Vec::new(),
        }
    }

    /// Takes in one run.
    pub(crate) fn add(&mut self, peer: Peer, usage: Usage) {
        match self.rows.iter_mut().find(|(owner, _)| *owner == peer) {
            Some((_, usages)) => usages.push(usage),
            None => self.rows.push((peer, vec![usage])),
        }
    }
}

/// The middle of what `field` says of each run, with the extremes.
fn spread(usages: &[Usage], field: impl Fn(&Usage) -> Duration) -> [f64; 3] {
    let mut values: Vec<f64> = usages
        .iter()
        .map(|usage| field(usage).as_secs_f64())
        .collect();
    values.sort_by(f64::total_cmp);
    [
        values[0],
        values[values.len() / 2],
        values[values.len() - 1],
    ]
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wall = |usages: &[Usage]| spread(usages, |usage| usage.wall)[1];
        let best = self
            .rows
            .iter()
            .filter(|(peer, _)| *peer != Peer::Transship)
            .map(|(_, usages)| wall(usages))
            .fold(f64::INFINITY, f64::min);
        let runs = self.rows.first().map_or(0, |(_, usages)| usages.len());
        writeln!(
            f,
            "### {} ({runs} runs, interleaved)\n",
            self.workload.name()
        )?;
        writeln!(
            f,
            "| tool | wall s (min–max) | ÷ fastest peer | CPU s | peak MiB | registries' CPU s |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (peer, usages) in &self.rows {
            let [low, middle, high] = spread(usages, |usage| usage.wall);
            let cpu = spread(usages, |usage| usage.cpu)[1];
            let registries = spread(usages, |usage| usage.registries)[1];
            let memory = usages.iter().map(|usage| usage.memory).max().unwrap_or(0) >> 20;
            let ratio = middle / best;
            let name = peer.name();
            writeln!(
                f,
                "| {name} | {middle:.2} ({low:.2}–{high:.2}) | {ratio:.2} | {cpu:.2} | {memory} | {registries:.2} |"
            )?;
        }
        Ok(())
    }
}
