//! `archive split`, `archive join` and `archive expand`: the same artifacts, laid out anew.

use std::{collections::BTreeMap, sync::Arc};

use futures::stream;
use transship_archive::{Archive, Filled, Lineage, Outline, OutlineOptions, TrustMaterial};
use transship_engine::{Engine, Gathering, Job};
use transship_oci::{Artifact, Name, Result, Source};
use transship_trust::sign::PrivateKey;

use crate::{
    app::App,
    archives::{self, Cargo, GENERATOR},
    args::{Choices, ExpandArchive, JoinArchive, Rewriting, SplitArchive, Written},
    commands::export::{Exported, Manner, failures, write},
    exit::Exit,
    names::Destination,
    private_key, stores,
    trust::Guard,
};

pub(super) async fn split(app: &App, args: &SplitArchive) -> Result<Exit> {
    let rewrite = Rewrite {
        to: &args.to,
        manner: &args.rewriting,
        volume_size: Some(args.volume_size.0),
        behind: None,
    };
    rewrite.run(app, &args.archive).await
}

pub(super) async fn join(app: &App, args: &JoinArchive) -> Result<Exit> {
    let rewrite = Rewrite {
        to: &args.to,
        manner: &args.rewriting,
        volume_size: None,
        behind: None,
    };
    rewrite.run(app, &args.archive).await
}

pub(super) async fn expand(app: &App, args: &ExpandArchive) -> Result<Exit> {
    let rewrite = Rewrite {
        to: &args.to,
        manner: &args.rewriting,
        volume_size: None,
        behind: Some(Destination::new(&args.from, None)?),
    };
    rewrite.run(app, &args.archive).await
}

/// What is to become of an archive.
struct Rewrite<'a> {
    to: &'a Written,
    manner: &'a Rewriting,
    volume_size: Option<u64>,
    /// Where what is not carried is read; nothing for an archive that goes on counting on it.
    behind: Option<Destination>,
}

impl Rewrite<'_> {
    async fn run(&self, app: &App, written: &Written) -> Result<Exit> {
        let key = self.manner.signing.given();
        let key = key
            .map(|given| private_key::read(app, &given))
            .transpose()?;
        let spot = stores::open(app, self.to)?.named()?;
        let (archive, _) = archives::own(app, written).await?;
        let judged = archives::unlock(app, &archive, &self.manner.archive_key, None).await?;
        if judged.is_none() && key.is_some() {
            // Whoever signs it anew answers for it.
            app.output.say(format_args!(
                "note: nobody's signature of inventory {} was asked for, and the new one is signed; --archive-key asks",
                archive.digest()
            ));
        }
        let cargo = Cargo::own(&archive)?;
        let engine = engine(app, &archive);
        let gathering = self.gather(app, &engine, cargo).await?;
        if let Some((_, error)) = failures(&gathering).next() {
            return Err(error.share());
        }
        let outline = self.outline(&archive, &gathering, key.as_ref())?;
        let exported = Exported::of(&spot, &gathering, &outline, key.as_ref(), false);
        let manner = Manner {
            overwrite: self.manner.overwrite,
            verify_media: self.manner.verify_media,
        };
        write(app, &engine, &gathering, Arc::new(outline), (&spot, manner)).await?;
        app.progress.end();
        note_signatures(app, &archive, key.as_ref()).await?;
        app.output.result(&exported)?;
        Ok(Exit::Done)
    }

    async fn gather(&self, app: &App, engine: &Engine, cargo: Vec<Cargo>) -> Result<Gathering> {
        let tags: Vec<_> = cargo.iter().map(|one| one.tags.clone()).collect();
        let jobs = cargo.into_iter().map(|one| {
            Ok(Job {
                label: one.label(),
                name: Name::Digest(one.digest),
                targets: Vec::new(),
                expect: Some(one.digest),
                source: self.source(app, one)?,
            })
        });
        let jobs: Vec<Job> = jobs.collect::<Result<_>>()?;
        let mut gathering = Box::pin(engine.gather(stream::iter(jobs))).await;
        if gathering.failed.is_empty() {
            for (one, tags) in gathering.gathered.iter_mut().zip(tags) {
                one.artifact.tags = tags;
            }
        }
        Ok(gathering)
    }

    fn source(&self, app: &App, one: Cargo) -> Result<Arc<dyn Source>> {
        let (Some(to), Some(source), Some(path)) = (&self.behind, &one.source, &one.path) else {
            return Ok(one.from);
        };
        let (repository, _) = to.of(source, path, &one.tags)?;
        let behind = Arc::new(app.source(&repository)?);
        Ok(Arc::new(Filled::new(one.from, behind)))
    }

    fn outline(
        &self,
        archive: &Archive,
        gathering: &Gathering,
        key: Option<&PrivateKey>,
    ) -> Result<Outline> {
        let gathered = gathering.gathered.iter();
        let artifacts: Vec<Artifact> = gathered.map(|one| one.artifact.clone()).collect();
        let inventory = archive.inventory();
        let mut targets = BTreeMap::new();
        for carried in &inventory.artifacts {
            if let Some(target) = &carried.target {
                targets.insert(carried.source.clone(), target.clone());
            }
        }
        let counted_on = inventory.prerequisites.iter().map(|it| it.digest);
        let trust = inventory.trust.iter().filter_map(|file| {
            let bytes = archive.trust_file(&file.name)?;
            let name = file.name.clone();
            Some(TrustMaterial { name, bytes })
        });
        let options =
            OutlineOptions {
                lineage: inventory.lineage.clone().zip(inventory.sequence).map(
                    |(name, sequence)| Lineage {
                        name,
                        sequence,
                        predecessor: inventory.predecessor,
                    },
                ),
                tag_policy: inventory.tag_policy,
                targets,
                prerequisites: match &self.behind {
                    Some(_) => std::collections::BTreeSet::new(),
                    None => counted_on.collect(),
                },
                trust: trust.collect(),
                volume_size: self.volume_size,
                ..OutlineOptions::new(GENERATOR)
            };
        Outline::of(&artifacts, &options, &|it| archives::seal(key, it))
    }
}

/// An engine that takes everything the archive has. What was left out of it as foreign stays out.
fn engine(app: &App, archive: &Archive) -> Engine {
    let mut artifacts = archive.inventory().artifacts.iter();
    let choices = Choices {
        include_foreign: artifacts.all(|carried| carried.foreign.is_empty()),
        ..Choices::default()
    };
    app.engine(&choices, &Guard::default(), |_| {})
}

async fn note_signatures(app: &App, archive: &Archive, key: Option<&PrivateKey>) -> Result<()> {
    let source = archive.inventory_source();
    if key.is_none() && !source.referrers(&archive.digest()).await?.is_empty() {
        app.output.say(
            "note: the signatures of the old inventory do not fit the new one; --key signs it",
        );
    }
    Ok(())
}
