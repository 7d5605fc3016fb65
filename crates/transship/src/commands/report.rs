//! Plans and reports as results: for people and for machines.

use std::fmt;

use serde::Serialize;
use transship_engine::{Item, Outcome, Plan, PlannedTarget, Report, TagAction};
use transship_oci::{Digest, Error};

use crate::amount::{Bytes, Count};

/// The version of the JSON form of a report.
const REPORT_VERSION: u32 = 1;

/// What a run did.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    version: u32,
    items: Vec<Line>,
    copied: u64,
    unchanged: u64,
    failed: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    source: String,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    outcome: &'static str,
    bytes: u64,
    blobs: u64,
    mounted: u64,
    manifests: u64,
    referrers: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Summary {
    /// The summary of a report.
    pub(super) fn of(report: &Report) -> Self {
        Self {
            version: REPORT_VERSION,
            items: report.items.iter().map(Line::of).collect(),
            copied: report.copied(),
            unchanged: report.unchanged(),
            failed: report.failed(),
            bytes: report.bytes(),
        }
    }
}

impl Line {
    fn of(item: &Item) -> Self {
        let (outcome, error) = match &item.outcome {
            Outcome::Copied => ("copied", None),
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Failed(error) => ("failed", Some(Failure::of(error))),
        };
        Self {
            source: item.source.clone(),
            target: item.target.clone(),
            digest: item.digest,
            outcome,
            bytes: item.moved.bytes,
            blobs: item.moved.blobs,
            mounted: item.moved.mounted,
            manifests: item.moved.manifests,
            referrers: item.moved.referrers,
            error,
        }
    }
}

impl Failure {
    fn of(error: &Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.items {
            writeln!(f, "{:<9}  {} → {}", line.outcome, line.source, line.target)?;
            if line.outcome == "copied" {
                write!(f, "{:11}", "")?;
                if let Some(digest) = line.digest {
                    write!(f, "{digest}  ")?;
                }
                writeln!(f, "{}", line.moved())?;
            }
        }
        writeln!(
            f,
            "{} copied, {} unchanged, {} failed; {} sent",
            self.copied,
            self.unchanged,
            self.failed,
            Bytes(self.bytes)
        )
    }
}

impl Line {
    fn moved(&self) -> String {
        let mounted = match self.mounted {
            0 => String::new(),
            mounted => format!(", {mounted} mounted"),
        };
        format!(
            "{} in {}{mounted}, {}{}",
            Bytes(self.bytes),
            Count(self.blobs, "blob"),
            Count(self.manifests, "manifest"),
            of_them(self.referrers),
        )
    }
}

/// The referrers among the manifests.
fn of_them(referrers: u64) -> String {
    match referrers {
        0 => String::new(),
        1 => ", 1 of them a referrer".to_owned(),
        more => format!(", {more} of them referrers"),
    }
}

/// What a run would do.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Preview<'a>(pub(super) &'a Plan);

impl fmt::Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for job in &self.0.jobs {
            writeln!(f, "{}  {}", job.source, job.digest)?;
            if job.publishes != job.digest {
                writeln!(f, "  becomes {}", job.publishes)?;
            }
            for notice in &job.notices {
                writeln!(f, "  note: {notice}")?;
            }
            for target in &job.targets {
                preview_target(f, target)?;
            }
        }
        let totals = &self.0.totals;
        writeln!(
            f,
            "would send {} in {} and put {}; about {} to sources, {} of them counted as pulls, and {} to targets",
            Bytes(totals.bytes),
            Count(totals.blobs, "blob"),
            Count(totals.manifests, "manifest"),
            Count(totals.source_requests, "request"),
            totals.pulls,
            totals.target_requests,
        )
    }
}

fn preview_target(f: &mut fmt::Formatter<'_>, target: &PlannedTarget) -> fmt::Result {
    writeln!(f, "  → {}", target.target)?;
    for tag in &target.tags {
        let what = match tag.action {
            TagAction::Create => "is made",
            TagAction::Move => "moves",
            TagAction::Unchanged => "stays",
            TagAction::Refused => "is refused: it points elsewhere, and --move-tags was not given",
        };
        write!(f, "    tag {} {what}", tag.tag)?;
        match (tag.action, tag.current) {
            (TagAction::Move, Some(current)) => writeln!(f, ", away from {current}")?,
            (TagAction::Refused, Some(current)) => writeln!(f, " ({current})")?,
            _ => writeln!(f)?,
        }
    }
    let bytes = target.blobs.iter().map(|piece| piece.size).sum();
    let manifests = target.manifests.len() + target.referrers.len();
    if manifests > 0 || !target.blobs.is_empty() || !target.mounts.is_empty() {
        write!(
            f,
            "    {} in {}",
            Bytes(bytes),
            Count(target.blobs.len() as u64, "blob")
        )?;
        if !target.mounts.is_empty() {
            write!(f, ", {} to mount", target.mounts.len())?;
        }
        let referrers = of_them(target.referrers.len() as u64);
        writeln!(f, ", {}{referrers}", Count(manifests as u64, "manifest"))?;
    }
    for reason in &target.reasons {
        writeln!(f, "    {reason}")?;
    }
    Ok(())
}
