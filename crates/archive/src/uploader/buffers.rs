//! Memory for parts, used again and again.
//!
//! Parts are filled by one thread and given up by others: were each in fresh memory, the allocator would come to keep
//! half as much again as is ever in use.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};

/// What was given back. All clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<BytesMut>>>);

impl Buffers {
    /// An empty buffer with room for `length` bytes.
    pub(super) fn take(&self, length: usize) -> BytesMut {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer = spare.unwrap_or_default();
        buffer.clear();
        buffer.reserve(length);
        buffer
    }

    /// Takes back the memory of a part, unless somebody still looks at it.
    pub(super) fn give(&self, bytes: Bytes) {
        if let Ok(buffer) = bytes.try_into_mut() {
            let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Buffers;

    #[test]
    fn the_memory_of_a_part_is_used_again() {
        let buffers = Buffers::default();
        let mut first = buffers.take(1000);
        first.resize(1000, 7);
        let at = first.as_ptr();
        buffers.give(first.freeze());
        let second = buffers.take(1000);
        assert_eq!(second.as_ptr(), at);
        assert!(second.is_empty());
    }

    #[test]
    fn a_part_that_somebody_holds_is_left_alone() {
        let buffers = Buffers::default();
        let mut first = buffers.take(1000);
        first.resize(1000, 7);
        let first = first.freeze();
        buffers.give(first.clone());
        let mut second = buffers.take(1000);
        second.resize(1000, 8);
        assert_eq!(first, vec![7; 1000]);
    }
}
