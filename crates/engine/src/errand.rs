//! One blob, from the room that it needs to its place in the sink.

use std::{collections::BTreeMap, sync::Arc};

use transship_oci::{
    Blob as _, Budget, Error, ErrorKind, Event, Permit, Placed, Placement, Result, Side, Sink,
};

use crate::{carried::Carried, context::Run};

/// One blob to bring.
pub(crate) struct Errand {
    pub(crate) run: Arc<Run>,
    pub(crate) sink: Arc<dyn Sink>,
    /// The source reference that it is brought for.
    pub(crate) label: String,
    pub(crate) blob: Carried,
}

impl Errand {
    /// Room at both ends, in the order of their names and once each.
    pub(crate) async fn room(&self, source: Option<Arc<dyn Budget>>) -> Vec<Permit> {
        let hosts: BTreeMap<String, Arc<dyn Budget>> = source
            .into_iter()
            .chain(self.sink.budget())
            .map(|budget| (budget.key().to_owned(), budget))
            .collect();
        let mut permits = Vec::with_capacity(hosts.len());
        for budget in hosts.values() {
            permits.push(budget.acquire().await);
        }
        permits
    }

    pub(crate) fn tell_start(&self) {
        let blob = self.blob.descriptor();
        self.run.tell(&Event::BlobStarted {
            source: self.label.clone(),
            target: self.sink.location().to_string(),
            digest: blob.digest,
            size: blob.size,
        });
    }

    /// Brings it, and gives back the room.
    pub(crate) async fn put(self, room: Vec<Permit>) -> Result<Placed> {
        let placement = Placement {
            mount_from: None,
            absent: true,
        };
        let placed = self.sink.put_blob(&self.blob, &placement).await;
        drop(room);
        // A transport between the source and the sink may have blurred what the source said.
        let placed = match self.blob.failure() {
            Some(failure) => Err(failure),
            None => placed,
        };
        let placed = placed.and_then(|placed| self.check(placed));
        let placed = placed.map_err(|error| error.on(Side::Target).at(self.sink.location()))?;
        self.tell_end(placed);
        Ok(placed)
    }

    /// What was sent was read to its end, or it was not looked at.
    fn check(&self, placed: Placed) -> Result<Placed> {
        let sent = matches!(placed, Placed::Sent(bytes) if bytes > 0);
        if !sent || self.blob.is_read() {
            return Ok(placed);
        }
        let message = "the sink took the blob without reading it to its end";
        Err(Error::new(ErrorKind::Internal, message))
    }

    fn tell_end(&self, placed: Placed) {
        let (how, sent) = match placed {
            Placed::Present => ("present", 0),
            Placed::Mounted => ("mounted", 0),
            Placed::Sent(bytes) => ("sent", bytes),
        };
        self.run.tell(&Event::BlobPlaced {
            target: self.sink.location().to_string(),
            digest: self.blob.descriptor().digest,
            how,
            sent,
        });
    }
}
