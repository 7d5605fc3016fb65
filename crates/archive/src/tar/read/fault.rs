//! What is said of a tar that breaks the rules.

use transship_oci::{Error, ErrorKind};

/// The longest piece of a name that is repeated to a person.
const SHOWN: usize = 120;

/// The tar as a whole, at an offset.
pub(super) fn at(offset: u64, reason: &str) -> Error {
    let message = format!("the tar is damaged at byte {offset}: {reason}");
    Error::new(ErrorKind::Corrupt, message)
}

/// One member.
pub(super) fn member(name: &[u8], reason: &str) -> Error {
    let name = String::from_utf8_lossy(name);
    let shown: String = name.chars().take(SHOWN).collect();
    let more = if shown.len() < name.len() { "…" } else { "" };
    let message = format!("member {shown:?}{more} of the tar {reason}");
    Error::new(ErrorKind::Corrupt, message)
}
