//! Artifacts of every shape, as bytes in memory.
//!
//! A [`Graph`] collects blobs, manifests and tags in an order in which they can be pushed; what is added to it is told
//! by small builders. The same calls make the same bytes, always.
//!
//! ```
//! use transship_testkit::image::{Graph, Image, Index, layer};
//! let mut graph = Graph::new();
//! let amd = graph.image(Image::new().platform("linux/amd64").layer(layer::gzip("etc/motd", b"hello")));
//! let arm = graph.image(Image::new().platform("linux/arm64").layer(layer::zstd("etc/motd", b"hello")));
//! let app = graph.index(Index::of([amd, arm]));
//! graph.tag("1.4", &app);
//! let sbom = graph.attach(&app, "application/spdx+json", b"{}");
//! graph.attach(&sbom, "application/vnd.example.signature", b"signed"); // a referrer of a referrer
//! graph.sign_in_tag(&app, &[b"payload"]); // sha256-<hex>.sig
//! assert_eq!(graph.manifests().len(), 6);
//! ```

mod artifact;
mod build;
mod closure;
mod graph;
mod in_hand;
pub mod layer;
mod layout;
mod random;

pub use artifact::Kind;
pub use build::{Image, Index};
pub use closure::Closure;
pub use graph::Graph;
pub(crate) use graph::read;
pub use layer::Layer;
pub use random::{random_graph, sample};

#[cfg(test)]
mod tests;
