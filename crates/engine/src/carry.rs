//! Carrying: gathered artifacts into a sink that takes one blob after another, all or nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_oci::{
    Artifact, Descriptor, Digest, Error, ErrorKind, Event, Placed, RawManifest, Referrer, Result,
    Side, Sink, Tag, Tie,
};

use crate::{
    Gathered, Gathering, Item, Moved, Outcome, Report, ahead::Ahead, artifact::two_sizes,
    carried::Carried, context::Run, errand::Errand, task::Task,
};

/// Carries what was gathered: the blobs in the order given, the manifests, the tags, and the seal.
///
/// # Errors
/// The first that stands in the way: then the sink was not finished.
pub(crate) async fn carry_all(
    run: &Arc<Run>,
    gathering: &Gathering,
    sink: Arc<dyn Sink>,
    order: &[Descriptor],
) -> Result<Report> {
    let place = sink.location().to_string();
    let left_out = gathering.failed.len() as u64;
    let carrying = Carrying {
        run,
        gathered: &gathering.gathered,
        sink,
    };
    let carried = carrying.carry(order).await;
    let (report, copied, failed, bytes) = match carried {
        Ok(moved) => {
            let report = carrying.report(&moved, &gathering.failed, &place);
            let (copied, bytes) = (report.copied(), report.bytes());
            (Ok(report), copied, left_out, bytes)
        }
        Err((label, error)) => {
            let item = Item::lost(label, place, error.share());
            run.tell(&item.event());
            let failed = left_out + gathering.gathered.len() as u64;
            (Err(error), 0, failed, 0)
        }
    };
    run.tell(&Event::RunFinished {
        copied,
        unchanged: 0,
        failed,
        bytes,
    });
    report
}

/// What went wrong, and with which artifact; the empty text where it is all of them.
type Broken = (String, Error);

struct Carrying<'a> {
    run: &'a Arc<Run>,
    gathered: &'a [Gathered],
    sink: Arc<dyn Sink>,
}

