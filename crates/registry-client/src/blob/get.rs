//! Reading a blob, and asking whether it is there.

use bytes::Bytes;
use futures::{StreamExt as _, future, stream};
use http::{HeaderValue, Method, header};
use transship_oci::{ByteStream, Descriptor, Error, ErrorKind, Result};

use crate::{
    repository::RemoteRepository,
    transport::{Access, Answer, Room},
};

impl RemoteRepository {
    /// The bytes of `node` from `from` on.
    pub(crate) async fn get_blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        if from > 0 && from >= node.size {
            return Ok(stream::empty().boxed());
        }
        let url = self.url(&format!("blobs/{}", node.digest));
        let op = format!("get blob {}", node.digest);
        let mut call = self.call(op, Method::GET, url, Access::Pull);
        call.room = Room::Held;
        // A proxy that packs the body would change its length and its offsets.
        let plain = HeaderValue::from_static("identity");
        call.headers.insert(header::ACCEPT_ENCODING, plain);
        if from > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={from}-"))
        {
            call.headers.insert(header::RANGE, range);
        }
        let answer = self.host().send(call).await?;
        match answer.status().as_u16() {
            200 => {
                check_length(&answer, node, node.size)?;
                Ok(skip(answer.stream(), from))
            }
            206 => {
                check_range(&answer, node, from)?;
                check_length(&answer, node, node.size - from)?;
                Ok(answer.stream())
            }
            _ => Err(answer.into_error().await),
        }
    }

    /// Is the blob here?
    pub(crate) async fn has_blob(&self, node: &Descriptor, room: Room) -> Result<bool> {
        let url = self.url(&format!("blobs/{}", node.digest));
        let op = format!("look for blob {}", node.digest);
        let mut call = self.call(op, Method::HEAD, url, Access::Pull);
        call.room = room;
        let answer = self.host().send(call).await?;
        match answer.status().as_u16() {
            // A blob of another length under this digest is one that a broken registry cut short: to be sent again.
            200 => Ok(length(&answer).is_none_or(|length| length == node.size)),
            404 | 405 => Ok(false),
            _ => Err(answer.into_error().await),
        }
    }
}

/// The `Content-Length`, if the answer has one.
fn length(answer: &Answer) -> Option<u64> {
    answer.header("content-length")?.parse().ok()
}

fn check_length(answer: &Answer, node: &Descriptor, wanted: u64) -> Result<()> {
    match length(answer) {
        Some(length) if length != wanted => Err(Error::new(
            ErrorKind::DigestMismatch,
            format!(
                "blob {} comes with {length} bytes where {wanted} were promised",
                node.digest
            ),
        )),
        _ => Ok(()),
    }
}

/// Checks that a partial answer begins where it was asked to, and belongs to a blob of the right size.
fn check_range(answer: &Answer, node: &Descriptor, from: u64) -> Result<()> {
    let said = answer.header("content-range").unwrap_or_default();
    let fits = content_range(said).is_some_and(|(start, total)| {
        start == from && total.is_none_or(|total| total == node.size)
    });
    if fits {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Corrupt,
        format!(
            "blob {} was asked for from byte {from} on, and came as {said:?}",
            node.digest
        ),
    ))
}

/// Reads `bytes 5-9/10` or `bytes 5-9/*`: where it starts, and the size of the whole.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    Some((start.trim().parse().ok()?, total))
}

/// `stream` without its first `count` bytes, for a server that knows no ranges.
fn skip(stream: ByteStream, count: u64) -> ByteStream {
    if count == 0 {
        return stream;
    }
    let mut left = count;
    stream
        .filter_map(move |piece: Result<Bytes>| {
            let rest = piece.map(|mut piece| {
                let cut = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                left -= cut as u64;
                piece.split_off(cut)
            });
            future::ready(match rest {
                Ok(rest) if rest.is_empty() => None,
                rest => Some(rest),
            })
        })
        .boxed()
}

#[cfg(test)]
mod tests;
