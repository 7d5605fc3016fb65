//! The checksums of the parts of blobs in one volume.

use transship_oci::{Algorithm, Digest, Hasher};

use super::note::Note;
use crate::outline::{Stowed, checksum_line};

#[derive(Debug, Default)]
pub(super) struct Sums {
    /// The file that is being hashed, by its place in the volume.
    running: Option<(usize, Hasher)>,
    done: Vec<(usize, Digest)>,
}

impl Sums {
    pub(super) fn of(note: &Note) -> Self {
        let running = note.part.as_ref();
        let running = running.and_then(|(file, state)| Some((*file, Hasher::restore(state)?)));
        Self {
            running,
            done: note.parts.clone(),
        }
    }

    /// How many bytes of a file need not be read again.
    pub(super) fn covered(&self, file: usize) -> u64 {
        match &self.running {
            Some((running, hasher)) if *running == file => hasher.length(),
            _ => 0,
        }
    }

    /// Takes in `bytes` of a file, read at `offset` of it. Those that it has are passed over.
    pub(super) fn pass(&mut self, file: usize, offset: u64, bytes: &[u8]) {
        if self
            .running
            .as_ref()
            .is_none_or(|(running, _)| *running != file)
        {
            self.running = Some((file, Hasher::new(Algorithm::Sha256)));
        }
        if let Some((_, hasher)) = &mut self.running {
            let known = hasher.length().saturating_sub(offset);
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            hasher.update(bytes.get(known..).unwrap_or_default());
        }
    }

    /// A file is complete.
    pub(super) fn complete(&mut self, file: usize) {
        if let Some((running, hasher)) = self.running.take()
            && running == file
        {
            self.done.push((file, hasher.finish()));
        }
    }

    pub(super) fn knows(&self, file: usize) -> bool {
        self.done.iter().any(|(done, _)| *done == file)
    }

    pub(super) fn note(&self, note: &mut Note) {
        let running = self.running.as_ref();
        note.part = running.map(|(file, hasher)| (*file, hasher.save()));
        note.parts.clone_from(&self.done);
    }

    /// The list of checksums.
    pub(super) fn lines(&self, stowed: &[Stowed]) -> String {
        let lines = self.done.iter().filter_map(|(file, digest)| {
            let stowed = stowed.get(*file)?;
            Some(checksum_line(&stowed.path, digest))
        });
        lines.collect()
    }
}
