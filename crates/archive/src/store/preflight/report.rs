//! What was found, for people and for machines.

use serde::Serialize;

use super::Refusal;
use crate::store::Address;

/// What the store is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To write an archive there.
    Export,
    /// To read one, and perhaps to delete it afterwards.
    Import,
}

impl Purpose {
    /// The letters of a SAS that Azure's own transfer asks for.
    pub fn letters(self) -> &'static str {
        match self {
            Self::Export => "alrw",
            Self::Import => "dlr",
        }
    }

    /// Those without which nothing works at all. The others are for going on after a crash and for not replacing anything
    /// by mistake (`r`), for triggers (`l`), and for deleting what was imported (`d`).
    pub fn needed(self) -> &'static str {
        match self {
            Self::Export => "w",
            Self::Import => "r",
        }
    }
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// What the SAS says that it allows.
    Permissions,
    /// From when to when it does.
    Lifetime,
    /// For which resources.
    Scope,
    /// By which protocols.
    Protocol,
    /// From which addresses.
    Addresses,
    /// Is the store there, and does it know us?
    Reach,
    /// Does it have the same time?
    Clock,
    /// Tried: listing.
    List,
    /// Tried: reading.
    Read,
    /// Tried: writing.
    Write,
    /// Tried: deleting.
    Delete,
    /// Bytes free, and the longest file.
    Space,
}

/// How a check came out, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It will do.
    Good,
    /// It could not be found out without leaving something behind.
    Unknown,
    /// It will do today, or for less than all.
    Doubtful,
    /// It will not do.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub topic: Topic,
    /// How it came out.
    pub state: State,
    /// In one sentence.
    pub says: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why the store refused, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
}

impl Check {
    pub(in crate::store) fn new(topic: Topic, state: State, says: impl Into<String>) -> Self {
        Self {
            topic,
            state,
            says: says.into(),
            hint: None,
            refusal: None,
        }
    }

    pub(in crate::store) fn good(topic: Topic, says: impl Into<String>) -> Self {
        Self::new(topic, State::Good, says)
    }

    pub(in crate::store) fn doubtful(topic: Topic, says: impl Into<String>) -> Self {
        Self::new(topic, State::Doubtful, says)
    }

    pub(in crate::store) fn bad(topic: Topic, says: impl Into<String>) -> Self {
        Self::new(topic, State::Bad, says)
    }

    pub(in crate::store) fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(in crate::store) fn refused(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(refusal);
        self
    }
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// The store, without any signature.
    pub store: String,
    /// What it is wanted for.
    pub purpose: Purpose,
    /// In the order of finding.
    pub checks: Vec<Check>,
}

impl Preflight {
    pub(super) fn new(address: &Address, purpose: Purpose) -> Self {
        Self {
            store: address.to_string(),
            purpose,
            checks: Vec::new(),
        }
    }

    pub(super) fn extend(&mut self, checks: Vec<Check>) {
        self.checks.extend(checks);
    }

    /// The worst of it.
    pub fn verdict(&self) -> State {
        let states = self.checks.iter().map(|check| check.state);
        states.max().unwrap_or(State::Unknown)
    }
}
