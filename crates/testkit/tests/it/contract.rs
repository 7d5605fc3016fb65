//! The contract holds for the repositories of our own server, and is not kept by those who break it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer, Result, Source,
    Tag,
};
use transship_registry_server::Local;
use transship_testkit::contract::{self, Pair};

fn pair(local: &Local) -> Pair {
    let (source, sink) = (local.clone(), local.clone());
    Pair::new(
        move || Arc::new(source.clone()),
        move || Arc::new(sink.clone()),
    )
}

#[tokio::test]
async fn repositories_in_memory_keep_it() {
    contract::check(async || pair(&Local::memory("contract"))).await;
}

#[tokio::test]
async fn repositories_on_disk_keep_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut number = 0;
    contract::check(async || {
        number += 1;
        pair(
            &Local::disk(&folder.path().join(number.to_string()))
                .await
                .unwrap(),
        )
    })
    .await;
}

#[tokio::test]
#[should_panic(
    expected = "memory:forgetful breaks the contract: all that belongs to a subject is listed"
)]
async fn a_source_that_forgets_referrers_is_found_out() {
    contract::check(async || {
        let local = Local::memory("forgetful");
        let sink = local.clone();
        Pair::new(
            move || Arc::new(Forgetful(local.clone())),
            move || Arc::new(sink.clone()),
        )
    })
    .await;
}

/// Lists no tags of cosign's.
#[derive(Debug)]
struct Forgetful(Local);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Source for Forgetful {
    fn location(&self) -> &Location {
        Source::location(&self.0)
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        Source::budget(&self.0)
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.0.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.0.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        Source::manifest(&self.0, node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        self.0.blob(node, from).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let mut listed = Source::referrers(&self.0, subject).await?;
        listed.truncate(2);
        Ok(listed)
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.0.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.0.tags()
    }

    fn forget(&self) {
        self.0.forget();
    }

    fn is_carried(&self) -> bool {
        self.0.is_carried()
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.0.lacks(node)
    }
}
