//! How a [`Call`] becomes an [`Answer`]: layers, each a page, from the outside in.

mod answer;
mod budget;
mod call;
mod host;

pub(crate) use answer::Answer;
pub(crate) use budget::HostBudget;
pub(crate) use call::{Access, Body, Call, Room, Scope};
pub(crate) use host::Host;
