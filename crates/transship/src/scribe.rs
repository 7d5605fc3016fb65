//! Who writes down what a run did, signs it, and leaves it where it was asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use transship_engine::{Item, Outcome, Report};
use transship_oci::{Digest, Error, ErrorKind, Name, Reference, Result, Source as _};
use transship_trust::{
    Class,
    policy::Assessment,
    sign::{self, PrivateKey},
    statement::{Moved, Program, RUN, RunRecord, Said},
};

use crate::{app::App, args::Record, commands::place, files, private_key, trust::Guard};

/// The scribe of one run.
#[derive(Debug)]
pub(crate) struct Scribe {
    key: PrivateKey,
    file: Option<PathBuf>,
    attach: bool,
}

impl Scribe {
    /// A scribe with the key that was asked for; `None` where no statement is wanted.
    ///
    /// # Errors
    /// As [`private_key::read`]; `Invalid` when the statement has nowhere to go.
    pub(crate) fn new(app: &App, record: &Record) -> Result<Option<Self>> {
        let Some(given) = record.key() else {
            return Ok(None);
        };
        if record.statement.is_none() && !record.attach_statement {
            let message = "--statement-key alone states nothing";
            return Err(Error::new(ErrorKind::Invalid, message).hinting(
                "say where the statement goes: --statement FILE, --attach-statement or both",
            ));
        }
        Ok(Some(Self {
            key: private_key::read(app, &given)?,
            file: record.statement.clone(),
            attach: record.attach_statement,
        }))
    }

    /// States what was done. A run in which nothing was done leaves no statement, and says so.
    ///
    /// # Errors
    /// When the statement cannot be written, or not be put beside an artifact.
    pub(crate) async fn state(&self, app: &App, report: &Report, guard: &Guard) -> Result<()> {
        let record = record(report, guard);
        if record.artifacts.is_empty() {
            app.output.say("nothing was done, so nothing was stated");
            return Ok(());
        }
        let bundle = record.sign(&self.key)?;
        if let Some(path) = &self.file {
            let text = String::from_utf8_lossy(&bundle);
            files::write_text(path, &text)?;
            app.output
                .say(format_args!("stated in {}", files::name(path)));
        }
        if self.attach {
            self.attach(app, &record, &bundle).await?;
        }
        Ok(())
    }

    async fn attach(&self, app: &App, record: &RunRecord, bundle: &[u8]) -> Result<()> {
        let mut places = BTreeSet::new();
        for moved in &record.artifacts {
            for target in &moved.targets {
                let target: Reference = target.parse().map_err(|cause| {
                    Error::new(ErrorKind::Internal, "a target is no reference").because(cause)
                })?;
                places.insert((target.repository, moved.digest));
            }
        }
        for (name, digest) in places {
            let repository = app.target(&name)?;
            let subject = repository.resolve(&Name::Digest(digest)).await?;
            let signed = sign::referrer(bundle.to_vec().into(), &subject, RUN, app.now())?;
            place(&repository, &subject, &signed, false).await?;
            app.output
                .say(format_args!("stated beside {name}@{digest}"));
        }
        Ok(())
    }
}

/// What is to be stated: everything that is done, whether it was moved now or had been before.
fn record(report: &Report, guard: &Guard) -> RunRecord {
    let assessments = guard.assessments();
    let mut artifacts: BTreeMap<(String, Digest, Digest), Moved> = BTreeMap::new();
    let mut trust_roots = BTreeSet::new();
    for item in &report.items {
        let (Some(found), Some(digest)) = (item.found, item.digest) else {
            continue;
        };
        if matches!(item.outcome, Outcome::Failed(_)) {
            continue;
        }
        let key = (item.source.clone(), found, digest);
        let moved = artifacts.entry(key).or_insert_with(|| {
            let said = said_of(&assessments, item, found, digest);
            trust_roots.extend(
                said.iter()
                    .flat_map(|said| &said.trust_roots)
                    .map(|root| root.digest),
            );
            Moved {
                source: item.source.clone(),
                source_digest: found,
                digest,
                targets: BTreeSet::new(),
                referrers: item.referrers.iter().copied().collect(),
                verdict: said.map(|said| Said::from(&*said)),
            }
        });
        moved.targets.insert(item.target.clone());
    }
    RunRecord {
        program: Program {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        policy: guard.digest(),
        trust_roots,
        artifacts: artifacts.into_values().collect(),
    }
}

/// What the policy said of an artifact at its source.
fn said_of(
    assessments: &[Arc<Assessment>],
    item: &Item,
    found: Digest,
    digest: Digest,
) -> Option<Arc<Assessment>> {
    let source: Reference = item.source.parse().ok()?;
    let place = source.repository.to_string();
    let here = |it: &&Arc<Assessment>| {
        it.class == Class::Good && it.location == place && (it.root == found || it.root == digest)
    };
    let under_its_name =
        |it: &&Arc<Assessment>| it.reference.as_deref() == Some(item.source.as_str());
    let mut all = assessments.iter().filter(here);
    let named = assessments.iter().filter(here).find(under_its_name);
    named.or_else(|| all.next()).cloned()
}
