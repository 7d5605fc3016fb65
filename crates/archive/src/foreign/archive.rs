//! An archive that another tool wrote.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use transship_oci::{
    ByteStream, Descriptor, Digest, Error, ErrorKind, Location, Referrer, Repository, Result, Side,
    Source, Tag, Tie,
};

use super::{
    compression::Compression,
    docker,
    files::{Files, no_file},
    folder::FolderFiles,
    layout,
    name::{Called, called},
    tar::TarFiles,
    unpack,
};
use crate::{
    layout::blob_path,
    repository::{Contents, HeldRepository, Manifests, Places},
    store::Store,
    tar::read::Limits,
};

/// In what form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An OCI image layout: skopeo's `oci-archive:`, `oras backup`, `regctl image export`, `ctr image export`,
    /// docker since 25.
    Layout,
    /// What `docker save` wrote before 25, and skopeo's `docker-archive:`.
    Docker,
}

/// An artifact that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Of which repository, where that is said.
    pub repository: Option<Repository>,
    /// Under which tag, where that is said.
    pub tag: Option<Tag>,
    /// Its root.
    pub root: Descriptor,
}

/// An archive that another tool wrote, as [`Source`]s.
#[derive(Debug)]
pub struct Foreign {
    form: Form,
    found: Vec<Found>,
    manifests: Arc<Manifests>,
    places: Arc<LaidOut>,
    repositories: BTreeMap<Option<Repository>, Arc<HeldRepository>>,
}

impl Foreign {
    /// Opens a tar in a store, without unpacking it.
    ///
    /// # Errors
    /// `Corrupt` for a tar that breaks the rules, `Unsupported` for one that holds no images or is compressed: see
    /// [`Foreign::unpacked`].
    pub async fn tar(store: Arc<dyn Store>, key: &str, limits: Limits) -> Result<Self> {
        let (object, how) = unpack::how(Arc::clone(&store), key).await?;
        if how != Compression::None {
            let message = "it is compressed as a whole, and must be unpacked to be read";
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(object.fault(error));
        }
        let files = TarFiles::open(store, key, limits).await?;
        Self::read(Arc::new(files)).await
    }

    /// Opens a tar that may be compressed as a whole, with gzip or zstd, as hauler's hauls are. Such a one is unpacked
    /// into a folder below `scratch`, which goes with what is returned.
    ///
    /// # Errors
    /// As [`Foreign::tar`]; `Corrupt` for what unpacks to a hundred times its size; `Invalid` when there is no room.
    pub async fn unpacked(
        store: Arc<dyn Store>,
        key: &str,
        limits: Limits,
        scratch: &Path,
    ) -> Result<Self> {
        let (object, how) = unpack::how(Arc::clone(&store), key).await?;
        if how == Compression::None {
            return Self::tar(store, key, limits).await;
        }
        let files = unpack::unpack(&object, how, scratch, limits).await?;
        Self::read(Arc::new(files)).await
    }

    /// Opens a folder with an image layout in it.
    ///
    /// # Errors
    /// As [`Foreign::tar`].
    pub async fn folder(folder: &Path) -> Result<Self> {
        Self::read(Arc::new(FolderFiles::new(folder))).await
    }

    async fn read(files: Arc<dyn Files>) -> Result<Self> {
        let at = files.at().to_owned();
        let read = Self::understood(files).await;
        read.map_err(|error| error.on(Side::Source).at(at))
    }

    async fn understood(files: Arc<dyn Files>) -> Result<Self> {
        if let Some(layout) = layout::layout(&*files).await? {
            let entries = layout
                .entries
                .iter()
                .map(|entry| (called(entry), entry.clone()));
            let entries = entries.collect();
            let places = LaidOut { files, paths: None };
            return Self::of(Form::Layout, entries, layout.manifests, places);
        }
        if let Some(images) = docker::images(&*files).await? {
            let paths = Some(images.paths);
            let places = LaidOut { files, paths };
            return Self::of(Form::Docker, images.entries, images.manifests, places);
        }
        let message = "there is neither an index.json nor a manifest.json: this holds no images";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    fn of(
        form: Form,
        entries: Vec<(Called, Descriptor)>,
        manifests: Manifests,
        places: LaidOut,
    ) -> Result<Self> {
        let mut rooms: BTreeMap<Option<Repository>, Contents> = BTreeMap::new();
        let below = below(&manifests);
        let mut found = Vec::new();
        for (called, entry) in entries {
            let room = rooms.entry(called.repository.clone()).or_default();
            if sort(room, &called, &entry, &manifests)?
                && (called.tag.is_some() || !below.contains(&entry.digest))
            {
                found.push(Found {
                    repository: called.repository,
                    tag: called.tag,
                    root: Descriptor::new(&entry.media_type, entry.digest, entry.size),
                });
            }
        }
        let (manifests, places) = (Arc::new(manifests), Arc::new(places));
        let by_subject = by_subject(&manifests);
        let (mut repositories, mut weight) = (BTreeMap::new(), 0_usize);
        for (repository, contents) in rooms {
            let location = repository.clone().map_or_else(
                || Location::Local(places.files.at().to_owned()),
                Location::Registry,
            );
            let (manifests, places) = (Arc::clone(&manifests), Arc::clone(&places));
            let held = HeldRepository::new(location, manifests, places, contents, &by_subject);
            weight = weight.saturating_add(held.weight());
            check_weight(weight)?;
            repositories.insert(repository, Arc::new(held));
        }
        Ok(Self {
            form,
            found,
            manifests,
            places,
            repositories,
        })
    }

    /// In what form it is.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Where it is, for people.
    pub fn at(&self) -> &str {
        self.places.files.at()
    }

    /// The artifacts in it, in its own order. What belongs to another is not listed.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// How many manifests it holds, of whatever kind.
    pub fn manifests(&self) -> usize {
        self.manifests.iter().count()
    }

    /// What cannot be had from it, one sentence each.
    pub fn limits(&self) -> Vec<&'static str> {
        let mut limits =
            vec!["nothing in it says who put it together: there is no signed inventory"];
        if self.form == Form::Docker {
            limits.push("its images have other digests than at the registry that they came from, because layers are stored unpacked");
            limits
                .push("it carries no signatures, and those at the registry do not fit its digests");
        }
        limits
    }

