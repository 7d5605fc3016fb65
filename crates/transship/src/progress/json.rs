//! Events for machines: a JSON object a line.

use std::{
    fmt,
    io::Write,
    sync::{Mutex, PoisonError},
};

use transship_oci::{Event, Observer};

/// Writes every event as a line.
pub(super) struct JsonLines<W>(Mutex<W>);

impl<W: Write + Send> JsonLines<W> {
    pub(super) fn new(to: W) -> Self {
        Self(Mutex::new(to))
    }
}

impl<W: Write + Send> Observer for JsonLines<W> {
    fn on(&self, event: &Event) {
        let line = event.to_json() + "\n";
        let mut to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An onlooker that went away must not stop the work. One write a line: lines of two writers never mix.
        let _ = to.write_all(line.as_bytes());
    }
}

impl<W> fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonLines")
    }
}
