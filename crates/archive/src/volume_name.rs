//! The names of the volumes of one archive: `app.oci.v003of012.tar` for the third of twelve of `app.oci.tar`.

use std::{fmt, str::FromStr};

/// No set has more volumes.
pub const MAX_VOLUMES: u32 = 9_999;
const TAR: &str = ".tar";

/// The name of one volume.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VolumeName {
    /// What stands before the number: `app.oci`, with folders.
    pub stem: String,
    /// Of how many.
    pub of: u32,
    /// Which, from 1.
    pub number: u32,
}

impl VolumeName {
    /// The name of volume `number` of `of` of an archive that would be called `name` in one piece.
    pub fn new(name: &str, number: u32, of: u32) -> Self {
        Self {
            stem: name.strip_suffix(TAR).unwrap_or(name).to_owned(),
            of,
            number,
        }
    }

    /// What the names of all volumes of the archive called `name` begin with.
    pub fn prefix(name: &str) -> String {
        format!("{}.v", name.strip_suffix(TAR).unwrap_or(name))
    }

    /// What the archive would be called in one piece.
    pub fn whole(&self) -> String {
        format!("{}{TAR}", self.stem)
    }

    /// All names of the set, in order.
    pub fn set(&self) -> impl Iterator<Item = Self> + '_ {
        (1..=self.of).map(|number| Self {
            number,
            ..self.clone()
        })
    }
}

impl fmt::Display for VolumeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{:03}of{:03}{TAR}", self.stem, self.number, self.of)
    }
}

/// A name that is none of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a volume, which ends like .v003of012.tar")]
pub struct NoVolumeName;

impl FromStr for VolumeName {
    type Err = NoVolumeName;

    fn from_str(name: &str) -> Result<Self, NoVolumeName> {
        let parse = || {
            let (stem, numbers) = name.strip_suffix(TAR)?.rsplit_once(".v")?;
            let (number, of) = numbers.split_once("of")?;
            let (number, of) = (digits(number)?, digits(of)?);
            let sound = !stem.is_empty() && (1..=of).contains(&number) && of <= MAX_VOLUMES;
            sound.then(|| Self {
                stem: stem.to_owned(),
                of,
                number,
            })
        };
        // Only as it is written here: one volume must not have two names.
        parse()
            .filter(|parsed| parsed.to_string() == name)
            .ok_or(NoVolumeName)
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests;
