//! In-toto statements: what is said of which artifacts, and conditions on it.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use transship_oci::{Algorithm, Digest};

mod written;

use written::Written;

/// The payload type of an in-toto statement in a DSSE envelope.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The predicate type of a signature: nothing is said but that the subject is meant. Any other statement is no signature.
pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// The names that cosign has for predicate types (`--type`), and what they stand for.
const NAMES: [(&str, &str); 10] = [
    ("cyclonedx", "https://cyclonedx.org/bom"),
    ("link", "https://in-toto.io/Link/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("slsaprovenance", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance02", "https://slsa.dev/provenance/v0.2"),
    ("slsaprovenance1", "https://slsa.dev/provenance/v1"),
    ("spdx", "https://spdx.dev/Document"),
    ("spdxjson", "https://spdx.dev/Document"),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("custom", "https://cosign.sigstore.dev/attestation/v1"),
];

/// A predicate type in full, from one of cosign's names for it; a URI stays as it is.
pub fn predicate_type(name: &str) -> &str {
    NAMES
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, uri)| uri)
}

/// The names that [`predicate_type`] knows.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// An in-toto statement (in-toto attestation framework, Statement v0.1 and v1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// The version of the form.
    #[serde(rename = "_type")]
    pub form: String,
    /// What it speaks of.
    pub subject: Vec<StatementSubject>,
    /// What kind of thing it says.
    pub predicate_type: String,
    /// What it says.
    #[serde(default)]
    pub predicate: Value,
}

/// One subject of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatementSubject {
    /// What the signer calls it; proves nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its digests, algorithm to hex.
    pub digest: BTreeMap<String, String>,
    /// The signer's annotations (`cosign sign -a`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, Value>>,
}

impl Statement {
    /// Reads the payload of an envelope.
    ///
    /// # Errors
    /// A sentence that says what is wrong: no JSON, no statement, no subject.
    pub fn parse(payload: &[u8]) -> Result<Self, String> {
        let statement: Self = serde_json::from_slice(payload)
            .map_err(|cause| format!("the payload is no in-toto statement: {cause}"))?;
        if !statement.form.starts_with("https://in-toto.io/Statement/v") {
            return Err("the payload is no in-toto statement: its _type is another".to_owned());
        }
        if statement.subject.is_empty() {
            return Err("the statement names no subject".to_owned());
        }
        Ok(statement)
    }

    /// The digest of the first subject that has one that can be computed here.
    pub(crate) fn first_digest(&self) -> Option<Digest> {
        let mut digests = self.subject.iter().flat_map(|subject| &subject.digest);
        digests.find_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok())
    }

    /// The subject with this digest.
    pub fn about(&self, digest: &Digest) -> Option<&StatementSubject> {
        let algorithm = match digest.algorithm() {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        let hex = digest.hex();
        self.subject
            .iter()
            .find(|subject| subject.digest.get(algorithm) == Some(&hex))
    }
}

/// A condition on a predicate. Written as an object of a pointer and exactly one test:
/// `{pointer: /buildDefinition/buildType, equals: …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Condition {
    /// Where in the predicate, as a JSON pointer (RFC 6901): `/buildDefinition/buildType`.
    pub pointer: String,
    /// What must be there.
    pub test: Test,
}

/// What must be at the place that a condition points to.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// This value.
    Equals(Value),
    /// One of these values.
    In(Vec<Value>),
    /// Something (`true`), or nothing (`false`).
    Exists(bool),
    /// A number less than this.
    LessThan(f64),
    /// A number of at most this.
    AtMost(f64),
    /// A number greater than this.
    GreaterThan(f64),
    /// A number of at least this.
    AtLeast(f64),
}

impl Condition {
    /// Does it hold for `predicate`? A number is compared with numbers only; a text of digits is none.
    pub fn holds(&self, predicate: &Value) -> bool {
        let found = predicate.pointer(&self.pointer);
        let compare = |wanted: f64| found.and_then(Value::as_f64)?.partial_cmp(&wanted);
        match &self.test {
            Test::Equals(wanted) => found.is_some_and(|found| same(found, wanted)),
            Test::In(wanted) => {
                found.is_some_and(|found| wanted.iter().any(|wanted| same(found, wanted)))
            }
            Test::Exists(wanted) => found.is_some() == *wanted,
            Test::LessThan(wanted) => compare(*wanted) == Some(Ordering::Less),
            Test::AtMost(wanted) => compare(*wanted).is_some_and(Ordering::is_le),
            Test::GreaterThan(wanted) => compare(*wanted) == Some(Ordering::Greater),
            Test::AtLeast(wanted) => compare(*wanted).is_some_and(Ordering::is_ge),
        }
    }
}

/// Equal as JSON means it: `1` and `1.0` are one number.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(_), Some(_)) if a.is_u64() && b.is_u64() => a.as_u64() == b.as_u64(),
        (Some(_), Some(_)) if a.is_i64() && b.is_i64() => a.as_i64() == b.as_i64(),
        (Some(a), Some(b)) => a.partial_cmp(&b) == Some(Ordering::Equal),
        _ => a == b,
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ", self.pointer)?;
        match &self.test {
            Test::Equals(wanted) => write!(f, "equals {wanted}"),
            Test::In(wanted) => write!(f, "is one of {}", Value::from(wanted.clone())),
            Test::Exists(true) => f.write_str("exists"),
            Test::Exists(false) => f.write_str("does not exist"),
            Test::LessThan(wanted) => write!(f, "is less than {wanted}"),
            Test::AtMost(wanted) => write!(f, "is at most {wanted}"),
            Test::GreaterThan(wanted) => write!(f, "is greater than {wanted}"),
            Test::AtLeast(wanted) => write!(f, "is at least {wanted}"),
        }
    }
}

#[cfg(test)]
mod tests;
