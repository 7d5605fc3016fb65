//! Blobs: read from an offset, found, mounted, and sent by whatever way the registry takes.

mod body;
mod chunked;
mod get;
mod location;
mod mount;
mod resume;
mod single_put;
mod stream_patch;
mod upload;

pub(crate) use location::Session;
pub(crate) use mount::Mount;
