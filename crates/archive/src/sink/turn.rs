//! Whose turn it is.

use tokio::sync::watch;
use transship_oci::{Error, Result};

/// The place of the stream among the blobs, for those who wait for theirs.
#[derive(Debug)]
pub(super) struct Turn(watch::Sender<State>);

#[derive(Debug)]
struct State {
    next: usize,
    /// Why nobody's turn will come any more.
    fault: Option<Error>,
}

impl Turn {
    pub(super) fn new(next: usize) -> Self {
        Self(watch::Sender::new(State { next, fault: None }))
    }

    /// Lets the next one begin.
    pub(super) fn pass(&self, next: usize) {
        self.0.send_modify(|state| state.next = next);
    }

    /// Sends everybody home.
    pub(super) fn stop(&self, fault: &Error) {
        self.0.send_modify(|state| {
            state.fault.get_or_insert_with(|| fault.share());
        });
    }

    pub(super) fn is_past(&self, number: usize) -> bool {
        self.0.borrow().next > number
    }

    pub(super) fn is_to_come(&self, number: usize) -> bool {
        self.0.borrow().next < number
    }

    /// Waits for the turn of a blob; `false` when it is past already.
    pub(super) async fn wait(&self, number: usize) -> Result<bool> {
        let mut watch = self.0.subscribe();
        let state = watch
            .wait_for(|state| state.next >= number || state.fault.is_some())
            .await;
        match state {
            Ok(state) if state.next > number => Ok(false),
            Ok(state) => state
                .fault
                .as_ref()
                .map_or(Ok(true), |fault| Err(fault.share())),
            // The sender is `self`, and so still there.
            Err(_) => Ok(true),
        }
    }
}
