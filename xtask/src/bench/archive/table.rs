//! The table of the whole way: medians of both legs together, and ratios.

use std::fmt;

use super::{gap::Leg, way::Way};

/// What was measured.
pub(super) struct Table {
    rows: Vec<(Way, Vec<[Leg; 2]>)>,
}

impl Table {
    /// An empty table.
    pub(super) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Takes in one turn.
    pub(super) fn add(&mut self, way: Way, turn: [Leg; 2]) {
        match self.rows.iter_mut().find(|(owner, _)| *owner == way) {
            Some((_, turns)) => turns.push(turn),
            None => self.rows.push((way, vec![turn])),
        }
    }

    /// The shortest median among some of the ways.
    fn best(&self, wanted: impl Fn(Way) -> bool) -> f64 {
        let rows = self.rows.iter().filter(|(way, _)| wanted(*way));
        rows.map(|(_, turns)| spread(turns, both)[1])
            .fold(f64::INFINITY, f64::min)
    }
}

/// Seconds of both legs.
fn both([out, back]: &[Leg; 2]) -> f64 {
    (out.wall + back.wall).as_secs_f64()
}

/// The middle of what `field` says of each turn, between the extremes.
fn spread(turns: &[[Leg; 2]], field: impl Fn(&[Leg; 2]) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = turns.iter().map(field).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [values[0], values[values.len() / 2], values[last]]
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.best(Way::is_peer);
        let bare = self.best(|way| way == Way::Bare);
        let runs = self.rows.first().map_or(0, |(_, turns)| turns.len());
        writeln!(f, "### carry ({runs} runs, interleaved)\n")?;
        writeln!(
            f,
            "| way | out + back s (min–max of the sum) | ÷ fastest peer | ÷ bare | CPU s | peak MiB | temporary MiB | requests to registries | to the store | CPU s of registries and store |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        for (way, turns) in &self.rows {
            row(f, *way, turns, [peer, bare])?;
        }
        Ok(())
    }
}

fn row(
    f: &mut fmt::Formatter<'_>,
    way: Way,
    turns: &[[Leg; 2]],
    [peer, bare]: [f64; 2],
) -> fmt::Result {
    let [low, middle, high] = spread(turns, both);
    let [out, back] = [0, 1].map(|leg| spread(turns, |turn| turn[leg].wall.as_secs_f64())[1]);
    let cpu = spread(turns, |turn| (turn[0].cpu + turn[1].cpu).as_secs_f64())[1];
    let peers = spread(turns, |turn| {
        (turn[0].peers_cpu + turn[1].peers_cpu).as_secs_f64()
    })[1];
    let most = |field: fn(&Leg) -> u64, leg: usize| {
        let all = turns.iter().map(|turn| field(&turn[leg]));
        all.max().unwrap_or(0)
    };
    let memory = [0, 1].map(|leg| most(|leg| leg.memory, leg) >> 20);
    let temporary = [0, 1].map(|leg| shown(most(|leg| leg.temporary, leg)));
    let registry = [0, 1].map(|leg| most(|leg| leg.registry as u64, leg));
    let store = [0, 1].map(|leg| most(|leg| leg.store as u64, leg));
    writeln!(
        f,
        "| {} | {out:.2} + {back:.2} ({low:.2}–{high:.2}) | {:.2} | {:.2} | {cpu:.2} | {} + {} | {} + {} | {} + {} | {} + {} | {peers:.2} |",
        way.name(),
        middle / peer,
        middle / bare,
        memory[0],
        memory[1],
        temporary[0],
        temporary[1],
        registry[0],
        registry[1],
        store[0],
        store[1],
    )
}

/// MiB, with what is less than one of them but not nothing.
fn shown(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        1..0x10_0000 => format!("0.{:02}", (bytes * 100) >> 20),
        _ => (bytes >> 20).to_string(),
    }
}
