//! One repository at a registry, as the engine sees it: a [`Source`] and a [`Sink`].

use std::{fmt::Display, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use http::{HeaderMap, Method};
use transship_oci::{
    Blob, Budget, ByteStream, Descriptor, Digest, Event, Location, Name, Placed, Placement,
    Presence, RawManifest, Referrer, Repository, Result, Side, Sink, Source, Tag,
};
use url::Url;

use crate::{
    client::Client,
    context::Context,
    listing::Listing,
    referrers,
    transport::{Access, Body, Call, Host, Room, Scope},
};

/// One repository at a registry. A clone is the same repository; what is learnt about it is shared.
#[derive(Debug, Clone)]
pub struct RemoteRepository(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Repository,
    location: Location,
    side: Side,
    host: Arc<Host>,
    context: Arc<Context>,
    listing: Listing,
    referrers: referrers::State,
}

impl Client {
    /// The repository `name`, on one side of a copy. Nothing is asked yet. Keep it for as long as the repository is
    /// worked on: it remembers its tags and whether its registry has the referrers API.
    ///
    /// # Errors
    /// `Invalid` when the settings for its host make no sense.
    pub fn repository(&self, name: &Repository, side: Side) -> Result<RemoteRepository> {
        Ok(RemoteRepository(Arc::new(Inner {
            name: name.clone(),
            location: Location::Registry(name.clone()),
            side,
            host: self.host(name.registry())?,
            context: Arc::clone(self.context()),
            listing: Listing::default(),
            referrers: referrers::State::default(),
        })))
    }
}

impl RemoteRepository {
    /// The repository's name.
    pub fn name(&self) -> &Repository {
        &self.0.name
    }

    pub(crate) fn host(&self) -> &Host {
        &self.0.host
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    pub(crate) fn listing(&self) -> &Listing {
        &self.0.listing
    }

    pub(crate) fn referrers_state(&self) -> &referrers::State {
        &self.0.referrers
    }

    /// The address of `path` below the repository: `manifests/latest`.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.0
            .host
            .url(&format!("/v2/{}/{path}", self.0.name.path()))
    }

    /// A call about this repository with an empty body, which finds room at the host by itself.
    pub(crate) fn call(&self, op: String, method: Method, url: Url, access: Access) -> Call {
        Call {
            op,
            side: self.0.side,
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::Empty,
            scopes: vec![Scope {
                repository: self.0.name.path().to_owned(),
                access,
            }],
            room: Room::Own,
        }
    }

    /// Tells something that nobody can act on by machine.
    pub(crate) fn notice(&self, about: &impl Display, message: impl Into<String>) {
        self.0.context.observer.on(&Event::Notice {
            about: format!("{} {}", self.0.name, about),
            message: message.into(),
        });
    }

    fn room(&self) -> Arc<dyn Budget> {
        self.0.host.budget()
    }

    /// Says of an error on which side and where it was, if it does not know that yet.
    fn mine<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.on(self.0.side).at(&self.0.location))
    }
}

#[async_trait]
impl Source for RemoteRepository {
    fn location(&self) -> &Location {
        &self.0.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        Some(self.room())
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.mine(self.head_manifest(name).await)
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.mine(self.get_manifest(name).await)
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.mine(self.get_exact(node).await)
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        self.mine(self.get_blob(node, from).await)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.mine(self.find_referrers(subject).await)
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        Ok(self.may_refer())
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.list_tags().map(|tag| self.mine(tag)).boxed()
    }

    fn forget(&self) {
        self.listing().forget();
    }
}

#[async_trait]
impl Sink for RemoteRepository {
    fn location(&self) -> &Location {
        &self.0.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        Some(self.room())
    }

    async fn have(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        self.mine(self.presence(nodes).await)
    }

    async fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        self.mine(self.points_at(tag).await)
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.mine(self.get_exact(node).await)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.mine(self.find_referrers(subject).await)
    }

    async fn put_blob(&self, blob: &dyn Blob, placement: &Placement) -> Result<Placed> {
        self.mine(Box::pin(self.place_blob(blob, placement)).await)
    }

    async fn put_manifest(&self, manifest: &RawManifest) -> Result<()> {
        self.mine(self.push_manifest(manifest).await)
    }

    async fn tag(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        self.mine(self.push_tags(tags, manifest).await)
    }

    fn reader(&self) -> Option<&dyn Source> {
        Some(self)
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}
