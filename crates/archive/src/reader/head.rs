//! The head of a volume: everything but the blobs, in memory and checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use transship_oci::{Descriptor, Digest, Error, ErrorKind, RawManifest, Result, media_type};

use super::preface::{Place, place};
use crate::{
    inventory::{INVENTORY_TYPE, Inventory},
    layout::{DOCKER_MANIFEST, INDEX, OCI_LAYOUT, OCI_LAYOUT_CONTENT, blob_at, blob_path},
    repository::{Manifests, Node},
    tar::{
        read::{Limits, Member, members_of},
        write,
    },
};

/// The head of a volume.
#[derive(Debug)]
pub(crate) struct Head {
    pub(super) place: Place,
    /// The entries of `index.json`.
    pub(super) entries: Vec<Descriptor>,
    /// `manifest.json`, which is not there where nothing in the volume is for docker.
    pub(super) docker: Option<Bytes>,
    /// The inventory's own manifest.
    pub(super) artifact: Node,
    pub(super) inventory: Inventory,
    /// What is signed by whom: manifests whose subject is the inventory's.
    pub(super) seals: Vec<Node>,
    /// The manifests of the inventory.
    pub(super) manifests: Manifests,
    /// Everything that lies in the head by its digest.
    pub(super) content: HashMap<Digest, Bytes>,
}

impl Head {
    /// Reads a head of just these bytes.
    ///
    /// # Errors
    /// `Corrupt` with the name of the member and the reason.
    pub(super) fn parse(bytes: &Bytes) -> Result<Self> {
        let members = members_of(bytes, Limits::default())?;
        for member in &members {
            check_written(bytes, member)?;
        }
        let files = Files { bytes, members };
        if files.named(0, OCI_LAYOUT)? != OCI_LAYOUT_CONTENT {
            return Err(corrupt(format!(
                "{OCI_LAYOUT} is not that of an image layout 1.0.0"
            )));
        }
        let index = files.named(1, INDEX)?;
        let docker = files.named(2, DOCKER_MANIFEST).ok();
        let lists = 2 + usize::from(docker.is_some());
        let place = place(&index)?.filter(|place| place.head == bytes.len() as u64);
        let place =
            place.ok_or_else(|| corrupt(format!("{INDEX} claims a head of another length")))?;
        let entries = entries(&index)?;
        let (order, content) = files.contents(lists)?;
        let artifact = artifact(&entries, &order, &content)?;
        let json = &artifact.children.blobs[0].digest;
        let inventory = Inventory::parse(&content[json])?;
        let manifests = manifests(&inventory, &order, &content)?;
        let seals = seals(&entries, &artifact, (&inventory, &manifests), &content)?;
        let head = Self {
            place,
            entries,
            docker,
            artifact,
            inventory,
            seals,
            manifests,
            content,
        };
        head.check_rest(&order)?;
        Ok(head)
    }

    /// The digest of the inventory's manifest: what a person compares.
    pub(super) fn digest(&self) -> Digest {
        self.artifact.manifest.digest()
    }

    /// Is there anything between inventory and manifests that belongs to neither trust material nor signatures?
    fn check_rest(&self, order: &[Digest]) -> Result<()> {
        for file in &self.inventory.trust {
            let bytes = self
                .content
                .get(&file.digest)
                .map(|bytes| bytes.len() as u64);
            if bytes != Some(file.size) {
                let message = format!(
                    "trust file {} of the inventory is not in the head with {} bytes",
                    file.name, file.size
                );
                return Err(corrupt(message));
            }
        }
        let trust = self.inventory.trust.iter().map(|file| file.digest);
        let nodes = self.seals.iter().chain([&self.artifact]);
        let sealed = nodes.flat_map(|node| {
            let blobs = node.children.blobs.iter().map(|blob| blob.digest);
            blobs.chain([node.manifest.digest()])
        });
        let listed = self
            .inventory
            .manifests
            .iter()
            .map(|manifest| manifest.digest);
        let known: HashSet<Digest> = trust.chain(sealed).chain(listed).chain([empty()]).collect();
        let stray = order.iter().find(|digest| !known.contains(*digest));
        stray.map_or(Ok(()), |digest| {
            Err(corrupt(format!(
                "member {} of the head belongs to nothing",
                blob_path(digest)
            )))
        })
    }
}

/// The content of the empty descriptor (image-spec, manifest.md): other tools want it in a layout, and nobody lists it.
fn empty() -> Digest {
    Digest::sha256(b"{}")
}

struct Files<'a> {
    bytes: &'a Bytes,
    members: Vec<Member>,
}

impl Files<'_> {
    fn bytes_of(&self, member: &Member) -> Bytes {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        self.bytes
            .slice(place(member.offset)..place(member.offset + member.size))
    }

    /// The member that must stand at a place.
    fn named(&self, number: usize, path: &str) -> Result<Bytes> {
        let member = self
            .members
            .get(number)
            .filter(|member| member.path == path);
        let member = member
            .ok_or_else(|| corrupt(format!("member {} of the tar is not {path}", number + 1)))?;
        Ok(self.bytes_of(member))
    }

    /// Everything behind the lists: content under its digest.
    fn contents(&self, lists: usize) -> Result<(Vec<Digest>, HashMap<Digest, Bytes>)> {
        let mut order = Vec::new();
        let mut content = HashMap::new();
        for member in &self.members[lists..] {
            let digest = blob_at(&member.path).ok_or_else(|| {
                corrupt(format!("member {:?} has no place in the head", member.path))
            })?;
            let bytes = self.bytes_of(member);
            let found = Digest::of(digest.algorithm(), &bytes);
            if found != digest {
                let message = format!("member {} hashes to {found}", member.path);
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            order.push(digest);
            content.insert(digest, bytes);
        }
        Ok((order, content))
    }
}

