//! The OCI distribution specification as a client.
//!
//! A [`Client`] is made once a process from a [`Context`]; it knows every host that is spoken to. Under it lies an
//! onion of small layers (`transport/`): mirrors, auth, retry, redirect, wire. Each does one thing to a call on its way
//! down and to the answer on its way up, and nothing above them sees a token, a 429 or a redirect.

mod blob;
mod capabilities;
mod client;
mod context;
mod delete;
mod listing;
mod manifest;
mod paging;
mod publish;
mod referrers;
mod refusal;
mod repository;
mod tags;
mod transport;

pub use client::Client;
pub use context::Context;
pub use repository::RemoteRepository;
