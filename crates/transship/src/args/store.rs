//! Stores on the command line: where an archive is, and amounts of bytes.

use std::{convert::Infallible, fmt, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};

/// Where an archive is, as it was written. It may hold a SAS, so nobody shows it: `stores` reads it, and says what is
/// wrong with it without repeating it.
#[derive(Clone)]
pub(crate) struct Written(SecretString);

impl Written {
    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl FromStr for Written {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned().into()))
    }
}

/// An amount of bytes as people write it: `650MB`, `4GiB`, `4294967295`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) u64);

/// Why a text is no amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no amount of bytes; write a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, such as 4GiB"
)]
pub(crate) struct AmountError(String);

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        const UNITS: [(&str, u64); 10] = [
            ("", 1),
            ("b", 1),
            ("kb", 1000),
            ("mb", 1000_u64.pow(2)),
            ("gb", 1000_u64.pow(3)),
            ("tb", 1000_u64.pow(4)),
            ("kib", 1 << 10),
            ("mib", 1 << 20),
            ("gib", 1 << 30),
            ("tib", 1 << 40),
        ];
        let bad = || AmountError(text.chars().take(40).collect());
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| bad())?;
        let unit = text[digits..].trim().to_ascii_lowercase();
        let (_, unit) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(bad)?;
        let bytes = number.checked_mul(*unit).filter(|bytes| *bytes > 0);
        Ok(Self(bytes.ok_or_else(bad)?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Written};

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("1", 1),
            ("4294967295", u64::from(u32::MAX)),
            ("650MB", 650_000_000),
            ("4 GiB", 4 << 30),
            ("2tib", 2 << 40),
        ] {
            assert_eq!(text.parse(), Ok(Amount(bytes)), "{text}");
        }
        for text in ["", "0", "MB", "1.5GB", "4 gigs", "99999999999TB", "-1"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_written_is_not_shown() {
        let written: Written = "https://a.blob.core.windows.net/c?sig=x".parse().unwrap();
        assert_eq!(format!("{written:?}"), "…");
    }
}
