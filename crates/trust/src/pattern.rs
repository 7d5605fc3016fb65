//! Patterns: a text exactly, or a regular expression that must match the whole of it.

use std::fmt;

use regex::{Regex, RegexBuilder};
use transship_oci::{Error, ErrorKind, Result};

/// The largest compiled expression, in bytes: enough for any identity, too little to exhaust memory.
const MAX_COMPILED: usize = 1 << 20;

/// Matches a whole text.
///
/// Expressions have the syntax of RE2 (no look-around, no back references), take linear time, and are always anchored:
/// `example\.com` does not match `example.com.evil.test`. cosign's are not; see [`Pattern::was_anchored`].
#[derive(Clone)]
pub struct Pattern(Kind);

#[derive(Clone)]
enum Kind {
    Exact(String),
    Expression { written: String, compiled: Regex },
}

impl Pattern {
    /// The text itself.
    pub fn exact(text: impl Into<String>) -> Self {
        Self(Kind::Exact(text.into()))
    }

    /// A regular expression, anchored at both ends whether it is written so or not.
    ///
    /// # Errors
    /// `Invalid` when it is none, or compiles to more than a mebibyte.
    pub fn expression(written: impl Into<String>) -> Result<Self> {
        let written = written.into();
        // Compiled alone first: `a)|(b` is no expression, though it would close and open the group put around it.
        // The group keeps `a|b` from being read as `^a` or `b$`, and `\A`, `\z` hold even where `(?m)` is written.
        let build = |text: &str| RegexBuilder::new(text).size_limit(MAX_COMPILED).build();
        let compiled = build(&written).and_then(|_| build(&format!("\\A(?:{written})\\z")));
        let compiled = compiled.map_err(|cause| {
            Error::new(
                ErrorKind::Invalid,
                format!("{written:?} is not a regular expression"),
            )
            .because(cause)
        })?;
        Ok(Self(Kind::Expression { written, compiled }))
    }

    /// Does it match all of `text`?
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Exact(wanted) => wanted == text,
            Kind::Expression { compiled, .. } => compiled.is_match(text),
        }
    }

    /// The text, for a pattern that is one.
    pub fn as_exact(&self) -> Option<&str> {
        match &self.0 {
            Kind::Exact(text) => Some(text),
            Kind::Expression { .. } => None,
        }
    }

    /// Was it written so that other tools take it to mean the same? `false` for an expression without `^` and `$`: worth a
    /// warning, because whoever wrote it may have meant a part of the text, and another tool would accept more.
    pub fn was_anchored(&self) -> bool {
        match &self.0 {
            Kind::Exact(_) => true,
            Kind::Expression { written, .. } => written.starts_with('^') && written.ends_with('$'),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exact(text) => f.write_str(text),
            Kind::Expression { written, .. } => write!(f, "/{written}/"),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