    /// The repository of this name; `None` for what names none. `None` where there is no such thing in it.
    pub fn repository(&self, name: Option<&Repository>) -> Option<Arc<dyn Source>> {
        let found = self.repositories.get(&name.cloned())?;
        Some(Arc::clone(found) as _)
    }
}

/// The most that all repositories remember together: a hundred thousand names for one index of ten thousand images fit into
/// a few megabytes, and what they are would fit into no memory.
const MAX_WEIGHT: usize = 4_000_000;

fn check_weight(weight: usize) -> Result<()> {
    if weight <= MAX_WEIGHT {
        return Ok(());
    }
    let message = format!("its repositories name more than {MAX_WEIGHT} things together");
    Err(Error::new(ErrorKind::Corrupt, message))
}

/// Puts an entry where it belongs; is it an artifact of its own?
fn sort(
    room: &mut Contents,
    called: &Called,
    entry: &Descriptor,
    manifests: &Manifests,
) -> Result<bool> {
    let node = manifests.get(&entry.digest);
    let Some(tag) = &called.tag else {
        room.roots.push(entry.digest);
        return Ok(node.is_none_or(|node| node.children.subject.is_none()));
    };
    let known = room.tags.insert(tag.clone(), entry.digest);
    if known.is_some_and(|known| known != entry.digest) {
        let message = format!("tag {tag} is there twice, with different content");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    if known.is_some() {
        return Ok(false);
    }
    let Some(subject) = tag.subject() else {
        return Ok(true);
    };
    if Tag::legacy(&subject).contains(tag) {
        let descriptor = node.map_or_else(|| entry.clone(), crate::repository::Node::listed);
        let tie = Tie::Tag(tag.clone());
        room.tie(subject, Referrer { descriptor, tie });
    }
    Ok(false)
}

/// What is a part of something else: oras lists that too.
fn below(manifests: &Manifests) -> HashSet<Digest> {
    let children = manifests.iter().flat_map(|node| &node.children.manifests);
    children.map(|child| child.digest).collect()
}

fn by_subject(manifests: &Manifests) -> HashMap<Digest, Vec<Digest>> {
    let mut map: HashMap<Digest, Vec<Digest>> = HashMap::new();
    for node in manifests.iter() {
        if let Some(subject) = node.children.subject_digest() {
            map.entry(subject).or_default().push(node.manifest.digest());
        }
    }
    map
}

/// Where blobs lie in it.
#[derive(Debug)]
struct LaidOut {
    files: Arc<dyn Files>,
    /// For forms whose file names say nothing.
    paths: Option<HashMap<Digest, String>>,
}

#[async_trait]
impl Places for LaidOut {
    fn at(&self) -> &str {
        self.files.at()
    }

    fn lacks(&self, _: &Digest) -> bool {
        false
    }

    async fn open(&self, blob: &Descriptor, from: u64) -> Result<ByteStream> {
        let path = match &self.paths {
            Some(paths) => paths.get(&blob.digest).cloned(),
            None => Some(blob_path(&blob.digest)),
        };
        let path = path.ok_or_else(|| no_file(&blob.digest.to_string()))?;
        let size = self
            .files
            .size(&path)
            .await?
            .ok_or_else(|| no_file(&path))?;
        if size != blob.size {
            let message = format!(
                "blob {} is {} bytes to its manifest, but {path} has {size}",
                blob.digest, blob.size
            );
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        self.files.open(&path, from).await
    }
}
