//! Several who sign one artifact at the same time, in cosign's first form.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use serde_json::Value;
use tokio::sync::Barrier;
use transship_oci::{
    Blob, Budget, Descriptor, Digest, ErrorKind, Location, Placed, Placement, Presence,
    RawManifest, Referrer, Repository, Result, Side, Sink, Source, Tag,
};
use transship_registry_client::{Client, Context};
use transship_registry_server::{Local, Memory, Registry};
use transship_testkit::fault::FaultRegistry;
use transship_trust::sign::{
    LegacySignature, PrivateKey, Signed, legacy_tag, publish, sign_legacy, tagged,
};

/// A repository in which others do something at the worst moment.
#[derive(Debug)]
struct Crowded {
    inner: Arc<Local>,
    /// Where all wait for each other once they have seen that there is nothing.
    first_look: Option<Arc<Barrier>>,
    looks: AtomicUsize,
    tags: AtomicUsize,
    /// What somebody else puts under the tag right after we have looked for the first time.
    after_look: Mutex<Option<RawManifest>>,
    /// What somebody else, who never saw ours, puts there right after we did; so many times.
    after_tag: Mutex<(usize, Option<RawManifest>)>,
}

impl Crowded {
    fn over(inner: &Arc<Local>) -> Self {
        Self {
            inner: inner.clone(),
            first_look: None,
            looks: AtomicUsize::new(0),
            tags: AtomicUsize::new(0),
            after_look: Mutex::default(),
            after_tag: Mutex::default(),
        }
    }

    fn overwritten(self, times: usize, by: &Signed) -> Self {
        *self.after_tag.lock().unwrap() = (times, Some(by.manifest.clone()));
        self
    }
}

