//! One file of an archive.

use std::sync::Arc;

use bytes::Bytes;
use transship_oci::{Error, ErrorKind, Result};

use super::{
    Object,
    head::{Head, corrupt},
    preface::{Preface, preface},
};
use crate::{
    foreign::{Compression, compression},
    inventory::{Inventory, Piece},
    layout::CHECKSUMS,
    store::Store,
    tar::write::{self, END},
};

/// How much is read at first: enough for the head of most archives, and with all that the wire adds less than 1 MiB.
const GUESS: u64 = 768 * 1024;

/// A volume whose head was read.
#[derive(Debug)]
pub(crate) struct Volume {
    pub(super) object: Object,
    /// Bytes of its head.
    pub(super) head: u64,
    /// Which it is, from 1.
    pub(super) number: u32,
}

/// Reads the head of a volume, in one request if it is not large, and checks all of it.
///
/// # Errors
/// `NotFound`; `Corrupt`; `Unsupported` for what another tool wrote.
pub(super) async fn open(store: Arc<dyn Store>, key: String) -> Result<(Volume, Head)> {
    let (object, bytes) = Object::open(store, &key, GUESS).await?;
    let read = read_head(&object, bytes).await;
    let head = read.map_err(|error| object.fault(error))?;
    let volume = Volume {
        head: head.place.head,
        number: head.place.volume,
        object,
    };
    Ok((volume, head))
}

async fn read_head(object: &Object, mut bytes: Bytes) -> Result<Head> {
    // Whoever compressed it made another tool's archive of it.
    if compression(&bytes) != Compression::None {
        return Err(foreign());
    }
    let place = loop {
        match preface(&bytes, object.size())? {
            Preface::Ours(place) => break place,
            Preface::More(end) if end > bytes.len() as u64 && end <= object.size() => {
                bytes = extend(object, bytes, end).await?;
            }
            Preface::More(_) => return Err(corrupt("the file ends before its index.json does")),
            Preface::Foreign => return Err(foreign()),
        }
    };
    if place.head > bytes.len() as u64 {
        bytes = extend(object, bytes, place.head).await?;
    }
    let length = usize::try_from(place.head).unwrap_or(usize::MAX);
    let head = Head::parse(&bytes.slice(..length))?;
    head.check_agreement()?;
    check_length(&head.inventory, place.volume, place.head, object.size())?;
    Ok(head)
}

/// Reads on to `end`.
async fn extend(object: &Object, bytes: Bytes, end: u64) -> Result<Bytes> {
    let more = object.read(bytes.len() as u64..end).await?;
    Ok([bytes, more].concat().into())
}

/// Is the file as long as it must be?
fn check_length(inventory: &Inventory, volume: u32, head: u64, size: u64) -> Result<()> {
    let wanted = head + inventory.body(volume) + inventory.tail(volume) + END.len() as u64;
    if size == wanted {
        return Ok(());
    }
    let what = if size < wanted {
        "cut short"
    } else {
        "too long"
    };
    Err(corrupt(format!(
        "the file is {what}: it has {size} bytes, and must have {wanted}"
    )))
}

impl Inventory {
    /// Bytes of a volume's body; 0 for one that does not exist.
    pub(crate) fn body(&self, volume: u32) -> u64 {
        let at = (volume as usize).checked_sub(1);
        at.and_then(|at| self.volumes.get(at))
            .map_or(0, |volume| volume.body)
    }

    /// The parts of blobs in a volume, each with its path: what the checksums at its end speak of.
    pub(crate) fn parts(&self, volume: u32) -> impl Iterator<Item = (String, &Piece)> {
        let cut = self.blobs.iter().filter(|blob| blob.pieces.len() > 1);
        let pieces = cut.flat_map(|blob| {
            let pieces = blob.pieces.iter().enumerate();
            pieces.map(|(number, piece)| (blob.path(number), piece))
        });
        pieces.filter(move |(_, piece)| piece.volume == volume)
    }

    /// Bytes of what stands between a volume's body and the end of the tar: the checksums of its parts, if there are any.
    pub(crate) fn tail(&self, volume: u32) -> u64 {
        // 64 digits, two blanks, the path, a line end.
        let lines = self.parts(volume).map(|(path, _)| path.len() as u64 + 67);
        match lines.sum() {
            0 => 0,
            length => write::member_len(CHECKSUMS, length),
        }
    }
}

fn foreign() -> Error {
    let message = "it has no inventory: another tool wrote it, or changed it";
    Error::new(ErrorKind::Unsupported, message)
}
