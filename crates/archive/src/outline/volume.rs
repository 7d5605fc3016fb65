//! One volume of an archive.

use bytes::Bytes;
use transship_oci::{Algorithm, Digest, Hasher};

use crate::{
    layout,
    tar::write,
    volumes::{Hold, Load},
};

/// One file of an archive: where everything lies in it.
#[derive(Debug, Clone)]
pub struct VolumeOutline {
    front: Bytes,
    /// The same in all volumes.
    shared: Bytes,
    stowed: Vec<Stowed>,
    body: u64,
    checksums: u64,
}

/// Consecutive bytes of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stowed {
    /// Which blob, in the order of the stream.
    pub(crate) blob: usize,
    /// Where in the blob they begin.
    pub(crate) from: u64,
    /// How many.
    pub(crate) size: u64,
    /// The path of the file.
    pub(crate) path: String,
    /// Where in the volume they begin, counted from the end of the head.
    pub(crate) offset: u64,
    /// Is it a part only, whose checksum is written down?
    pub(crate) part: bool,
}

impl VolumeOutline {
    /// What lies where, without the head. `order` has the place of each load in the stream.
    pub(super) fn of(hold: &Hold, loads: &[Load], order: &[usize]) -> Self {
        let mut body = 0;
        let mut lines = 0;
        let stowed = hold.slices.iter().map(|slice| {
            let path = slice.path(loads);
            let offset = body + write::header_len(&path, slice.size);
            body += write::member_len(&path, slice.size);
            if slice.part.is_some() {
                lines += checksum_line(&path, &Digest::sha256(b"")).len() as u64;
            }
            Stowed {
                blob: order[slice.blob],
                from: slice.from,
                size: slice.size,
                path,
                offset,
                part: slice.part.is_some(),
            }
        });
        let stowed = stowed.collect();
        Self {
            front: Bytes::new(),
            shared: Bytes::new(),
            stowed,
            body,
            checksums: lines,
        }
    }

    pub(super) fn set_head(&mut self, front: Bytes, shared: Bytes) {
        (self.front, self.shared) = (front, shared);
    }

    pub(crate) fn stowed(&self) -> &[Stowed] {
        &self.stowed
    }

    /// The head, in two pieces.
    pub fn head(&self) -> [&Bytes; 2] {
        [&self.front, &self.shared]
    }

    /// Bytes of the head.
    pub fn head_len(&self) -> u64 {
        (self.front.len() + self.shared.len()) as u64
    }

    /// Bytes of the body: headers, blobs and padding.
    pub fn body_len(&self) -> u64 {
        self.body
    }

    /// All of its bytes.
    pub fn size(&self) -> u64 {
        let checksums = match self.checksums {
            0 => 0,
            lines => write::member_len(layout::CHECKSUMS, lines),
        };
        self.head_len() + self.body + checksums + write::END.len() as u64
    }

    /// The digest of the head, which settles every byte behind it.
    pub fn fingerprint(&self) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        self.head()
            .into_iter()
            .for_each(|bytes| hasher.update(bytes));
        hasher.finish()
    }
}

/// One line of the list of checksums, in the form of `sha256sum`.
pub(crate) fn checksum_line(path: &str, digest: &Digest) -> String {
    format!("{}  {path}\n", digest.hex())
}
