//! Reads and writes `policy.json`.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use transship_oci::{Error, ErrorKind, Reference, Repository, Result};

use super::{
    super::{name::named, parse::MAX_POLICY},
    Fulcio, Pki, Requirement, SignedBy, SignedIdentity, SigstoreSigned,
    strict::Strict,
};

/// All of these must hold. Never empty.
type Requirements = Vec<Requirement>;

/// A `policy.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// What holds where nothing else does.
    pub default: Requirements,
    /// By transport (`docker`, `dir` …), then by scope.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub transports: BTreeMap<String, BTreeMap<String, Requirements>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline {
    default: Vec<Value>,
    #[serde(default)]
    transports: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
}

impl File {
    /// Reads a `policy.json`.
    ///
    /// # Errors
    /// `Invalid` for what containers/image refuses: an unknown or repeated key, an unknown type, an empty list, more or less
    /// than one source of keys.
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.len() > MAX_POLICY {
            return Err(invalid(format!("it has more than {MAX_POLICY} bytes")));
        }
        let read = |cause: serde_json::Error| invalid(cause.to_string());
        let Strict(value) = serde_json::from_slice(json).map_err(read)?;
        if !value.is_object() {
            return Err(invalid("it is no JSON object"));
        }
        let outline = Outline::deserialize(value).map_err(read)?;
        let mut transports = BTreeMap::new();
        for (transport, scopes) in outline.transports {
            let mut read = BTreeMap::new();
            for (scope, list) in scopes {
                let at = format!("transports.{transport}.{scope:?}");
                check_scope(&transport, &scope).map_err(|error| error.op(&at))?;
                read.insert(scope, requirements(&list).map_err(|error| error.op(&at))?);
            }
            transports.insert(transport, read);
        }
        Ok(Self {
            default: requirements(&outline.default).map_err(|error| error.op("default"))?,
            transports,
        })
    }

    /// The file as JSON text that ends with a line's end; [`File::parse`] reads it to the same.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which would be a defect.
    pub fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self);
        json.map(|json| json + "\n").map_err(|cause| {
            Error::new(ErrorKind::Internal, "the policy cannot be written").because(cause)
        })
    }
}

fn requirements(list: &[Value]) -> Result<Requirements> {
    if list.is_empty() {
        return Err(invalid("a list of requirements is empty"));
    }
    list.iter()
        .map(|value| {
            let requirement = Requirement::deserialize(value);
            let requirement = requirement.map_err(|cause| invalid(cause.to_string()))?;
            // A list in place of an object, or a null, would be read as something that nobody wrote.
            if serde_json::to_value(&requirement).ok().as_ref() != Some(value) {
                return Err(invalid(
                    "a requirement is not of the form that it must have",
                ));
            }
            check(&requirement)?;
            Ok(requirement)
        })
        .collect()
}

/// `dir:` and `oci:` scopes are absolute paths in their shortest form, and not the root, which is `""`.
fn check_scope(transport: &str, scope: &str) -> Result<()> {
    if !matches!(transport, "dir" | "oci") || scope.is_empty() {
        return Ok(());
    }
    let path = scope.strip_prefix('/');
    let parts = |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    // `oci:` may name an image in a folder after a colon.
    if path.is_some_and(parts) {
        Ok(())
    } else {
        Err(invalid(
            "the scope is no absolute path in its shortest form",
        ))
    }
}

fn check(requirement: &Requirement) -> Result<()> {
    match requirement {
        Requirement::InsecureAcceptAnything {} | Requirement::Reject {} => Ok(()),
        Requirement::SignedBy(signed) => check_signed_by(signed),
        Requirement::SigstoreSigned(signed) => check_sigstore_signed(signed),
        Requirement::SignedBaseLayer(signed) => check_identity(&signed.base_layer_identity),
    }
}

fn check_signed_by(signed: &SignedBy) -> Result<()> {
    one_of("keyPath, keyPaths and keyData", &signed.keys().given())?;
    signed.keys().check("key")?;
    signed
        .signed_identity
        .as_ref()
        .map_or(Ok(()), check_identity)
}

