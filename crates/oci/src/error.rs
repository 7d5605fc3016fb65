//! Errors that say what was tried, on which side, where, of what kind, whether to try again, and how to mend it.

use std::{error::Error as StdError, fmt, time::Duration};

/// Shorthand used through all crates.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync>;

/// Which end of a copy failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What is read.
    Source,
    /// What is written.
    Target,
    /// This machine: arguments, files, state.
    Local,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Local => "local",
        })
    }
}

/// What went wrong, by meaning: callers branch on this and on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is not there.
    NotFound,
    /// Who we are was not accepted, or not asked for.
    Unauthorized,
    /// We are known and may not.
    Denied,
    /// Too many requests; the server may say when to come back.
    RateLimited,
    /// Something else is there already.
    Conflict,
    /// Bytes do not hash to what was promised.
    DigestMismatch,
    /// The other end, or this version, cannot do it.
    Unsupported,
    /// A policy said no to what was found.
    PolicyRefused,
    /// A policy wants a signature and there is none.
    SignatureMissing,
    /// A policy could not be evaluated.
    CannotCheck,
    /// Data that breaks its own rules.
    Corrupt,
    /// The other end cannot be reached or is failing.
    Unavailable,
    /// The world is not as the plan saw it.
    Drift,
    /// Stopped on purpose.
    Cancelled,
    /// What the user gave makes no sense.
    Invalid,
    /// A defect of this program.
    Internal,
}

impl ErrorKind {
    /// Stable name for machines, in events and JSON results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Unauthorized => "unauthorized",
            Self::Denied => "denied",
            Self::RateLimited => "rate-limited",
            Self::Conflict => "conflict",
            Self::DigestMismatch => "digest-mismatch",
            Self::Unsupported => "unsupported",
            Self::PolicyRefused => "policy-refused",
            Self::SignatureMissing => "signature-missing",
            Self::CannotCheck => "cannot-check",
            Self::Corrupt => "corrupt",
            Self::Unavailable => "unavailable",
            Self::Drift => "drift",
            Self::Cancelled => "cancelled",
            Self::Invalid => "invalid",
            Self::Internal => "internal",
        }
    }

    /// The hint that fits the kind when nobody nearer to the fault gave a better one.
    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Unauthorized => {
                "log in with `transship login HOST`, or check the credential that was used"
            }
            Self::Denied => {
                "ask the registry's owner for the missing right, then run `transship doctor` on the repository"
            }
            Self::RateLimited => "wait as long as the registry says, or log in for a larger quota",
            Self::DigestMismatch => {
                "check what stands between here and the server; the bytes were changed on the way or at rest"
            }
            Self::Unavailable => {
                "check the host name, the network and the proxy, then run the same command again"
            }
            Self::Drift => "make a new plan and look at what changed",
            Self::Cancelled => "run the same command again; it goes on where it stopped",
            Self::Internal => "report it with the command and `--events json`",
            _ => return None,
        })
    }
}

/// Is it worth trying again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request would fail again.
    No,
    /// At once, or after one's own back-off.
    Now,
    /// Not before this has passed: the server said so.
    After(Duration),
}

/// An error. One word wide, so that results stay small.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    op: Option<String>,
    side: Option<Side>,
    at: Option<String>,
    retry: Option<Retry>,
    hint: Option<String>,
    source: Option<Cause>,
}

impl Error {
    /// An error of `kind`; `message` is lower case, names the object, and never says "failed to".
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            op: None,
            side: None,
            at: None,
            retry: None,
            hint: None,
            source: None,
        }))
    }

    /// Adds what was being done, such as `put manifest`. The innermost word stays.
    pub fn op(mut self, op: impl Into<String>) -> Self {
        self.0.op.get_or_insert_with(|| op.into());
        self
    }

    /// Adds the side. The innermost word stays.
    pub fn on(mut self, side: Side) -> Self {
        self.0.side.get_or_insert(side);
        self
    }

    /// Adds the place, as it may be shown. The innermost word stays.
    pub fn at(mut self, at: impl fmt::Display) -> Self {
        self.0.at.get_or_insert_with(|| at.to_string());
        self
    }

    /// Says whether to try again.
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.0.retry = Some(retry);
        self
    }

    /// Says how to mend it: one imperative sentence.
    pub fn hinting(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the cause underneath.
    pub fn because(mut self, source: impl Into<Cause>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without place and cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What was being done.
    pub fn operation(&self) -> Option<&str> {
        self.0.op.as_deref()
    }

    /// Which side failed, where known.
    pub fn side(&self) -> Option<Side> {
        self.0.side
    }

    /// Where, as it may be shown.
    pub fn place(&self) -> Option<&str> {
        self.0.at.as_deref()
    }

    /// Is it worth trying again?
    pub fn retry(&self) -> Retry {
        self.0.retry.unwrap_or(match self.0.kind {
            ErrorKind::Unavailable | ErrorKind::RateLimited => Retry::Now,
            _ => Retry::No,
        })
    }

    /// How to mend it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref().or_else(|| self.0.kind.hint())
    }

    /// The same error for another waiter of one shared piece of work; the cause becomes text.
    pub fn share(&self) -> Self {
        let cause = self
            .0
            .source
            .as_ref()
            .map(|cause| Cause::from(chain(cause.as_ref())));
        Self(Box::new(Inner {
            kind: self.0.kind,
            message: self.0.message.clone(),
            op: self.0.op.clone(),
            side: self.0.side,
            at: self.0.at.clone(),
            retry: self.0.retry,
            hint: self.0.hint.clone(),
            source: cause,
        }))
    }
}

/// A cause and its causes in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Many libraries repeat their cause in their own message.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

impl fmt::Display for Error {
    /// `target registry.example/app: put manifest sha256:…: message: cause`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        match (inner.side, &inner.at) {
            (Some(side), Some(at)) => write!(f, "{side} {at}: ")?,
            (Some(side), None) => write!(f, "{side}: ")?,
            (None, Some(at)) => write!(f, "{at}: ")?,
            (None, None) => {}
        }
        if let Some(op) = &inner.op {
            write!(f, "{op}: ")?;
        }
        f.write_str(&inner.message)?;
        inner
            .source
            .as_ref()
            .map_or(Ok(()), |cause| write!(f, ": {}", chain(cause.as_ref())))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|cause| cause.as_ref() as _)
    }
}

#[cfg(test)]
mod tests;