#[async_trait]
impl Sink for Crowded {
    fn location(&self) -> &Location {
        Sink::location(&*self.inner)
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        self.inner.have(nodes).await
    }

    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        let seen = self.inner.tagged(tag).await?;
        if self.looks.fetch_add(1, Relaxed) == 0 {
            if let Some(all) = &self.first_look {
                all.wait().await;
            }
            let other = self.after_look.lock().unwrap().take();
            if let Some(other) = other {
                self.inner.tag(std::slice::from_ref(tag), &other).await?;
            }
        }
        Ok(seen)
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        Sink::manifest(&*self.inner, node).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        Sink::referrers(&*self.inner, subject).await
    }

    async fn put_blob(&self, blob: &dyn Blob, placement: &Placement) -> Result<Placed> {
        self.inner.put_blob(blob, placement).await
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        self.inner.put_manifest(manifest).await
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        self.tags.fetch_add(1, Relaxed);
        self.inner.tag(tags, manifest).await?;
        let other = {
            let mut left = self.after_tag.lock().unwrap();
            let due = left.0 > 0;
            left.0 = left.0.saturating_sub(1);
            left.1.clone().filter(|_| due)
        };
        match other {
            Some(other) => self.inner.tag(tags, &other).await,
            None => Ok(()),
        }
    }

    /// So that whoever looks up a tag comes by here.
    fn reader(&self) -> Option<&dyn Source> {
        None
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

fn subject() -> Digest {
    Digest::sha256(b"what all of them sign")
}

/// A signature by somebody new, who has seen nothing so far.
fn signature() -> Signed {
    let name: Repository = "shelf.example/app".parse().unwrap();
    let said = LegacySignature {
        subject: subject(),
        name: &name,
        annotations: &BTreeMap::new(),
    };
    sign_legacy(&PrivateKey::generate().unwrap(), &said, None).unwrap()
}

/// The signatures that are in a manifest.
fn signatures(manifest: &RawManifest) -> Vec<String> {
    let fields: Value = serde_json::from_slice(manifest.bytes()).unwrap();
    let layers = fields["layers"].as_array().unwrap().iter();
    let signature =
        |layer: &Value| layer["annotations"]["dev.cosignproject.cosign/signature"].clone();
    layers
        .map(|layer| signature(layer).as_str().unwrap().to_owned())
        .collect()
}

/// The repository with the blobs of all of them.
async fn repository(all: &[&Signed]) -> Arc<Local> {
    let inner = Arc::new(Local::memory("crowd"));
    for signed in all {
        let untagged = Signed {
            tag: None,
            ..(*signed).clone()
        };
        publish(&untagged, &*inner).await.unwrap();
    }
    inner
}

#[track_caller]
fn holds_all(found: &RawManifest, all: &[&Signed]) {
    let mut found = signatures(found);
    let mut wanted: Vec<String> = all
        .iter()
        .flat_map(|one| signatures(&one.manifest))
        .collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

async fn under_the_tag(inner: &Local) -> RawManifest {
    let tag = legacy_tag(&subject(), "sig").unwrap();
    let node = inner.tagged(&tag).await.unwrap().unwrap();
    Sink::manifest(inner, &node).await.unwrap()
}

#[tokio::test]
async fn two_who_both_saw_nothing_both_have_their_signature_there() {
    let (one, other) = (signature(), signature());
    let inner = repository(&[&one, &other]).await;
    let barrier = Arc::new(Barrier::new(2));
    let at = || Crowded {
        first_look: Some(barrier.clone()),
        ..Crowded::over(&inner)
    };
    let (here, there) = (at(), at());
    let (a, b) = tokio::join!(publish(&one, &here), publish(&other, &there));
    let found = under_the_tag(&inner).await;
    holds_all(&found, &[&one, &other]);
    assert!([a.unwrap(), b.unwrap()].contains(&found.digest()));
}

#[tokio::test]
async fn what_comes_between_look_and_tag_is_kept() {
    let (ours, other) = (signature(), signature());
    let inner = repository(&[&other]).await;
    let sink = Crowded::over(&inner);
    *sink.after_look.lock().unwrap() = Some(other.manifest.clone());
    let digest = publish(&ours, &sink).await.unwrap();
    let found = under_the_tag(&inner).await;
    holds_all(&found, &[&ours, &other]);
    assert_eq!(digest, found.digest());
    assert_eq!(sink.tags.load(Relaxed), 1);
}

#[tokio::test]
async fn what_was_written_over_is_put_back_beside_what_did_so() {
    let (before, ours, other) = (signature(), signature(), signature());
    let inner = repository(&[&before, &other]).await;
    publish(&before, &*inner).await.unwrap();
    // The other one never saw what was there before, either.
    let sink = Crowded::over(&inner).overwritten(2, &other);
    let digest = publish(&ours, &sink).await.unwrap();
    let found = under_the_tag(&inner).await;
    holds_all(&found, &[&before, &ours, &other]);
    assert_eq!(digest, found.digest());
    assert_eq!(sink.tags.load(Relaxed), 3);
    // And again: there is nothing to do.
    publish(&ours, &sink).await.unwrap();
    assert_eq!(sink.tags.load(Relaxed), 3);
}

#[tokio::test]
async fn who_is_written_over_for_ever_gives_way() {
    let (ours, other) = (signature(), signature());
    let inner = repository(&[&other]).await;
    let sink = Crowded::over(&inner).overwritten(usize::MAX, &other);
    let error = publish(&ours, &sink).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let tag = legacy_tag(&subject(), "sig").unwrap();
    assert_eq!(
        error.message(),
        format!("others wrote over tag {tag} each of 8 times it was added to")
    );
    assert_eq!(sink.tags.load(Relaxed), 8);
}

#[tokio::test]
async fn a_list_of_tags_from_before_hides_nobodys_signature() {
    let (ours, other) = (signature(), signature());
    let app = Registry::new(Memory::new()).router();
    let registry = FaultRegistry::start(app, Vec::new()).await;
    let name = registry.repository("app");
    let at = || {
        let client = Client::new(Context::default()).unwrap();
        client.repository(&name, Side::Target).unwrap()
    };
    let (here, there) = (at(), at());
    let untagged = Signed {
        tag: None,
        ..other.clone()
    };
    publish(&untagged, &there).await.unwrap();
    let before: Vec<Tag> = here.tags().try_collect().await.unwrap();
    assert_eq!(before, []);
    publish(&other, &there).await.unwrap();
    let digest = publish(&ours, &here).await.unwrap();
    let tag = legacy_tag(&subject(), "sig").unwrap();
    let found = tagged(&at(), &tag).await.unwrap().unwrap();
    holds_all(&found, &[&ours, &other]);
    assert_eq!(digest, found.digest());
}
