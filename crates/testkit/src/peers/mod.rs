//! The programs of others: where they are, how they are started, and what they say.
//!
//! `scripts/peers` installs them. On a developer's machine a test whose peer is not there says so loudly and passes
//! over; under `CI=true` it fails.
//!
//! ```no_run
//! # async fn test() {
//! use transship_testkit::peers::{self, DockerRegistry, Home, Options, Tool};
//! let home = Home::new();
//! let (Some(registry), Some(crane)) = (
//!     DockerRegistry::start(&Options::default()).await,
//!     Tool::new("crane", &home),
//! ) else {
//!     return; // said so on stderr
//! };
//! let digest = crane.ok(["digest", "--insecure", &format!("{}/app:1", registry.host())]).await;
//! # }
//! ```

mod azurite;
mod containerd;
mod cosign;
mod find;
mod gcs;
mod home;
mod moto;
mod process;
mod registry;
mod tool;

pub use azurite::{AzureSas, Azurite};
pub use containerd::Containerd;
pub use cosign::{Cosign, Version};
pub use find::{find, missing, require};
pub use gcs::Gcs;
pub use home::Home;
pub use moto::Moto;
pub use process::Process;
pub use registry::{Distribution, DockerRegistry, Options};
pub use tool::{Run, Tool};
