//! What the doctor found, as a result.

use std::fmt;

use serde::Serialize;
use transship_oci::{Error, ErrorKind};

use crate::exit::Exit;

/// All findings about one repository or store.
#[derive(Debug, Serialize)]
pub(super) struct Diagnosis {
    repository: String,
    findings: Vec<Entry>,
    #[serde(skip)]
    worst: Option<ErrorKind>,
}

#[derive(Debug, Serialize)]
struct Entry {
    check: &'static str,
    level: Level,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    /// As it should be.
    Ok,
    /// It makes a difference, and copies work all the same.
    Note,
    /// Copies will fail.
    Problem,
}

impl Diagnosis {
    pub(super) fn of(subject: &impl fmt::Display) -> Self {
        Self {
            repository: subject.to_string(),
            findings: Vec::new(),
            worst: None,
        }
    }

    /// It is as it should be.
    pub(super) fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Level::Ok, found.into(), None);
    }

    /// It makes a difference; `remedy` is what to do about it, or what it means.
    pub(super) fn note(&mut self, check: &'static str, found: impl Into<String>, remedy: &str) {
        self.add(check, Level::Note, found.into(), Some(remedy.to_owned()));
    }

    /// Copies will fail, in this way.
    pub(super) fn problem(&mut self, check: &'static str, error: &Error) {
        self.worst.get_or_insert(error.kind());
        let remedy = error.hint().map(str::to_owned);
        self.add(check, Level::Problem, error.to_string(), remedy);
    }

    /// 0 without a problem, else the code of the first.
    pub(super) fn exit(&self) -> Exit {
        self.worst.map_or(Exit::Done, Exit::Failed)
    }

    fn add(&mut self, check: &'static str, level: Level, found: String, remedy: Option<String>) {
        self.findings.push(Entry {
            check,
            level,
            found,
            remedy,
        });
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.repository)?;
        for entry in &self.findings {
            let level = match entry.level {
                Level::Ok => "ok",
                Level::Note => "note",
                Level::Problem => "problem",
            };
            writeln!(f, "  {level:<8} {:<14} {}", entry.check, entry.found)?;
            if let Some(remedy) = &entry.remedy {
                writeln!(f, "  {:23} → {remedy}", "")?;
            }
        }
        Ok(())
    }
}
