//! The OCI distribution specification as a server.
//!
//! A [`Registry`] is a [`Store`] with rules about who may use it and how; [`Registry::router`] makes an axum router of it,
//! and [`Server`] puts a router on a socket. It is the embedded registry of `transship registry serve`, and the double
//! that the tests of the other crates run against.
//!
//! ```no_run
//! # async fn example() -> transship_oci::Result<()> {
//! use transship_registry_server::{Memory, Registry, Server};
//!
//! let app = Registry::new(Memory::new()).router();
//! let server = Server::bind(([127, 0, 0, 1], 0).into(), app).await?;
//! println!("http://{}/v2/", server.local_addr());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What is put is kept byte for byte. Digests are checked when content comes and when it goes; a manifest is taken only
//! after everything it is made of. On disk each repository is an OCI image layout, and a process may be killed at any
//! instant: what was acknowledged is there afterwards, and nothing half-written is ever listed.
//!
//! [`Local`] gives one repository of a store to the engine directly, as a source or a target.

mod auth;
mod blobs;
mod catalog;
mod conditions;
mod local;
mod manifests;
mod origin;
mod paging;
mod query;
mod range;
mod referrers;
mod refusal;
mod registry;
mod reply;
mod route;
mod server;
mod sessions;
mod settings;
mod store;
mod tags;
mod tls;
mod uploads;

pub use auth::{Auth, Users, UsersError};
pub use local::{Local, Snapshot};
pub use registry::Registry;
pub use server::Server;
pub use settings::Settings;
pub use store::{
    Disk, DiskRepository, Expect, Memory, MemoryRepository, SourceRepository, Sources, Store,
    StoredRepository, Upload, complete,
};
pub use tls::Tls;
