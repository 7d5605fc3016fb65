//! The list that `sync` works from: what to copy, which tags of it, and where to. All of it is pure; `commands::sync`
//! asks the registries.

mod collision;
mod mapping;
mod model;
mod select;
mod version;

pub(crate) use self::{
    collision::check as check_collisions,
    mapping::{Template, Values},
    model::{Entry, List, Targets},
    select::{Decision, Why},
};
