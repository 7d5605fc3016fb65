//! `doctor STORE`: what a store lets an export and an import do, before either has begun.

use std::fmt;

use serde::Serialize;
use transship_archive::store::preflight::{Check, Preflight, Purpose, State, Topic};
use transship_oci::{ErrorKind, Result};

use crate::{
    app::App,
    args::{Errand, Written},
    exit::Exit,
    stores,
};

pub(super) async fn run(app: &App, written: &Written, errand: Option<Errand>) -> Result<Exit> {
    let address = stores::address(app, written)?;
    let settings = stores::settings(app, &address)?;
    let purposes = match errand {
        Some(Errand::Export) => &[Purpose::Export][..],
        Some(Errand::Import) => &[Purpose::Import],
        None => &[Purpose::Export, Purpose::Import],
    };
    let mut found = Vec::new();
    for purpose in purposes {
        found.push(address.preflight(&settings, *purpose).await?);
    }
    app.progress.end();
    let report = Found(found);
    app.output.result(&report)?;
    Ok(report.exit())
}

/// What was found, for each purpose.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Found(Vec<Preflight>);

impl Found {
    /// A store that will do for one of the two has its use; one that will do for none has none.
    fn exit(&self) -> Exit {
        let bad = |report: &Preflight| report.verdict() == State::Bad;
        if !self.0.iter().all(bad) {
            return Exit::Done;
        }
        let mut checks = self.0.iter().flat_map(|report| &report.checks);
        let refused = checks.any(|check| check.state == State::Bad && is_about_rights(check));
        Exit::Failed(if refused {
            ErrorKind::Denied
        } else {
            ErrorKind::Unavailable
        })
    }
}

/// What a better credential would mend.
fn is_about_rights(check: &Check) -> bool {
    let by_itself = [
        Topic::Permissions,
        Topic::Lifetime,
        Topic::Scope,
        Topic::Protocol,
        Topic::Addresses,
    ];
    check.refusal.is_some() || by_itself.contains(&check.topic)
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.0 {
            let (name, verdict) = (purpose(report.purpose), verdict(report.verdict()));
            writeln!(f, "{}: {name} {verdict}", report.store)?;
            if report.store.starts_with("az://") || report.store.starts_with("https://") {
                let letters = report.purpose.letters();
                writeln!(f, "  {:23} the rights of a SAS for it are {letters}", "")?;
            }
            for check in &report.checks {
                line(f, check)?;
            }
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, check: &Check) -> fmt::Result {
    let state = match check.state {
        State::Good => "ok",
        State::Unknown => "unknown",
        State::Doubtful => "note",
        State::Bad => "problem",
    };
    let topic = format!("{:?}", check.topic).to_lowercase();
    writeln!(f, "  {state:<8} {topic:<14} {}", check.says)?;
    if let Some(hint) = &check.hint {
        writeln!(f, "  {:23} → {hint}", "")?;
    }
    Ok(())
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Export => "export",
        Purpose::Import => "import",
    }
}

fn verdict(state: State) -> &'static str {
    match state {
        State::Good => "will work",
        State::Unknown => "could not be tried whole",
        State::Doubtful => "will work, with the notes below",
        State::Bad => "will fail",
    }
}
