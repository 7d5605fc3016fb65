//! The two range headers: `Range` of a download (RFC 9110) and `Content-Range` of an uploaded chunk (distribution-spec).

use std::ops::Range;

/// What of a blob a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: no range, several ranges, or none that we understand (RFC 9110, §14.2 lets a server ignore those).
    All,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// Reads `Range` for content of `size` bytes.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((first, last)) = header.and_then(one_range) else {
        return Wanted::All;
    };
    let range = match (first, last) {
        (None, None) => return Wanted::All,
        (None, Some(suffix)) => size.saturating_sub(suffix)..size,
        (Some(first), None) => first..size,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
    };
    if range.is_empty() {
        Wanted::Unsatisfiable
    } else {
        Wanted::Part(range)
    }
}

/// The ends of a single `bytes=` range, either of which may be open.
fn one_range(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let spec = header.trim().strip_prefix("bytes=")?;
    let (first, last) = spec.split_once('-')?;
    let end = |text: &str| match text.trim() {
        "" => Some(None),
        text => number(text).map(Some),
    };
    Some((end(first)?, end(last)?))
}

/// Reads the `Content-Range` of a chunk: `<first>-<last>`, both inclusive, without a unit.
/// Some clients write `bytes ` in front and a total behind, as HTTP has it elsewhere.
pub(crate) fn chunk(header: &str) -> Option<Range<u64>> {
    let spec = header.trim();
    let spec = spec
        .strip_prefix("bytes ")
        .or_else(|| spec.strip_prefix("bytes="))
        .unwrap_or(spec);
    let spec = spec.split_once('/').map_or(spec, |(range, _)| range);
    let (first, last) = spec.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let end = last.checked_add(1)?;
    (first < end).then_some(first..end)
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests;
