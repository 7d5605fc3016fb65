//! What the stores of all clouds share: a connection, signed requests, second tries, and what a refusal means.
//!
//! `object_store` finds the credentials and signs; the requests are our own, because an archive needs what it has no words
//! for (see docs/adr/0007-stores.md).

mod answer;
mod call;
mod client;
mod fault;
mod metadata;
mod query;
mod retry;
mod secure_url;
mod settings;
mod stat;
mod wire;
mod xml;

pub(super) use self::{
    answer::Answer,
    call::Call,
    client::{Shared, client, token_patience},
    fault::Fault,
    metadata::{read as read_metadata, write as write_metadata},
    query::query,
    secure_url::secure_url,
    stat::{base64_md5, changed, http_time, range, ranged, to_stat},
    wire::{Sign, Wire},
    xml::from_xml,
};
pub use self::{
    retry::Patience,
    settings::{CloudSettings, Environment},
};
