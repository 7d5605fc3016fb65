//! What every part of one run shares.

use std::sync::Arc;

use transship_oci::{Event, Gate, Observer};

use crate::{Options, once::Ledger};

/// One run: the choices made for it, and what it has learnt so far. What is learnt is a set of digests, nothing larger.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) options: Arc<Options>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) blobs: Arc<Ledger>,
    pub(crate) manifests: Arc<Ledger>,
}

impl Run {
    pub(crate) fn tell(&self, event: &Event) {
        self.observer.on(event);
    }
}
