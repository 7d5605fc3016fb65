//! Amounts as people read them.

use std::fmt;

/// A number of bytes: `512 B`, `1.5 MB` (decimal units, as registries and disks are sold).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if self.0 < 1000 {
            return f.pad(&format!("{} B", self.0));
        }
        // In tenths, and in integers: 999 950 bytes are 1.0 MB, never 1000.0 kB.
        let mut tenths = self.0.saturating_add(50) / 100;
        let mut unit = 0;
        while tenths >= 10_000 && unit + 1 < UNITS.len() {
            tenths = (tenths + 500) / 1000;
            unit += 1;
        }
        f.pad(&format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]))
    }
}

/// A number of things: `1 blob`, `3 blobs`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) u64, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Count};

    #[test]
    fn bytes_are_rounded_once_and_carry() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1549, "1.5 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (533_000_000, "533.0 MB"),
            (5_000_000_000, "5.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
        assert_eq!(format!("{:>9}", Bytes(12)), "     12 B");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(Count(1, "blob").to_string(), "1 blob");
        assert_eq!(Count(0, "blob").to_string(), "0 blobs");
    }
}
