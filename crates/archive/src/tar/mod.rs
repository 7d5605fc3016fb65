//! Tar, as far as an archive needs it (POSIX.1-2001, pax): regular files one after another.

pub mod read;
pub mod write;
