//! Events for a person at a terminal: a bar for each large blob on its way, and one for everything.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use transship_oci::{Digest, Event, Observer};

use super::lines;

/// Blobs below this many bytes are gone before anybody has read their bar.
const WORTH_A_BAR: u64 = 1_000_000;
/// The most bars at once; a terminal is not high.
const MOST_BARS: usize = 8;

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
    blobs: HashMap<Digest, Moving>,
}

/// One blob on its way, to one or several targets from one read.
struct Moving {
    size: u64,
    read: u64,
    targets: u64,
    bar: Option<ProgressBar>,
}

impl Bars {
    pub(super) fn new() -> Self {
        let screen = MultiProgress::new();
        let total = screen.add(ProgressBar::new(0));
        total.set_style(style(
            "{spinner} {msg}  {bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  eta {eta}",
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

    fn started(&self, state: &mut State, digest: Digest, size: u64) {
        let bars = state
            .blobs
            .values()
            .filter(|blob| blob.bar.is_some())
            .count();
        let blob = state.blobs.entry(digest).or_insert_with(|| Moving {
            size,
            read: 0,
            targets: 0,
            bar: (size >= WORTH_A_BAR && bars < MOST_BARS).then(|| self.blob_bar(digest, size)),
        });
        blob.targets += 1;
    }

    fn blob_bar(&self, digest: Digest, size: u64) -> ProgressBar {
        let bar = self
            .screen
            .insert_before(&self.total, ProgressBar::new(size));
        bar.set_style(style(
            "  {msg}  {bar:24} {bytes}/{total_bytes}  {bytes_per_sec}",
        ));
        bar.set_message(digest.short());
        bar
    }

    fn moved(&self, state: &mut State, digest: Digest, bytes: u64) {
        if let Some(blob) = state.blobs.get_mut(&digest) {
            blob.read += bytes;
            self.total.inc(bytes * blob.targets);
            if let Some(bar) = &blob.bar {
                bar.inc(bytes);
            }
        }
    }

    fn placed(&self, state: &mut State, digest: Digest) {
        if let Some(blob) = state.blobs.get_mut(&digest) {
            // What was there already needed no reading.
            self.total.inc(blob.size.saturating_sub(blob.read));
            blob.targets -= 1;
            if blob.targets == 0
                && let Some(blob) = state.blobs.remove(&digest)
                && let Some(bar) = blob.bar
            {
                bar.finish_and_clear();
            }
        }
    }

    fn headline(&self, state: &State) {
        let failed = match state.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        self.total.set_message(format!(
            "{}/{} artifacts{failed}",
            state.done, state.artifacts
        ));
        self.total.enable_steady_tick(Duration::from_millis(200));
    }
}

impl Observer for Bars {
    fn on(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { artifacts } => state.artifacts = *artifacts,
            // A run that takes its work as it comes does not know the number at first.
            Event::Resolved { .. } => state.artifacts = state.artifacts.max(state.done + 1),
            Event::Planned { bytes, .. } => self.total.inc_length(*bytes),
            Event::BlobStarted { digest, size, .. } => self.started(&mut state, *digest, *size),
            Event::BlobProgress { digest, bytes } => {
                return self.moved(&mut state, *digest, *bytes);
            }
            Event::BlobPlaced { digest, .. } => return self.placed(&mut state, *digest),
            Event::ArtifactDone { .. } => state.done += 1,
            Event::ArtifactFailed { .. } => state.failed += 1,
            Event::Notice { .. } | Event::Held { .. } => {
                let line = lines::line(event).unwrap_or_default();
                let _ = self.screen.println(line);
                return;
            }
            _ => return,
        }
        self.headline(&state);
    }
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
