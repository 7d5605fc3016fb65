//! The order of archives: which a target has taken of each lineage, so that nobody can slip it an old one.
//!
//! An old archive is signed as well as a new one. What protects a target from being brought back to what was
//! patched since is that it remembers.

mod file;

use std::fmt;

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Error, ErrorKind, Result};

pub use file::FileSequences;

/// The place of one archive in its lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// From 1.
    pub sequence: u64,
    /// The inventory manifest.
    pub inventory: Digest,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.sequence, self.inventory)
    }
}

/// How an archive follows what was taken before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It is the first of its lineage here.
    First,
    /// It is the next one, or names the last one taken as its predecessor.
    Next,
    /// It is a later one; some between were never taken. That costs nothing but what they carried.
    Ahead {
        /// The last one taken.
        last: Mark,
    },
    /// It is the last one taken, again.
    Again,
    /// It is older than the last one taken.
    Rollback {
        /// The last one taken.
        last: Mark,
    },
    /// It has the place of the last one taken, and is another.
    Fork {
        /// The last one taken.
        last: Mark,
    },
}

impl Order {
    /// Judges an archive by the last one taken of its lineage.
    pub fn of(last: Option<Mark>, archive: Mark, predecessor: Option<Digest>) -> Self {
        let Some(last) = last else {
            return Self::First;
        };
        if archive.sequence < last.sequence {
            return Self::Rollback { last };
        }
        if archive.sequence == last.sequence {
            return if archive.inventory == last.inventory {
                Self::Again
            } else {
                Self::Fork { last }
            };
        }
        let follows = match predecessor {
            Some(predecessor) => predecessor == last.inventory,
            None => archive.sequence == last.sequence + 1,
        };
        if follows {
            Self::Next
        } else {
            Self::Ahead { last }
        }
    }

    /// Refuses what would bring the target back to an older state, or to another one of the same place.
    ///
    /// # Errors
    /// `PolicyRefused`.
    pub fn admit(self, lineage: &str, archive: Mark) -> Result<()> {
        let (how, last) = match self {
            Self::First | Self::Next | Self::Ahead { .. } | Self::Again => return Ok(()),
            Self::Rollback { last } => ("is older than", last),
            Self::Fork { last } => ("has the place of, but is not,", last),
        };
        Err(Error::new(
            ErrorKind::PolicyRefused,
            format!("archive {archive} of {lineage} {how} the one that was taken last, {last}"),
        )
        .hinting("find out where the archive comes from; if the way back is meant, say `--allow-rollback`"))
    }
}

#[cfg(test)]
mod tests;
