//! Who looks on while a command works: bars for a person at a terminal, lines for a log, JSON for a machine.

mod bars;
mod json;
mod lines;
mod tally;

use std::{
    fs::File,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Arc,
};

use transship_oci::{Error, ErrorKind, Event, Observer, Result, Side};

use self::{bars::Bars, json::JsonLines, lines::Lines, tally::Tally};
use crate::args::Global;

/// All onlookers of one process.
#[derive(Debug, Clone)]
pub(crate) struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tally: Tally,
    bars: Option<Bars>,
    others: Vec<Box<dyn Observer>>,
}

impl Progress {
    /// The onlookers that the flags ask for.
    ///
    /// # Errors
    /// `Invalid` when the events' file cannot be made.
    pub(crate) fn new(global: &Global) -> Result<Self> {
        let mut others: Vec<Box<dyn Observer>> = Vec::new();
        let mut bars = None;
        if global.events.is_some() {
            others.push(Box::new(JsonLines::new(io::stderr())));
        } else if !global.quiet && io::stderr().is_terminal() {
            bars = Some(Bars::new());
        } else if !global.quiet {
            others.push(Box::new(Lines));
        }
        if let Some(path) = &global.events_file {
            others.push(Box::new(JsonLines::new(create(path)?)));
        }
        Ok(Self(Arc::new(Inner {
            tally: Tally::default(),
            bars,
            others,
        })))
    }

    /// Takes the bars away, so that results stand alone.
    pub(crate) fn end(&self) {
        if let Some(bars) = &self.0.bars {
            bars.clear();
        }
    }

    /// What the run under way has done so far, in words.
    pub(crate) fn so_far(&self) -> Option<String> {
        let tally = &self.0.tally;
        tally.is_running().then(|| tally.to_string())
    }
}

impl Observer for Progress {
    fn on(&self, event: &Event) {
        self.0.tally.on(event);
        if let Some(bars) = &self.0.bars {
            bars.on(event);
        }
        for other in &self.0.others {
            other.on(event);
        }
    }
}

fn create(path: &Path) -> Result<File> {
    File::create(path).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the file for events cannot be made")
            .on(Side::Local)
            .at(path.display())
            .because(cause)
    })
}

#[cfg(test)]
mod tests;
