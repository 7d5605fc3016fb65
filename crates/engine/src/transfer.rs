//! Moves one blob to every target that wants it.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::{join, join_all};
use tokio::sync::{mpsc, watch};
use transship_oci::{
    Budget, Descriptor, Error, Event, Permit, Placed, Placement, Result, Side, Sink, Source,
};

use crate::{
    context::Run,
    job::home,
    once::{Claim, Lead},
    pump::Reading,
    tee::{Branch, branches},
};

/// A target that wants the blob.
pub(crate) struct Want {
    pub(crate) sink: Arc<dyn Sink>,
    /// Hears how it went. Closed when the target has failed otherwise: nothing more is begun for it then.
    pub(crate) placed: mpsc::UnboundedSender<Result<Placed>>,
}

/// One blob on its way.
pub(crate) struct Transfer {
    pub(crate) run: Arc<Run>,
    /// The source reference that it is moved for.
    pub(crate) label: String,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) blob: Descriptor,
}

impl Transfer {
    /// Moves the blob to whoever does not have it, from one reading. Where another artifact of the run is moving it
    /// already, waits for that.
    pub(crate) async fn to(self, wants: Vec<Want>) {
        let mut leads = Vec::new();
        let mut followers = Vec::new();
        for want in wants {
            match self
                .run
                .blobs
                .claim(want.sink.location(), &self.blob.digest)
            {
                Claim::Done => self.present(&want),
                Claim::Lead(lead) => leads.push((want, lead)),
                Claim::Wait(wait) => followers.push(self.follow(want, wait)),
            }
        }
        join(Box::pin(self.lead(leads)), join_all(followers)).await;
    }

    async fn follow(&self, want: Want, mut leader: watch::Receiver<()>) {
        loop {
            // An error says that the leader is gone, whichever way.
            let _ = leader.changed().await;
            match self
                .run
                .blobs
                .claim(want.sink.location(), &self.blob.digest)
            {
                Claim::Done => return self.present(&want),
                Claim::Lead(lead) => return Box::pin(self.lead(vec![(want, lead)])).await,
                Claim::Wait(next) => leader = next,
            }
        }
    }

    async fn lead(&self, mut leads: Vec<(Want, Lead)>) {
        leads.retain(|(want, _)| !want.placed.is_closed());
        if leads.is_empty() {
            return;
        }
        let _room = self.room(&leads).await;
        let reading = Reading::new(
            Arc::clone(&self.source),
            Arc::clone(&self.run.observer),
            self.blob.clone(),
        );
        let branches = branches(&reading, leads.len());
        let puts = leads
            .into_iter()
            .zip(branches)
            .map(|((want, lead), branch)| self.put(want, lead, branch));
        join_all(puts).await;
    }

    /// Room at every host that takes part, taken in the order of their names and once each: two transfers can then
    /// never wait for each other.
    async fn room(&self, leads: &[(Want, Lead)]) -> Vec<Permit> {
        let hosts: BTreeMap<String, Arc<dyn Budget>> = leads
            .iter()
            .filter_map(|(want, _)| want.sink.budget())
            .chain(self.source.budget())
            .map(|budget| (budget.key().to_owned(), budget))
            .collect();
        let mut permits = Vec::with_capacity(hosts.len());
        for budget in hosts.values() {
            permits.push(budget.acquire().await);
        }
        permits
    }

    async fn put(&self, want: Want, lead: Lead, branch: Branch) {
        let at = want.sink.location();
        self.run.tell(&Event::BlobStarted {
            source: self.label.clone(),
            target: at.to_string(),
            digest: self.blob.digest,
            size: self.blob.size,
        });
        let home = || {
            let home = home(self.source.as_ref());
            home.filter(|home| at.registry() == Some(home.registry()))
                .cloned()
        };
        let placement = Placement {
            mount_from: lead.mount_from.clone().or_else(home),
            absent: true,
        };
        let placed = want.sink.put_blob(&branch, &placement).await;
        let failure = branch.failure();
        // Others may still be reading; this one needs no more.
        drop(branch);
        let placed = placed.map_err(|error| failure.unwrap_or(error));
        if let Ok(how) = placed {
            lead.done(how);
            self.placed(&want, how);
        }
        let told = placed.map_err(|error| self.blame(error, &want));
        // A target that has failed otherwise no longer listens.
        let _ = want.placed.send(told);
    }

    fn blame(&self, error: Error, want: &Want) -> Error {
        error
            .op(format!("put blob {}", self.blob.digest))
            .on(Side::Target)
            .at(want.sink.location())
    }

    fn present(&self, want: &Want) {
        self.placed(want, Placed::Present);
        let _ = want.placed.send(Ok(Placed::Present));
    }

    fn placed(&self, want: &Want, placed: Placed) {
        let (how, sent) = match placed {
            Placed::Present => ("present", 0),
            Placed::Mounted => ("mounted", 0),
            Placed::Sent(bytes) => ("sent", bytes),
        };
        self.run.tell(&Event::BlobPlaced {
            target: want.sink.location().to_string(),
            digest: self.blob.digest,
            how,
            sent,
        });
    }
}
