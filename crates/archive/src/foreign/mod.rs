//! What other tools carry images in: OCI layouts as a tar or a folder, compressed or not, and what `docker save` writes.
//!
//! They come without an inventory: what is in them is found by going through their headers, and nothing in them says who
//! put it there. What each cannot carry is told by [`Foreign::limits`].

mod archive;
mod compression;
mod docker;
mod files;
mod folder;
mod layout;
mod name;
mod tar;
mod unpack;

pub use archive::{Foreign, Form, Found};
pub(crate) use compression::{Compression, compression};

#[cfg(test)]
mod tests;
