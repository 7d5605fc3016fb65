//! One header block.

use transship_oci::Result;

use super::{fault, number::number};

/// What a header says. The name is not checked yet: an extension may replace it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Prefix and name, joined.
    pub(super) name: Vec<u8>,
    /// Where a link points.
    pub(super) target: Vec<u8>,
    /// Bytes that follow.
    pub(super) size: u64,
    /// What kind of member it is.
    pub(super) kind: Kind,
}

/// Kinds of members that are understood. All others are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Symlink,
    /// An extended header for the next member.
    Pax,
    /// An extended header for all that follow.
    PaxGlobal,
    /// GNU's long name of the next member.
    LongName,
}

/// Reads the block at `offset`; `None` for one that is all zeros.
///
/// # Errors
/// `Corrupt`, naming the member where it has a name.
pub(super) fn header(block: &[u8; 512], offset: u64) -> Result<Option<Header>> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if number(&block[148..156]) != Some(checksum(block)) {
        return Err(fault::at(offset, "the checksum of the header is wrong"));
    }
    let gnu = match &block[257..265] {
        b"ustar\x0000" => false,
        b"ustar  \0" => true,
        _ => return Err(fault::at(offset, "the header is not of the form ustar")),
    };
    let text = |from, to| text(&block[from..to]).ok_or_else(|| garbage(offset));
    let mut name = text(0, 100)?.to_vec();
    // GNU keeps times there.
    if !gnu {
        let prefix = text(345, 500)?;
        if !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
    }
    let size = number(&block[124..136])
        .ok_or_else(|| fault::member(&name, "has a size that is no number"))?;
    let kind = kind(block[156]).map_err(|reason| fault::member(&name, reason))?;
    let target = text(157, 257)?.to_vec();
    Ok(Some(Header {
        name,
        target,
        size,
        kind,
    }))
}

fn kind(flag: u8) -> Result<Kind, &'static str> {
    Ok(match flag {
        b'0' | 0 => Kind::File,
        b'5' => Kind::Folder,
        b'2' => Kind::Symlink,
        b'x' => Kind::Pax,
        b'g' => Kind::PaxGlobal,
        b'L' => Kind::LongName,
        b'1' => return Err("is a hard link"),
        b'3' => return Err("is a character device"),
        b'4' => return Err("is a block device"),
        b'6' => return Err("is a named pipe"),
        b'K' => return Err("is a link with a long target"),
        b'S' => return Err("is a sparse file"),
        _ => return Err("is of a kind that has no place in an archive"),
    })
}

/// The sum of all bytes, those of the sum itself taken for spaces.
fn checksum(block: &[u8; 512]) -> u64 {
    let all: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
    all - own + 8 * u64::from(b' ')
}

/// The text before the first NUL; `None` when something stands behind it, where one reader sees another name than the next.
fn text(field: &[u8]) -> Option<&[u8]> {
    let end = field.iter().position(|byte| *byte == 0);
    let (text, rest) = field.split_at(end.unwrap_or(field.len()));
    rest.iter().all(|byte| *byte == 0).then_some(text)
}

fn garbage(offset: u64) -> transship_oci::Error {
    fault::at(offset, "a text of the header has something behind its end")
}
