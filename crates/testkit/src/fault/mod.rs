//! A registry that counts requests and misbehaves as told.
//!
//! [`FaultRegistry`] serves any axum `Router`, usually our own registry, on a real TCP port, so that a cut connection is
//! a cut connection. Every request is written down ([`Seen`]). What goes wrong is a list of [`Quirk`]s around the
//! router, the first outermost: [`on`] makes those that strike at the n-th request of a [`Route`], [`quirks`] has those
//! that are a registry's habit, and [`profiles`] has every known habit under a name.
//!
//! ```no_run
//! # async fn test(app: axum::Router) {
//! use transship_testkit::fault::{Answer, FaultRegistry, Route, on};
//! let registry = FaultRegistry::start(app, vec![
//!     on(Route::HeadManifest).first(1).answer(Answer::new(429).header("retry-after", "1")),
//!     on(Route::Patch).nth(2).cut_request(1000),
//! ]).await;
//! // … work with registry.host() …
//! assert_eq!(registry.count(Route::Patch), 3);
//! # }
//! ```

mod action;
mod body;
mod hold;
mod log;
pub mod profiles;
mod proxy;
mod quirk;
pub mod quirks;
mod registry;
mod route;
mod rule;

pub use action::{Action, Answer};
pub use hold::Hold;
pub use log::Seen;
pub use proxy::proxy;
pub use quirk::{Cut, Next, Outcome, Quirk, Request, Response};
pub use registry::FaultRegistry;
pub use route::Route;
pub use rule::{When, on};
