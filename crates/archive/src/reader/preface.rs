//! The beginning of a tar: is it an archive of ours, and how much of it is head?

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result};

use crate::{
    layout::{HEAD, INDEX, OCI_LAYOUT, VOLUME},
    tar::{
        read::{Limits, Links, Scan},
        write::{BLOCK, END},
    },
};

/// The largest `index.json` of an archive, in bytes.
pub(super) const MAX_INDEX: u64 = 128 * 1024 * 1024;
/// The largest head, in bytes: it is held in memory.
pub(crate) const MAX_HEAD: u64 = 768 * 1024 * 1024;

/// What the first bytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Preface {
    /// It is ours.
    Ours(Place),
    /// So many bytes from the beginning are needed to tell.
    More(u64),
    /// It is somebody else's.
    Foreign,
}

/// What `index.json` says of the file that it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes of the head.
    pub(super) head: u64,
    /// Which volume it is, from 1.
    pub(super) volume: u32,
    /// Of how many.
    pub(super) of: u32,
}

/// Reads the first bytes of a tar of `total` bytes.
///
/// # Errors
/// `Corrupt` for what is no tar, or claims a head that cannot be.
pub(super) fn preface(bytes: &[u8], total: u64) -> Result<Preface> {
    let mut scan = Scan::new(total, Limits::default(), Links::Alias);
    for path in [OCI_LAYOUT, INDEX] {
        let member = loop {
            let Some(wanted) = scan.wants() else {
                return Ok(Preface::Foreign);
            };
            let Some(header) = part(bytes, &wanted) else {
                return Ok(Preface::More(wanted.end));
            };
            if let Some(member) = scan.feed(header)? {
                break member;
            }
        };
        if member.path != path {
            return Ok(Preface::Foreign);
        }
        if path == INDEX {
            return index(bytes, member.offset..member.offset + member.size, total);
        }
    }
    Ok(Preface::Foreign)
}

fn index(bytes: &[u8], at: Range<u64>, total: u64) -> Result<Preface> {
    if at.end - at.start > MAX_INDEX {
        let message = format!(
            "{INDEX} has {} bytes, more than the limit of {MAX_INDEX}",
            at.end - at.start
        );
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    let Some(index) = part(bytes, &at) else {
        return Ok(Preface::More(at.end));
    };
    let Some(place) = place(index)? else {
        return Ok(Preface::Foreign);
    };
    let fits = place.head > at.end
        && place.head.is_multiple_of(BLOCK)
        && place.head + END.len() as u64 <= total;
    if !fits || place.head > MAX_HEAD {
        let message = format!(
            "{INDEX} claims a head of {} bytes in a file of {total}",
            place.head
        );
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(Preface::Ours(place))
}

/// Reads the annotations; `None` for an index without them.
pub(super) fn place(index: &[u8]) -> Result<Option<Place>> {
    #[derive(Deserialize)]
    struct Annotated {
        #[serde(default)]
        annotations: BTreeMap<String, String>,
    }
    let corrupt = |message: String| Error::new(ErrorKind::Corrupt, message);
    let annotated: Annotated = serde_json::from_slice(index)
        .map_err(|cause| corrupt(format!("{INDEX} cannot be read")).because(cause))?;
    let Some(head) = annotated.annotations.get(HEAD) else {
        return Ok(None);
    };
    let head = head.parse().ok().filter(|_| head.len() == 15);
    let head =
        head.ok_or_else(|| corrupt(format!("{INDEX} says no length of the head in {HEAD}")))?;
    let volume = annotated.annotations.get(VOLUME);
    let volume = volume.and_then(|text| {
        let (volume, of) = text.split_once('/')?;
        let (volume, of): (u32, u32) = (volume.parse().ok()?, of.parse().ok()?);
        (volume >= 1 && volume <= of).then_some((volume, of))
    });
    let (volume, of) =
        volume.ok_or_else(|| corrupt(format!("{INDEX} says no volume in {VOLUME}")))?;
    Ok(Some(Place { head, volume, of }))
}

/// A range of the first bytes, if they reach that far.
fn part<'a>(bytes: &'a [u8], range: &Range<u64>) -> Option<&'a [u8]> {
    let start = usize::try_from(range.start).ok()?;
    bytes.get(start..usize::try_from(range.end).ok()?)
}
