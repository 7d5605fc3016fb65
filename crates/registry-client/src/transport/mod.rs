//! How a [`Call`] becomes an [`Answer`]: layers, each a page, from the outside in.
//!
//! `detour` (mirrors) → `auth` → `retry` with `budget` → `redirect` → `wire`.

mod answer;
mod auth;
mod budget;
mod call;
mod detour;
mod exchange;
mod host;
mod hosts;
mod passage;
mod payload;
mod redirect;
mod remarks;
mod retry;
mod single_flight;
mod wire;

pub use budget::Quota;

pub(crate) use answer::Answer;
pub(crate) use budget::HostBudget;
pub(crate) use call::{Access, Body, Call, Room, Scope};
pub(crate) use host::Host;
pub(crate) use hosts::Hosts;
pub(crate) use retry::date as http_date;
