//! Wall time as something that is handed in.

use std::{fmt::Debug, time::SystemTime};

/// Tells the time of day. Durations and sleeps are tokio's; this is for dates.
pub trait Clock: Debug + Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