/// A member of ours has one header that is possible, and zeros behind it.
fn check_written(bytes: &[u8], member: &Member) -> Result<()> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let header = &bytes[place(member.header)..place(member.offset)];
    let end = place(member.offset + member.size);
    let filling = &bytes[end..end + write::padding(member.size)];
    if header != write::header(&member.path, member.size) || filling.iter().any(|byte| *byte != 0) {
        let message = format!(
            "the header or the filling of member {} was changed",
            member.path
        );
        return Err(corrupt(message));
    }
    Ok(())
}

/// Reads `index.json`, which has one form that is possible for what it says.
fn entries(index: &[u8]) -> Result<Vec<Descriptor>> {
    #[derive(Deserialize, Serialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Index {
        schema_version: u32,
        media_type: String,
        manifests: Vec<Descriptor>,
        annotations: BTreeMap<String, String>,
    }
    let index: Index = canonical(INDEX, index)?;
    if index.schema_version != 2
        || index.media_type != media_type::OCI_INDEX
        || index.annotations.len() != 2
    {
        return Err(corrupt(format!(
            "{INDEX} is not of the form that is written"
        )));
    }
    Ok(index.manifests)
}

/// Reads a list that has one form that is possible: compact, nothing unknown, nothing twice.
pub(super) fn canonical<T: DeserializeOwned + Serialize>(path: &str, bytes: &[u8]) -> Result<T> {
    let unreadable = |cause| corrupt(format!("{path} cannot be read")).because(cause);
    let value: T = serde_json::from_slice(bytes).map_err(unreadable)?;
    if serde_json::to_vec(&value).map_err(unreadable)? != bytes {
        return Err(corrupt(format!(
            "{path} is not of the form that is written"
        )));
    }
    Ok(value)
}

/// The inventory's manifest comes first, then the inventory.
fn artifact(
    entries: &[Descriptor],
    order: &[Digest],
    content: &HashMap<Digest, Bytes>,
) -> Result<Node> {
    let [first, second, ..] = order else {
        return Err(corrupt("there is no inventory in the head"));
    };
    let fits = |entry: &&Descriptor| {
        entry.digest == *first && entry.media_type == media_type::OCI_MANIFEST
    };
    let entry = entries.iter().find(fits);
    let entry = entry.ok_or_else(|| corrupt(format!("{INDEX} does not list the inventory")))?;
    let node = node(entry, &content[first])?;
    let says = node.children.artifact_type.as_deref();
    let config = node.children.blobs.first();
    let config =
        config.filter(|config| config.digest == *second && config.media_type == INVENTORY_TYPE);
    if says != Some(INVENTORY_TYPE) || config.is_none() {
        return Err(corrupt(format!(
            "manifest {first} of the head is not that of an inventory"
        )));
    }
    Ok(node)
}

/// The manifests are the end of the head, in the order of the inventory.
fn manifests(
    inventory: &Inventory,
    order: &[Digest],
    content: &HashMap<Digest, Bytes>,
) -> Result<Manifests> {
    let first = order.len().checked_sub(inventory.manifests.len());
    let laid = first.map_or(&[][..], |first| &order[first..]);
    let listed = inventory.manifests.iter();
    if !listed.clone().map(|manifest| &manifest.digest).eq(laid) {
        return Err(corrupt(
            "the head does not end with the manifests that the inventory lists",
        ));
    }
    let mut manifests = Manifests::default();
    for manifest in listed {
        let said = Descriptor::new(&manifest.media_type, manifest.digest, manifest.size);
        manifests.add(node(&said, &content[&manifest.digest])?);
    }
    Ok(manifests)
}

/// What `index.json` lists beside the manifests of the inventory: the signatures of the inventory.
fn seals(
    entries: &[Descriptor],
    artifact: &Node,
    (inventory, manifests): (&Inventory, &Manifests),
    content: &HashMap<Digest, Bytes>,
) -> Result<Vec<Node>> {
    let own = artifact.manifest.digest();
    let carried: HashSet<Digest> = inventory.blobs.iter().map(|blob| blob.digest).collect();
    let there = |blob: &&Descriptor| {
        // What an artifact has too lies in the body, once.
        content.contains_key(&blob.digest) || carried.contains(&blob.digest)
    };
    let mut seals = Vec::new();
    for entry in entries {
        if entry.digest == own || manifests.get(&entry.digest).is_some() {
            continue;
        }
        let bytes = content.get(&entry.digest).ok_or_else(|| {
            corrupt(format!(
                "{INDEX} lists {}, which is not in the head",
                entry.digest
            ))
        })?;
        let node = node(entry, bytes)?;
        if node.children.subject_digest() != Some(own) || !entry.is_manifest() {
            let message = format!(
                "{INDEX} lists {}, which the inventory does not",
                entry.digest
            );
            return Err(corrupt(message));
        }
        let mut blobs = node.children.blobs.iter();
        if let Some(blob) = blobs.find(|blob| !there(blob)) {
            let message = format!(
                "signature {} of the inventory names {}, which is not there",
                entry.digest, blob.digest
            );
            return Err(corrupt(message));
        }
        seals.push(node);
    }
    Ok(seals)
}

fn node(said: &Descriptor, bytes: &Bytes) -> Result<Node> {
    let plain = Descriptor::new(&said.media_type, said.digest, said.size);
    // Here it is not the way that changed a byte, but what lies there.
    let manifest = RawManifest::verified(&plain, bytes.clone());
    let manifest = manifest.map_err(|error| corrupt(error.message().to_owned()))?;
    Node::read(manifest)
}

pub(super) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
