//! Exit codes: one table from what went wrong to what the shell sees.

use std::process::ExitCode;

use transship_oci::{Error, ErrorKind};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All done.
    Done,
    /// There was nothing to do, and the caller wants to know.
    Nothing,
    /// Some of it is done, some is not.
    Partly,
    /// It failed.
    Failed(ErrorKind),
    /// A signal stopped it.
    Stopped(Signal),
}

/// The signals that stop a command in good order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and service managers send.
    Terminate,
}

impl Exit {
    /// The number, as the help text lists them.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Nothing => 3,
            Self::Partly => 4,
            Self::Failed(kind) => code_of(kind),
            // 128 + the signal's number, as shells report it.
            Self::Stopped(Signal::Interrupt) => 130,
            Self::Stopped(Signal::Terminate) => 143,
        }
    }

    /// How a run ends that has `done` artifacts and these failures.
    pub(crate) fn of_run<'a>(done: u64, failures: impl IntoIterator<Item = &'a Error>) -> Self {
        let worst = failures
            .into_iter()
            .map(Error::kind)
            .max_by_key(|kind| weight(*kind));
        match worst {
            None => Self::Done,
            Some(_) if done > 0 => Self::Partly,
            Some(kind) => Self::Failed(kind),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Invalid => 2,
        ErrorKind::PolicyRefused => 5,
        ErrorKind::SignatureMissing => 6,
        ErrorKind::CannotCheck => 7,
        ErrorKind::Unauthorized | ErrorKind::Denied => 8,
        ErrorKind::RateLimited => 9,
        ErrorKind::Drift => 10,
        ErrorKind::Cancelled => 130,
        _ => 1,
    }
}

/// Where several things failed in several ways, the most telling one decides: what a policy refused before what a
/// credential could mend, that before what waiting could mend.
fn weight(kind: ErrorKind) -> u8 {
    match code_of(kind) {
        5 => 6,
        6 => 5,
        7 => 4,
        8 => 3,
        9 => 2,
        1 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