impl Carrying<'_> {
    /// Returns what was moved for each artifact.
    async fn carry(&self, order: &[Descriptor]) -> Result<Vec<Moved>, Broken> {
        let whole = |error| (String::new(), error);
        self.check_sink().map_err(whole)?;
        let blobs = self.homes(order).map_err(whole)?;
        self.tell_plan(&blobs);
        let mut moved = self.blobs(blobs).await?;
        self.manifests(&mut moved).await?;
        self.tags().await?;
        self.sink.finish().await.map_err(|error| {
            let error = error.op("complete").on(Side::Target);
            whole(error.at(self.sink.location()))
        })?;
        Ok(moved)
    }

    /// What somebody can read before it is finished is not to be filled this way: nothing is read back here.
    fn check_sink(&self) -> Result<()> {
        if self.sink.reader().is_none() {
            return Ok(());
        }
        let message = "only what nobody can read before it is complete can be carried into";
        Err(Error::new(ErrorKind::Internal, message).at(self.sink.location()))
    }

    /// For each blob, the first artifact that has it.
    fn homes(&self, order: &[Descriptor]) -> Result<Vec<(usize, Descriptor)>> {
        let mut homes: HashMap<Digest, (usize, &Descriptor)> = HashMap::new();
        for (at, one) in self.gathered.iter().enumerate() {
            for blob in &one.artifact.blobs {
                let (_, known) = homes.entry(blob.digest).or_insert((at, blob));
                if known.size != blob.size {
                    return Err(two_sizes(blob, known.size).on(Side::Source));
                }
            }
        }
        let home = |blob: &Descriptor| match homes.get(&blob.digest) {
            Some((at, known)) if known.size == blob.size => Ok((*at, (*known).clone())),
            _ => {
                let message = format!("blob {} was not gathered", blob.digest);
                Err(Error::new(ErrorKind::Internal, message).at(self.sink.location()))
            }
        };
        order.iter().map(home).collect()
    }

    fn tell_plan(&self, blobs: &[(usize, Descriptor)]) {
        let mut sums = vec![(0_u64, 0_u64); self.gathered.len()];
        for (at, blob) in blobs {
            if let Some((bytes, count)) = sums.get_mut(*at) {
                *bytes = bytes.saturating_add(blob.size);
                *count += 1;
            }
        }
        for (one, (bytes, blobs)) in self.gathered.iter().zip(sums) {
            self.run.tell(&Event::Planned {
                source: one.label.clone(),
                bytes,
                blobs,
                manifests: one.artifact.manifests.len() as u64,
                referrers: one.artifact.referrers.len() as u64,
            });
        }
    }

    /// Moves the blobs, and says how much for each artifact: a blob counts for the first that has it. Each takes its permits before the next one does: were they taken in any order, the one whose
    /// turn it is could wait behind those that wait for it.
    async fn blobs(&self, blobs: Vec<(usize, Descriptor)>) -> Result<Vec<Moved>, Broken> {
        let open = self.run.options.open_blobs.max(1);
        let mut moved = vec![Moved::default(); self.gathered.len()];
        let begun = stream::iter(blobs).then(|(at, blob)| self.begin(at, blob));
        let mut placed = std::pin::pin!(begun.map(Begun::end).buffer_unordered(open));
        while let Some((at, placed)) = placed.try_next().await? {
            if let (Placed::Sent(bytes), Some(moved)) = (placed, moved.get_mut(at)) {
                moved.blobs += 1;
                moved.bytes += bytes;
            }
        }
        Ok(moved)
    }

    async fn begin(&self, at: usize, blob: Descriptor) -> Begun {
        let one = &self.gathered[at];
        let digest = blob.digest;
        let source = Arc::new(Ahead(Arc::clone(&one.source)));
        let observer = Arc::clone(&self.run.observer);
        let errand = Errand {
            run: Arc::clone(self.run),
            sink: Arc::clone(&self.sink),
            label: one.label.clone(),
            blob: Carried::new(source, observer, blob),
        };
        let room = errand.room(one.source.budget()).await;
        errand.tell_start();
        Begun {
            at,
            label: one.label.clone(),
            digest,
            task: Task::spawn(errand.put(room)),
        }
    }

    /// Puts every manifest once, in the order of publication.
    async fn manifests(&self, moved: &mut [Moved]) -> Result<(), Broken> {
        let mut put = BTreeSet::new();
        for (one, moved) in self.gathered.iter().zip(moved) {
            let roles = Roles::of(&one.artifact);
            for manifest in &one.artifact.manifests {
                let digest = manifest.digest();
                if !put.insert(digest) {
                    continue;
                }
                let done = self.sink.put_manifest(manifest).await;
                done.map_err(|error| self.blame(one, error, format!("put manifest {digest}")))?;
                let role = roles.role(&digest);
                moved.manifests += 1;
                moved.referrers += u64::from(role == "referrer");
                self.run.tell(&Event::ManifestPut {
                    target: self.sink.location().to_string(),
                    digest,
                    role,
                });
            }
        }
        Ok(())
    }

    /// Sets the tags: of each artifact those of its signatures first.
    async fn tags(&self) -> Result<(), Broken> {
        for one in self.gathered {
            let manifests: BTreeMap<Digest, &RawManifest> = one
                .artifact
                .manifests
                .iter()
                .map(|manifest| (manifest.digest(), manifest))
                .collect();
            for (digest, tags) in tagged(&one.artifact) {
                let Some(manifest) = manifests.get(&digest) else {
                    let message = format!("manifest {digest} was not gathered");
                    return Err((one.label.clone(), Error::new(ErrorKind::Internal, message)));
                };
                let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
                let op = format!("tag {}", names.join(", "));
                let done = self.sink.tag(&tags, manifest).await;
                done.map_err(|error| self.blame(one, error, op))?;
                let repository = &one.artifact.reference.repository;
                for tag in tags {
                    self.run.tell(&Event::Tagged {
                        target: format!("{}: {repository}:{tag}", self.sink.location()),
                        digest,
                    });
                }
            }
        }
        Ok(())
    }

    fn blame(&self, one: &Gathered, error: Error, op: String) -> Broken {
        let error = error.op(op).on(Side::Target).at(self.sink.location());
        (one.label.clone(), error)
    }

    fn report(&self, moved: &[Moved], failed: &[Item], place: &str) -> Report {
        let done = self.gathered.iter().zip(moved).map(|(one, moved)| {
            let referrers = one.artifact.referrers.iter();
            let referrers: BTreeSet<Digest> = referrers
                .map(|(_, referrer)| referrer.descriptor.digest)
                .collect();
            let item = Item {
                source: one.label.clone(),
                target: place.to_owned(),
                found: Some(one.found),
                digest: Some(one.artifact.root.digest),
                referrers: referrers.into_iter().collect(),
                outcome: Outcome::Copied,
                moved: *moved,
                missing: Vec::new(),
            };
            self.run.tell(&item.event());
            item
        });
        let mut items: Vec<Item> = done.collect();
        let lost = failed.iter().filter_map(|item| match &item.outcome {
            Outcome::Failed(error) => Some((item, error.share())),
            Outcome::Copied | Outcome::Unchanged => None,
        });
        items.extend(
            lost.map(|(item, error)| Item::lost(item.source.clone(), place.to_owned(), error)),
        );
        Report { items }
    }
}

/// What each tag is to point at: signature tags, then the artifact's own.
fn tagged(artifact: &Artifact) -> Vec<(Digest, Vec<Tag>)> {
    let tie = |(_, referrer): &(Digest, Referrer)| match &referrer.tie {
        Tie::Tag(tag) => Some((referrer.descriptor.digest, vec![tag.clone()])),
        Tie::Subject => None,
    };
    let mut tagged: Vec<_> = artifact.referrers.iter().filter_map(tie).collect();
    if !artifact.tags.is_empty() {
        tagged.push((artifact.root.digest, artifact.tags.clone()));
    }
    tagged
}

/// What each manifest is to its artifact.
struct Roles {
    root: Digest,
    beside: BTreeSet<Digest>,
}

impl Roles {
    fn of(artifact: &Artifact) -> Self {
        let referrers = artifact.referrers.iter();
        Self {
            root: artifact.root.digest,
            beside: referrers
                .map(|(_, referrer)| referrer.descriptor.digest)
                .collect(),
        }
    }

    fn role(&self, digest: &Digest) -> &'static str {
        if *digest == self.root {
            "root"
        } else if self.beside.contains(digest) {
            "referrer"
        } else {
            "child"
        }
    }
}

/// A blob on its way.
struct Begun {
    /// Whose.
    at: usize,
    label: String,
    digest: Digest,
    task: Task<Result<Placed>>,
}

impl Begun {
    async fn end(self) -> Result<(usize, Placed), Broken> {
        let Self {
            at,
            label,
            digest,
            task,
        } = self;
        match task.await.and_then(|placed| placed) {
            Ok(placed) => Ok((at, placed)),
            Err(error) => {
                let error = error.op(format!("carry blob {digest} of {label}"));
                Err((label, error))
            }
        }
    }
}
