//! Room at a host: how much may go on there at once.

use std::{any::Any, fmt};

use futures::future::BoxFuture;

/// The room that one host gives to blob transfers.
///
/// A transfer between two hosts needs room at both. Whoever moves a blob takes both permits *before* it starts, in the
/// order of [`Budget::key`], and one only where both ends are the same host: two transfers can then never wait for each other.
/// Short requests (HEAD, manifests, tags) look after themselves.
pub trait Budget: fmt::Debug + Send + Sync {
    /// Names the host; equal keys share one budget.
    fn key(&self) -> &str;

    /// Waits for room, and for the end of any pause that the host asked for.
    fn acquire(&self) -> BoxFuture<'_, Permit>;
}

/// Room taken; given back when it is dropped.
pub struct Permit(Option<Box<dyn Any + Send + Sync>>);

impl Permit {
    /// A permit that gives `held` back, by dropping it.
    pub fn holding(held: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(held)))
    }

    /// A permit where there is no limit.
    pub fn unlimited() -> Self {
        Self(None)
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Permit"
        } else {
            "Permit(unlimited)"
        })
    }
}
