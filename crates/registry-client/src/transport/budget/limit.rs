//! How much may go on at a host at once: a number that finds its own size.
//!
//! A registry on the other side of an ocean wants many requests at once, one on two busy cores wants four. Neither says
//! so; both show it. The limit doubles as long as doubling pays: as long as latency does not grow with it. Then it
//! creeps, a step at a time, and takes back each step that brought nothing. A host that says "too many" halves it, and
//! from then on it rises by one for each window of successes.

use std::time::Duration;

/// Where it begins.
const START: usize = 4;
/// A window has at least so many answers: fewer say nothing.
pub(super) const MIN_WINDOW: usize = 8;
/// Share of the promised gain that doubling must bring to be kept. Promised is a factor of two.
const CLIMB_GAIN: f64 = 1.25;
/// The same for a step: half of what it promises.
const STEP_SHARE: f64 = 0.5;
/// The longest pause between two steps, in windows.
const MAX_PAUSE: u32 = 32;

/// What an answer was an answer to: latencies are compared within a kind only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transport) enum Kind {
    Head,
    Get,
    Post,
    Put,
    Other,
}

const KINDS: usize = 5;

/// The answers of one window.
#[derive(Debug, Clone, Default)]
struct Window {
    count: usize,
    full: bool,
    latency: [(u32, f64); KINDS],
}

impl Window {
    fn add(&mut self, kind: Kind, latency: Duration) {
        let (count, sum) = &mut self.latency[kind as usize];
        *count += 1;
        *sum += latency.as_secs_f64();
        self.count += 1;
    }

    /// How much slower answers are here than in `before`: kinds weighed by how often they occur here.
    /// `None` when the two have no kind in common.
    fn slower_than(&self, before: &Self) -> Option<f64> {
        let (mut weight, mut sum) = (0.0, 0.0);
        for ((count, total), (count_before, total_before)) in
            self.latency.iter().zip(&before.latency)
        {
            if *count == 0 || *count_before == 0 {
                continue;
            }
            let mean = (total / f64::from(*count)).max(1e-6);
            let mean_before = (total_before / f64::from(*count_before)).max(1e-6);
            weight += f64::from(*count);
            sum += f64::from(*count) * mean / mean_before;
        }
        (weight > 0.0).then(|| sum / weight)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Doubling.
    Climb,
    /// Step by step.
    Cruise,
    /// Rising again after the host said "too many".
    Recover,
}

/// The limit of one host. Pure: it is told of answers, and says how large it is.
#[derive(Debug)]
pub(super) struct Limit {
    now: usize,
    max: usize,
    phase: Phase,
    window: Window,
    /// Answers still to come that were asked for under another limit.
    stale: usize,
    /// The last window before the limit was raised, and the limit then.
    base: Option<(usize, Window)>,
    pause: u32,
    paused: u32,
    epoch: u64,
}

impl Limit {
    pub(super) fn new(max: usize) -> Self {
        let max = max.max(1);
        Self {
            now: START.min(max),
            max,
            phase: Phase::Climb,
            window: Window::default(),
            stale: 0,
            base: None,
            pause: 1,
            paused: 0,
            epoch: 0,
        }
    }

    /// How much may go on at once. Never 0.
    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// Was the host ever heard to say "too many"? Then nothing goes beyond [`Limit::now`].
    pub(super) fn strained(&self) -> bool {
        self.phase == Phase::Recover
    }

    /// Counts the reductions: a request notes it when it starts.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Takes note that all room was in use.
    pub(super) fn fill(&mut self) {
        self.window.full = true;
    }

    /// The host said "too many" to a request of `epoch`. Requests that were under way already when the limit was
    /// last reduced do not reduce it again.
    pub(super) fn cut(&mut self, epoch: u64) {
        if epoch < self.epoch {
            return;
        }
        self.epoch += 1;
        self.phase = Phase::Recover;
        self.base = None;
        self.change((self.now / 2).max(1));
    }

    /// Takes note of an answer.
    pub(super) fn observe(&mut self, kind: Kind, latency: Duration) {
        if self.stale > 0 {
            self.stale -= 1;
            return;
        }
        self.window.add(kind, latency);
        if self.window.count < self.now.max(MIN_WINDOW) {
            return;
        }
        let window = std::mem::take(&mut self.window);
        // A host with room to spare says nothing about more room.
        if window.full {
            self.judge(window);
        }
    }

    fn judge(&mut self, window: Window) {
        if self.phase == Phase::Recover {
            self.change(self.now + 1);
            return;
        }
        let Some((limit, before)) = self.base.take() else {
            self.raise(window);
            return;
        };
        if self.now <= limit {
            // Back where it was: look again what is normal there, and try a step when the pause is over.
            self.paused += 1;
            if self.paused >= self.pause {
                self.raise(window);
            } else {
                self.base = Some((limit, window));
            }
            return;
        }
        let Some(slower) = window.slower_than(&before) else {
            // Nothing to compare: wait for a window that has.
            self.base = Some((limit, before));
            return;
        };
        let promised = ratio(self.now, limit);
        let gain = promised / slower;
        let wanted = match self.phase {
            Phase::Climb => 1.0 + (promised - 1.0) * (CLIMB_GAIN - 1.0),
            Phase::Cruise | Phase::Recover => 1.0 + (promised - 1.0) * STEP_SHARE,
        };
        if gain >= wanted {
            self.pause = 1;
            self.raise(window);
        } else {
            self.phase = Phase::Cruise;
            self.pause = (self.pause * 2).min(MAX_PAUSE);
            self.paused = 0;
            self.base = Some((limit, before));
            self.change(limit);
        }
    }

    fn raise(&mut self, window: Window) {
        self.paused = 0;
        self.base = Some((self.now, window));
        let next = match self.phase {
            Phase::Climb => self.now * 2,
            Phase::Cruise | Phase::Recover => self.now + 1 + self.now / 8,
        };
        self.change(next);
    }

    fn change(&mut self, to: usize) {
        let to = to.clamp(1, self.max);
        if to != self.now {
            self.stale = self.now;
            self.now = to;
        }
        self.window = Window::default();
    }
}

#[expect(clippy::cast_precision_loss, reason = "limits are small numbers")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b.max(1) as f64
}

#[cfg(test)]
mod tests;
