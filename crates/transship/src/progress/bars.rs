//! Events for a person at a terminal: a bar for each artifact on its way, and one for everything.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use transship_oci::{Digest, Event, Observer};

use super::lines;

/// Artifacts below this many bytes are gone before anybody has read their bar.
const WORTH_A_BAR: u64 = 1_000_000;
/// The most bars at once; a terminal is not high.
const MOST_BARS: usize = 8;
/// How much of a reference stands before its bar.
const LABEL: usize = 40;

/// The bars of one process.
pub(super) struct Bars {
    screen: MultiProgress,
    total: ProgressBar,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    artifacts: u64,
    done: u64,
    failed: u64,
    /// Artifacts on their way, by source reference.
    under_way: HashMap<String, UnderWay>,
    blobs: HashMap<Digest, Moving>,
}

/// One artifact on its way.
struct UnderWay {
    planned: u64,
    counted: u64,
    bar: Option<ProgressBar>,
}

/// One blob on its way, to one or several targets from one read.
struct Moving {
    source: String,
    size: u64,
    read: u64,
    targets: u64,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::new();
        let total = screen.add(ProgressBar::new(0));
        total.set_style(style(
            "{spinner} {msg:40}  {bar:24} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  eta {eta}",
        ));
        Self {
            screen,
            total,
            state: Mutex::default(),
        }
    }

    pub(super) fn clear(&self) {
        self.total.finish_and_clear();
        // A terminal that cannot be cleared keeps its bars; nothing depends on it.
        let _ = self.screen.clear();
    }

    fn planned(&self, state: &mut State, source: &str, bytes: u64) {
        self.total.inc_length(bytes);
        let bars = state.under_way.values().filter(|one| one.bar.is_some());
        // Alone, the artifact is everything.
        let shown = bytes >= WORTH_A_BAR && state.artifacts != 1 && bars.count() < MOST_BARS;
        let under_way = UnderWay {
            planned: bytes,
            counted: 0,
            bar: shown.then(|| self.bar(source, bytes)),
        };
        state.under_way.insert(source.to_owned(), under_way);
    }

    fn bar(&self, source: &str, bytes: u64) -> ProgressBar {
        let bar = self
            .screen
            .insert_before(&self.total, ProgressBar::new(bytes));
        bar.set_style(style(
            "  {msg:40}  {bar:24} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  eta {eta}",
        ));
        bar.set_message(ending(source));
        bar
    }

    fn count(&self, state: &mut State, source: &str, bytes: u64) {
        if let Some(artifact) = state.under_way.get_mut(source) {
            artifact.counted += bytes;
            self.total.inc(bytes);
            if let Some(bar) = &artifact.bar {
                bar.inc(bytes);
            }
        }
    }

    fn moved(&self, state: &mut State, digest: Digest, bytes: u64) {
        if let Some(blob) = state.blobs.get_mut(&digest) {
            blob.read += bytes;
            let (source, counted) = (blob.source.clone(), bytes * blob.targets);
            self.count(state, &source, counted);
        }
    }

    fn placed(&self, state: &mut State, digest: Digest) {
        if let Some(blob) = state.blobs.get_mut(&digest) {
            // What was there already needed no reading.
            let (source, unread) = (blob.source.clone(), blob.size.saturating_sub(blob.read));
            blob.targets -= 1;
            if blob.targets == 0 {
                state.blobs.remove(&digest);
            }
            self.count(state, &source, unread);
        }
    }

    fn ended(&self, state: &mut State, source: &str) {
        if let Some(artifact) = state.under_way.remove(source) {
            // Blobs that another artifact had sent meanwhile were planned and never came by here.
            self.total
                .inc(artifact.planned.saturating_sub(artifact.counted));
            if let Some(bar) = artifact.bar {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
        }
    }

    fn headline(&self, state: &State) {
        let failed = match state.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let (done, of) = (state.done, state.artifacts.max(state.done));
        self.total
            .set_message(format!("{done}/{of} artifacts{failed}"));
        self.total.enable_steady_tick(Duration::from_millis(200));
    }
}

impl Observer for Bars {
    fn on(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { artifacts } => state.artifacts = *artifacts,
            Event::Planned { source, bytes, .. } => self.planned(&mut state, source, *bytes),
            Event::BlobStarted {
                source,
                digest,
                size,
                ..
            } => {
                let blob = state.blobs.entry(*digest).or_insert_with(|| Moving {
                    source: source.clone(),
                    size: *size,
                    read: 0,
                    targets: 0,
                });
                blob.targets += 1;
            }
            Event::BlobProgress { digest, bytes } => {
                return self.moved(&mut state, *digest, *bytes);
            }
            Event::BlobPlaced { digest, .. } => return self.placed(&mut state, *digest),
            Event::ArtifactDone { source, .. } => {
                state.done += 1;
                self.ended(&mut state, source);
            }
            Event::ArtifactFailed { source, .. } => {
                state.failed += 1;
                self.ended(&mut state, source);
            }
            Event::Notice { .. } | Event::Held { .. } | Event::Judged { .. } => {
                if let Some(line) = lines::line(event) {
                    let _ = self.screen.println(line);
                }
                return;
            }
            _ => return,
        }
        self.headline(&state);
    }
}

/// The end of a reference, which tells it apart from its neighbours.
fn ending(reference: &str) -> String {
    let length = reference.chars().count();
    if length <= LABEL {
        return reference.to_owned();
    }
    let end: String = reference.chars().skip(length - LABEL + 1).collect();
    format!("…{end}")
}

fn style(template: &str) -> ProgressStyle {
    // The templates are ours; a bar in the standard style is the worst that a slip in one could do.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bars")
    }
}
