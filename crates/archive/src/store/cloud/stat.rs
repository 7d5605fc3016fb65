//! What the headers of an answer say of an object.

use std::{ops::Range, time::SystemTime};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::header;
use transship_oci::{Error, ErrorKind, Result};

use super::{Answer, read_metadata};
use crate::store::{Opened, Stat};

/// A stat of `key` from the headers of an answer, whose object has `size` bytes.
pub(in crate::store) fn to_stat(key: &str, size: u64, answer: &Answer, prefix: &str) -> Stat {
    Stat {
        key: key.to_owned(),
        size,
        etag: answer.header("etag").map(str::to_owned),
        md5: None,
        modified: answer.header("last-modified").and_then(http_time),
        metadata: read_metadata(prefix, answer.headers()),
    }
}

/// The value of a `Range` header; `None` for a range without bytes.
pub(in crate::store) fn range(range: &Range<u64>) -> Option<String> {
    (range.start < range.end).then(|| format!("bytes={}-{}", range.start, range.end - 1))
}

/// What was asked for by range, from a 206 answer; or all of the object, from a 200.
///
/// # Errors
/// `Corrupt` when the store sends another range than was asked for.
pub(in crate::store) fn ranged(
    key: &str,
    asked: &Range<u64>,
    answer: Answer,
    prefix: &str,
) -> Result<Opened> {
    let bad = || {
        Error::new(
            ErrorKind::Corrupt,
            format!("the store sends another range of {key} than was asked for"),
        )
    };
    let size = if answer.status().as_u16() == 206 {
        let (first, size) =
            content_range(answer.header(header::CONTENT_RANGE.as_str())).ok_or_else(bad)?;
        if first != asked.start {
            return Err(bad());
        }
        size
    } else {
        let length = answer.header(header::CONTENT_LENGTH.as_str());
        let size: u64 = length.and_then(|text| text.parse().ok()).ok_or_else(bad)?;
        if asked.start != 0 || asked.end < size {
            return Err(bad());
        }
        size
    };
    let stat = to_stat(key, size, &answer, prefix);
    Ok(Opened {
        stat,
        bytes: answer.stream(),
    })
}

/// The first byte and the size of the whole, of `bytes 0-9/100`.
fn content_range(text: Option<&str>) -> Option<(u64, u64)> {
    let (range, size) = text?.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, size.parse().ok()?))
}

/// An HTTP date.
pub(in crate::store) fn http_time(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text).ok()
}

/// An MD5 in base64, as headers and listings have it.
pub(in crate::store) fn base64_md5(text: &str) -> Option<[u8; 16]> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

/// An object that is not what it was when it was looked at.
pub(in crate::store) fn changed(key: &str) -> Error {
    Error::new(
        ErrorKind::Drift,
        format!("{key} was replaced since it was looked at"),
    )
    .hinting("run the same command again; it reads the object that is there now")
}
