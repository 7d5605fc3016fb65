//! `sign REF`

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde::Serialize;
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, Presence, RawManifest, Result, Sink, Source as _, Tie,
    media_type,
};
use transship_registry_client::RemoteRepository;
use transship_trust::sign::{self, LegacySignature, PrivateKey, Signed};

use crate::{
    app::App,
    args::{Sign, Storage},
    exit::Exit,
    private_key,
};

/// How deep indexes may lie in indexes, as for a copy.
const MAX_DEPTH: usize = 8;

pub(super) async fn run(app: &App, args: &Sign) -> Result<Exit> {
    let key = private_key::read(app, &args.key)?;
    let repository = app.target(&args.reference.repository)?;
    let root = repository.fetch(&args.reference.name()).await?;
    let subjects = if args.recursive {
        with_children(&repository, root).await?
    } else {
        vec![root.descriptor().clone()]
    };
    let annotations: BTreeMap<String, String> = args.annotations.iter().cloned().collect();
    let created = app.now();
    let mut lines = Vec::new();
    for subject in subjects {
        let signed = match args.storage() {
            Storage::Bundle => sign::sign(&key, &subject, &annotations, created)?,
            Storage::Cosign => {
                let signature = LegacySignature {
                    subject: subject.digest,
                    name: repository.name(),
                    annotations: &annotations,
                };
                let tag = sign::legacy_tag(&subject.digest, "sig")?;
                let existing = sign::tagged(&repository, &tag).await?;
                sign::sign_legacy(&key, &signature, existing.as_ref())?
            }
        };
        lines.push(place(&repository, &subject, &signed, args.dry_run).await?);
    }
    app.progress.end();
    app.output
        .result(&Placed::new(&repository, &key, args.storage(), lines))?;
    Ok(Exit::Done)
}

/// An artifact and every manifest below it, each once.
pub(super) async fn with_children(
    repository: &RemoteRepository,
    root: RawManifest,
) -> Result<Vec<Descriptor>> {
    let mut seen = HashSet::from([root.digest()]);
    let mut subjects = vec![root.descriptor().clone()];
    let mut level = vec![root];
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for manifest in level {
            for child in manifest.children()?.manifests {
                if !seen.insert(child.digest) {
                    continue;
                }
                if media_type::is_index(&child.media_type) {
                    next.push(Sink::manifest(repository, &child).await?);
                }
                subjects.push(Descriptor::new(child.media_type, child.digest, child.size));
            }
        }
        if next.is_empty() {
            return Ok(subjects);
        }
        level = next;
    }
    let message = format!("it is nested deeper than {MAX_DEPTH} steps");
    Err(Error::new(ErrorKind::Corrupt, message).at(repository.name()))
}

/// Puts what was signed beside its subject, unless the same lies there already.
pub(crate) async fn place(
    repository: &RemoteRepository,
    subject: &Descriptor,
    signed: &Signed,
    dry_run: bool,
) -> Result<Line> {
    let there = already(repository, subject, signed).await?;
    let (outcome, manifest) = match (there, dry_run) {
        (Some(there), _) => ("unchanged", there),
        (None, true) => ("would sign", signed.manifest.digest()),
        // Others may have signed meanwhile, and then it is another manifest that holds all of it.
        (None, false) => ("signed", sign::publish(signed, repository).await?),
    };
    Ok(Line {
        outcome,
        subject: subject.digest,
        manifest,
    })
}

/// The manifest beside the subject that holds the very same signature. A bundle's manifest tells the time at which it was
/// made, so it is the bundle inside that is compared.
async fn already(
    repository: &RemoteRepository,
    subject: &Descriptor,
    signed: &Signed,
) -> Result<Option<Digest>> {
    if let Some(tag) = &signed.tag {
        let now = repository.tagged(tag).await?;
        let same = now.filter(|node| node.digest == signed.manifest.digest());
        return Ok(same.map(|node| node.digest));
    }
    let Some((blob, _)) = signed.blobs.last() else {
        return Ok(None);
    };
    // One request answers for nearly all: a bundle that nobody has is in no manifest.
    let presence = Sink::have(repository, std::slice::from_ref(blob)).await?;
    if presence.first() != Some(&Presence::Present) {
        return Ok(None);
    }
    for referrer in Sink::referrers(repository, &subject.digest).await? {
        if referrer.tie != Tie::Subject {
            continue;
        }
        let manifest = Sink::manifest(repository, &referrer.descriptor).await?;
        let blobs = manifest.children()?.blobs;
        if blobs.iter().any(|known| known.digest == blob.digest) {
            return Ok(Some(manifest.digest()));
        }
    }
    Ok(None)
}

/// The key's own words for what it made: what was signed, and where it lies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Placed {
    repository: String,
    key: String,
    storage: &'static str,
    items: Vec<Line>,
}

/// One subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    outcome: &'static str,
    subject: Digest,
    manifest: Digest,
}

impl Placed {
    pub(super) fn new(
        repository: &RemoteRepository,
        key: &PrivateKey,
        storage: Storage,
        items: Vec<Line>,
    ) -> Self {
        Self {
            repository: repository.name().to_string(),
            key: key.public().fingerprint(),
            storage: storage.as_str(),
            items,
        }
    }
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.items {
            writeln!(
                f,
                "{:<10} {}@{}",
                line.outcome, self.repository, line.subject
            )?;
            writeln!(f, "{:10} {} {}", "", self.storage, line.manifest)?;
        }
        writeln!(f, "by key {}", self.key)
    }
}
