//! `archive verify ARCHIVE`: who signed it, every byte of it, and what a damage costs.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use transship_archive::{Archive, Fault};
use transship_oci::{
    Digest, Error, ErrorKind, Event, Name, Observer as _, Reference, Result, Side,
};
use transship_trust::{
    Judge, Limits,
    policy::{self, Rules},
};

use crate::{
    amount::Count,
    app::App,
    archives::{self, Cargo},
    args::VerifyArchive,
    exit::Exit,
    trust,
};

pub(super) async fn run(app: &App, args: &VerifyArchive) -> Result<Exit> {
    let rules = args
        .policy
        .as_deref()
        .map(|path| trust::rules(app, path))
        .transpose()?;
    let (archive, _) = archives::own(app, &args.archive).await?;
    let policy = args.archive_policy.as_ref();
    let judged = archives::unlock(app, &archive, &args.archive_key, policy).await?;
    let mut refused = Vec::new();
    if let Some(rules) = rules {
        refused = artifacts(app, &archive, &*rules).await?;
    }
    let digest = archive.digest();
    let faults = archive
        .verify(&|bytes| app.progress.on(&Event::BlobProgress { digest, bytes }))
        .await?;
    app.progress.end();
    app.output.result(&Verified {
        archive: archive.at(),
        inventory: digest,
        signed: judged.map(|found| found.reasons),
        faults: faults
            .iter()
            .map(|fault| Line::of(&archive, fault))
            .collect(),
        refused: refused.iter().map(ToString::to_string).collect(),
    })?;
    for error in &refused {
        app.output.error(error);
    }
    if faults.is_empty() {
        return Ok(Exit::of_run(0, &refused));
    }
    let places = Count(faults.len() as u64, "place");
    let message = format!("the archive is damaged in {places}");
    app.output.error(
        &Error::new(ErrorKind::Corrupt, message)
            .on(Side::Source)
            .at(archive.at())
            .hinting("bring it again; `import --continue-on-errors` takes what is whole"),
    );
    Ok(Exit::Failed(ErrorKind::Corrupt))
}

/// What a policy says of every artifact: those that it refuses.
async fn artifacts(app: &App, archive: &Archive, rules: &dyn Rules) -> Result<Vec<Error>> {
    let judge = Judge::new(app.now());
    let mut refused = Vec::new();
    for one in Cargo::own(archive)? {
        let reference = one.source.clone().map(|repository| Reference {
            repository,
            tag: one.tags.first().cloned(),
            digest: None,
        });
        let reference = reference
            .as_ref()
            .filter(|reference| reference.tag.is_some());
        let name = Name::Digest(one.digest);
        let walked = policy::walk(rules, &*one.from, reference, &name).await?;
        let found = policy::assess(rules, &judge, &Limits::default(), &walked, &*one.from).await?;
        if let Some(kind) = found.class.error_kind() {
            let message = format!("{} is refused: {}", one.label(), found.reasons.join("; "));
            refused.push(Error::new(kind, message).on(Side::Source));
        }
    }
    Ok(refused)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified<'a> {
    archive: &'a str,
    inventory: Digest,
    /// Why the inventory passes; nothing where nobody's signature was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Vec<String>>,
    faults: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    volume: u32,
    fault: String,
    /// The artifacts that it costs.
    costs: BTreeSet<String>,
}

impl Line {
    fn of(archive: &Archive, fault: &Fault) -> Self {
        let using = fault.blob.iter().flat_map(|blob| archive.using(blob));
        let lost = archive.lost();
        let lost = lost.iter().filter(|lost| {
            fault.blob.is_none() && fault.member.is_none() && lost.volume == fault.volume
        });
        let lost = lost.flat_map(|lost| lost.artifacts.iter().copied());
        let costs = using.chain(lost).map(|carried| match carried.tags.first() {
            Some(tag) => format!("{}:{tag}", carried.source),
            None => format!("{}@{}", carried.source, carried.digest),
        });
        Self {
            volume: fault.volume,
            fault: fault.to_string(),
            costs: costs.collect(),
        }
    }
}

impl fmt::Display for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.archive)?;
        match &self.signed {
            Some(reasons) => reasons
                .iter()
                .try_for_each(|reason| writeln!(f, "{reason}"))?,
            None => writeln!(f, "nobody's signature of the inventory was asked for")?,
        }
        for line in &self.faults {
            writeln!(f, "damaged    {}", line.fault)?;
            for cost in &line.costs {
                writeln!(f, "  costs    {cost}")?;
            }
        }
        if self.faults.is_empty() {
            writeln!(f, "every byte is as it was written")?;
        }
        writeln!(f, "inventory {}", self.inventory)
    }
}
