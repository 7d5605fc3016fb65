//! What stands before and behind each file of a tar.
//!
//! Headers are plain ustar, with zero times and owners. A pax header goes before only where ustar has no room: a file of
//! 8 GiB and more, a path that cannot be divided. All lengths are known without writing anything.

use std::fmt::Write as _;

/// The unit of a tar, in bytes.
pub const BLOCK: u64 = 512;
/// What ends a tar: two blocks of zeros.
pub const END: [u8; 1024] = [0; 1024];

const BLOCK_BYTES: usize = 512;
/// The largest size that eleven octal digits can say: 8 GiB less one byte.
const MAX_USTAR_SIZE: u64 = (1 << 33) - 1;
const MAX_NAME: usize = 100;
const MAX_PREFIX: usize = 155;
/// The path of every pax header. Nobody extracts it, and each belongs to the file behind it.
const PAX_PATH: &str = "PaxHeaders/next";

/// Everything that stands before the content of the file `path` of `size` bytes: one block, or three and more with pax.
pub fn header(path: &str, size: u64) -> Vec<u8> {
    let records = records(path, size);
    let mut blocks = Vec::new();
    if !records.is_empty() {
        let length = records.len() as u64;
        blocks.extend_from_slice(&block(&Split::of(PAX_PATH), length, b'x'));
        blocks.extend_from_slice(records.as_bytes());
        blocks.resize(blocks.len() + padding(length), 0);
    }
    // Whoever reads pax does not look at what is cut short here; nobody else could read it anyway.
    let shown = if size > MAX_USTAR_SIZE { 0 } else { size };
    let split = split(path).unwrap_or_else(|| Split::of(clip(path)));
    blocks.extend_from_slice(&block(&split, shown, b'0'));
    blocks
}

/// The length of [`header`], always a multiple of [`BLOCK`].
pub fn header_len(path: &str, size: u64) -> u64 {
    match records(path, size).len() as u64 {
        0 => BLOCK,
        length => 2 * BLOCK + length.next_multiple_of(BLOCK),
    }
}

/// How many zeros follow `size` bytes of content.
pub fn padding(size: u64) -> usize {
    let over = size % BLOCK;
    // Below 512, whatever the machine.
    usize::try_from((BLOCK - over) % BLOCK).unwrap_or(0)
}

/// All bytes that a file takes: header, content, padding.
pub fn member_len(path: &str, size: u64) -> u64 {
    header_len(path, size) + size + padding(size) as u64
}

/// Appends a file.
pub fn append(tar: &mut Vec<u8>, path: &str, content: &[u8]) {
    let size = content.len() as u64;
    tar.extend_from_slice(&header(path, size));
    tar.extend_from_slice(content);
    tar.resize(tar.len() + padding(size), 0);
}

/// The two fields of a ustar header that make a path.
struct Split<'a> {
    prefix: &'a str,
    name: &'a str,
}

impl<'a> Split<'a> {
    fn of(name: &'a str) -> Self {
        Self { prefix: "", name }
    }
}

/// Divides a path at a slash so that both fields have room; `None` where there is no such slash.
fn split(path: &str) -> Option<Split<'_>> {
    if path.len() <= MAX_NAME {
        return Some(Split::of(path));
    }
    let mut slashes = path.match_indices('/');
    slashes.find_map(|(at, _)| {
        let (prefix, name) = (&path[..at], &path[at + 1..]);
        let fits = at > 0 && at <= MAX_PREFIX && !name.is_empty() && name.len() <= MAX_NAME;
        fits.then_some(Split { prefix, name })
    })
}

/// The beginning of a path that a name field has room for.
fn clip(path: &str) -> &str {
    let end = (0..=MAX_NAME.min(path.len()))
        .rev()
        .find(|at| path.is_char_boundary(*at));
    &path[..end.unwrap_or(0)]
}

/// The pax records that `path` and `size` need, in the order of their keys.
fn records(path: &str, size: u64) -> String {
    let mut text = String::new();
    if split(path).is_none() || !path.is_ascii() {
        text.push_str(&record("path", path));
    }
    if size > MAX_USTAR_SIZE {
        text.push_str(&record("size", &size.to_string()));
    }
    text
}

/// One pax record: its own length, a space, `key=value`, a line end.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    // The digits of the length count too, and may make it longer by one digit.
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

fn block(path: &Split<'_>, size: u64, kind: u8) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    let mut put = |at: usize, text: &str| {
        block[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, path.name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &octal(size, 11));
    put(136, "00000000000");
    // The checksum counts its own field as blanks.
    put(148, "        ");
    put(257, "ustar\0\x30\x30");
    put(329, "0000000");
    put(337, "0000000");
    put(345, path.prefix);
    block[156] = kind;
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{}\0 ", octal(sum, 6)).as_bytes());
    block
}

fn octal(number: u64, digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    let _ = write!(text, "{number:0digits$o}");
    text
}

#[cfg(test)]
mod tests;
