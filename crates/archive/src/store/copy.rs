//! Copies that a store makes by itself: the bytes never come to this machine.

use std::{fmt, ops::Range};

use secrecy::SecretString;
use transship_oci::{Error, ErrorKind, Result};

use super::Stat;

/// An object as one store offers it to another of its kind. Holds what is needed to read it, so it is a secret.
pub struct CopySource {
    pub(super) stat: Stat,
    pub(super) way: Way,
}

/// How the other store comes to it.
pub(super) enum Way {
    /// A URL that carries its authority, or one beside it.
    Azure {
        url: SecretString,
        token: Option<SecretString>,
    },
    /// A bucket of the same endpoint, read with the credential of the writer.
    S3 { endpoint: String, path: String },
    /// A bucket of the same service.
    Gcs { endpoint: String, path: String },
}

impl CopySource {
    /// An offer that only a double of a store can take up.
    #[cfg(test)]
    pub(crate) fn of(stat: Stat) -> Self {
        let way = Way::S3 {
            endpoint: String::new(),
            path: String::new(),
        };
        Self { stat, way }
    }

    /// What is offered.
    pub fn stat(&self) -> &Stat {
        &self.stat
    }
}

impl fmt::Debug for CopySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopySource")
            .field("stat", &self.stat)
            .finish_non_exhaustive()
    }
}

/// That the bytes have to come through this machine.
pub(super) fn unsupported() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the store cannot fetch that object by itself",
    )
}

/// Parts of `size` bytes: of `least` each, or of more where there would be too many.
pub(super) fn cut(size: u64, least: u64, most_parts: u64) -> Result<Vec<(u32, Range<u64>)>> {
    let part = least.max(size.div_ceil(most_parts).next_multiple_of(1 << 20));
    let count = u32::try_from(size.div_ceil(part)).map_err(|_| unsupported())?;
    let ranges = (0..count).map(|number| {
        let start = u64::from(number) * part;
        (number, start..(start + part).min(size))
    });
    Ok(ranges.collect())
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn parts_cover_the_whole() {
        assert_eq!(cut(0, 10, 3).unwrap(), []);
        let parts = cut(5 << 20, 2 << 20, 10).unwrap();
        let ends: Vec<_> = parts
            .iter()
            .map(|(_, range)| (range.start >> 20, range.end >> 20))
            .collect();
        assert_eq!(ends, [(0, 2), (2, 4), (4, 5)]);
        assert_eq!(cut(100 << 30, 1 << 20, 50).unwrap().len(), 50);
    }
}
