//! The read side of a held repository.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use transship_oci::{
    Budget, ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Name, RawManifest,
    Referrer, Result, Side, Source, Tag, Tie,
};

use super::{Manifests, Places};

/// What is known of one repository before it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// What there is to begin a walk with.
    pub(crate) roots: Vec<Digest>,
    /// What each tag points at, those of evidence included.
    pub(crate) tags: BTreeMap<Tag, Digest>,
    /// What belongs to what. What names its subject itself need not be listed here.
    pub(crate) referrers: HashMap<Digest, Vec<Referrer>>,
    /// What of that is listed, and how it is tied: lists may be long, and are not searched.
    pub(crate) ties: HashSet<(Digest, Digest, Option<Tag>)>,
}

impl Contents {
    /// Adds that a manifest belongs to another. It may do so in two ways at once, by its subject and by a tag: who carries
    /// it on must publish both.
    pub(crate) fn tie(&mut self, subject: Digest, referrer: Referrer) {
        let digest = referrer.descriptor.digest;
        let tag = match &referrer.tie {
            Tie::Tag(tag) => Some(tag.clone()),
            Tie::Subject => None,
        };
        if let Some(tag) = &tag {
            self.tags.insert(tag.clone(), digest);
        }
        if self.ties.insert((subject, digest, tag)) {
            self.referrers.entry(subject).or_default().push(referrer);
        }
    }
}

/// One repository of an archive. It gives out what belongs to it, and nothing of its neighbours'.
#[derive(Debug)]
pub(crate) struct HeldRepository {
    location: Location,
    manifests: Arc<Manifests>,
    places: Arc<dyn Places>,
    contents: Contents,
    /// Manifests that are its own.
    own: HashSet<Digest>,
    /// Blobs that its manifests name.
    named: HashSet<Digest>,
}

impl HeldRepository {
    pub(crate) fn new(
        location: Location,
        manifests: Arc<Manifests>,
        places: Arc<dyn Places>,
        contents: Contents,
        by_subject: &HashMap<Digest, Vec<Digest>>,
    ) -> Self {
        let mut held = Self {
            location,
            manifests,
            places,
            contents,
            own: HashSet::new(),
            named: HashSet::new(),
        };
        held.walk(by_subject);
        held
    }

    /// How much it remembers. Repositories may share what they name, and each remembers it by itself.
    pub(crate) fn weight(&self) -> usize {
        self.own.len() + self.named.len()
    }

    /// Finds what is its own: below its roots and tags, and whatever belongs to any of that.
    fn walk(&mut self, by_subject: &HashMap<Digest, Vec<Digest>>) {
        let tagged = self.contents.tags.values();
        let mut ahead: Vec<Digest> = self.contents.roots.iter().chain(tagged).copied().collect();
        let manifests = Arc::clone(&self.manifests);
        while let Some(digest) = ahead.pop() {
            let Some(node) = manifests.get(&digest) else {
                continue;
            };
            if !self.own.insert(digest) {
                continue;
            }
            let children = &node.children;
            if let Some(subject) = children.subject_digest() {
                let descriptor = node.listed();
                let tie = Tie::Subject;
                self.contents.tie(subject, Referrer { descriptor, tie });
            }
            ahead.extend(by_subject.get(&digest).into_iter().flatten());
            ahead.extend(children.manifests.iter().map(|child| child.digest));
            let beside = self.contents.referrers.get(&digest).into_iter().flatten();
            ahead.extend(beside.map(|referrer| referrer.descriptor.digest));
            let blobs = children.blobs.iter().chain(&children.foreign);
            self.named.extend(blobs.map(|blob| blob.digest));
        }
    }

    fn held(&self, digest: &Digest) -> Result<&RawManifest> {
        let own = self.own.contains(digest);
        let node = self.manifests.get(digest).filter(|_| own);
        let found = node.map(|node| &node.manifest);
        found.ok_or_else(|| {
            let message = if self.places.lacks(digest) {
                format!(
                    "manifest {digest} is not carried: the archive counts on the target to have it"
                )
            } else {
                format!(
                    "manifest {digest} is not in {} of the archive",
                    self.location
                )
            };
            self.fault(Error::new(ErrorKind::NotFound, message))
        })
    }

    fn named(&self, name: &Name) -> Result<&RawManifest> {
        match name {
            Name::Digest(digest) => self.held(digest),
            Name::Tag(tag) => match self.contents.tags.get(tag) {
                Some(digest) => self.held(digest),
                None => Err(self.no_tag(tag)),
            },
        }
    }

    fn no_tag(&self, tag: &Tag) -> Error {
        let message = format!("tag {tag} is not in {} of the archive", self.location);
        self.fault(Error::new(ErrorKind::NotFound, message))
    }

    fn fault(&self, error: Error) -> Error {
        error.on(Side::Source).at(self.places.at())
    }
}

#[async_trait]
impl Source for HeldRepository {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        Ok(self.named(name)?.descriptor().clone())
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        Ok(self.named(name)?.clone())
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        Ok(self.held(&node.digest)?.clone())
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let digest = node.digest;
        if !self.named.contains(&digest) {
            let message = format!("blob {digest} is not in {} of the archive", self.location);
            return Err(self.fault(Error::new(ErrorKind::NotFound, message)));
        }
        let opened = self.places.open(node, from).await;
        let bytes = opened.map_err(|error| self.fault(error))?;
        let at = self.places.at().to_owned();
        Ok(bytes
            .map_err(move |error| error.on(Side::Source).at(&at))
            .boxed())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        let listed = self.contents.referrers.get(subject);
        Ok(listed.cloned().unwrap_or_default())
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        Ok(!self.contents.referrers.is_empty())
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        stream::iter(self.contents.tags.keys().cloned().map(Ok)).boxed()
    }

    fn is_carried(&self) -> bool {
        true
    }

    fn lacks(&self, node: &Descriptor) -> bool {
        self.places.lacks(&node.digest)
    }
}
