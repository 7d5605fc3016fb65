//! The OCI distribution specification as a client.
//!
//! A [`Client`] is made once a process from a [`Context`]; it knows every host that is spoken to. Under it lies an
//! onion of small layers (`transport/`): mirrors, auth, retry, redirect, wire. Each does one thing to a call on its way
//! down and to the answer on its way up, and nothing above them sees a token, a 429 or a redirect.

mod address;
mod authority;
mod blob;
mod capabilities;
mod client;
mod context;
pub mod credentials;
mod delete;
mod environment;
mod listing;
mod manifest;
mod mirrors;
mod paging;
pub mod probe;
mod proxies;
mod publish;
mod referrers;
mod refusal;
mod repository;
mod settings;
mod tags;
mod tls;
mod transport;

pub use client::{Client, Ping};
pub use context::Context;
pub use environment::Environment;
pub use mirrors::{Mirrors, Place, Route};
pub use proxies::Proxies;
pub use repository::RemoteRepository;
pub use settings::HostSettings;
pub use tls::{ClientCertificate, TlsMaterial};
pub use transport::Quota;