fn check_sigstore_signed(signed: &SigstoreSigned) -> Result<()> {
    let others = [signed.fulcio.is_some(), signed.pki.is_some()];
    one_of(
        "keyPath, keyPaths, keyData, keyDatas, fulcio and pki",
        &[&signed.keys().given()[..], &others].concat(),
    )?;
    let logs = signed.log_keys().given();
    let logged = logs.contains(&true);
    if logged {
        one_of("rekorPublicKeyPath, …Paths, …Data and …Datas", &logs)?;
    }
    match (&signed.fulcio, &signed.pki) {
        (Some(_), _) if !logged => return Err(invalid("fulcio wants the key of a log")),
        (_, Some(_)) if logged => {
            return Err(invalid("pki and the key of a log exclude each other"));
        }
        (Some(fulcio), _) => check_fulcio(fulcio)?,
        (None, Some(pki)) => check_pki(pki)?,
        (None, None) => {}
    }
    signed.keys().check("key")?;
    signed.log_keys().check("rekorPublicKey")?;
    signed
        .signed_identity
        .as_ref()
        .map_or(Ok(()), check_identity)
}

fn check_fulcio(fulcio: &Fulcio) -> Result<()> {
    one_of(
        "caPath and caData",
        &[fulcio.ca_path.is_some(), fulcio.ca_data.is_some()],
    )?;
    if fulcio.oidc_issuer.is_empty() || fulcio.subject_email.is_empty() {
        return Err(invalid("oidcIssuer and subjectEmail must not be empty"));
    }
    base64(fulcio.ca_data.as_deref())
}

fn check_pki(pki: &Pki) -> Result<()> {
    one_of(
        "caRootsPath and caRootsData",
        &[pki.roots_path.is_some(), pki.roots_data.is_some()],
    )?;
    if pki.intermediates_path.is_some() && pki.intermediates_data.is_some() {
        return Err(invalid(
            "caIntermediatesPath and caIntermediatesData exclude each other",
        ));
    }
    let says = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if !says(&pki.subject_email) && !says(&pki.subject_hostname) {
        return Err(invalid("pki wants subjectEmail or subjectHostname"));
    }
    base64(
        pki.roots_data
            .as_deref()
            .into_iter()
            .chain(pki.intermediates_data.as_deref()),
    )
}

fn check_identity(identity: &SignedIdentity) -> Result<()> {
    match identity {
        SignedIdentity::ExactReference { docker_reference } => {
            let name: Reference = named(docker_reference).map_err(invalid)?;
            if name.tag.is_none() && name.digest.is_none() {
                return Err(invalid("dockerReference has neither tag nor digest"));
            }
            Ok(())
        }
        SignedIdentity::ExactRepository { docker_repository } => {
            named(docker_repository).map(|_| ()).map_err(invalid)
        }
        SignedIdentity::RemapIdentity {
            prefix,
            signed_prefix,
        } => check_prefix(prefix).and_then(|()| check_prefix(signed_prefix)),
        _ => Ok(()),
    }
}

/// A registry, or a repository or what is above one; in full.
fn check_prefix(prefix: &str) -> Result<()> {
    let (host, path) = prefix.split_once('/').unwrap_or((prefix, "x/x"));
    match Repository::new(host, path) {
        Ok(_) => Ok(()),
        Err(cause) => Err(invalid(format!(
            "{prefix:?} is no prefix of references: {cause}"
        ))),
    }
}

fn one_of(names: &str, given: &[bool]) -> Result<()> {
    if given.iter().filter(|given| **given).count() == 1 {
        Ok(())
    } else {
        Err(invalid(format!("exactly one of {names} is wanted")))
    }
}

pub(super) fn list(name: &str, list: Option<&[String]>) -> Result<()> {
    match list {
        Some([]) => Err(invalid(format!("{name} is empty"))),
        _ => Ok(()),
    }
}

pub(super) fn base64<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let good = |text: &str| STANDARD.decode(text).is_ok();
    if texts.into_iter().all(good) {
        Ok(())
    } else {
        Err(invalid("data is not base64"))
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
