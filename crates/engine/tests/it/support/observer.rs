//! An observer that writes everything down, and can be a trap.

use std::sync::{Arc, Mutex};

use transship_oci::{Event, Observer};

use super::Trap;

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    events: Mutex<Vec<Event>>,
    trap: Option<Arc<Trap>>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// One whose events `trap` counts: it kills at the one it is armed for.
    pub(crate) fn trapped(trap: &Arc<Trap>) -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            trap: Some(Arc::clone(trap)),
        })
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        let notice = |event: Event| match event {
            Event::Notice { message, .. } => Some(message),
            _ => None,
        };
        self.events().into_iter().filter_map(notice).collect()
    }
}

impl Observer for Recorder {
    fn on(&self, event: &Event) {
        if let Some(trap) = &self.trap
            && trap.tick(event.to_json()).is_some()
        {
            trap.kill();
        }
        self.events.lock().unwrap().push(event.clone());
    }
}
