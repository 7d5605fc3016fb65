//! Trust roots: the authorities and logs that keyless signatures, log entries and time stamps are judged by.
//!
//! A root comes with the command, the policy or the archive; nothing here fetches one. A file has no expiry of its own
//! (Sigstore's TUF metadata has), so a report names its digest and how old it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sigstore_trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_types::TsaAuthority;
use sigstore_verify::Verifier;
use transship_oci::{Digest, Error, ErrorKind, Result};

use crate::{Authorities, Key};

/// The largest trust root that is read, in bytes. Sigstore's own has 7 KiB.
const MAX_ROOT: usize = 4 * 1024 * 1024;

/// A trust root, ready to judge by.
pub struct TrustRoot {
    verifier: Verifier,
    digest: Digest,
    newest: Option<Timestamp>,
    obtained: Option<Timestamp>,
    logs: BTreeSet<Vec<u8>>,
    log_keys: Vec<Key>,
    stampers: Vec<TsaAuthority>,
    authorities: Authorities,
    names: BTreeMap<&'static str, usize>,
}

impl TrustRoot {
    /// Reads a `trusted_root.json` (`application/vnd.dev.sigstore.trustedroot+json`).
    ///
    /// # Errors
    /// `Invalid` when it is none, or something in it cannot be used: a root that is half understood is not used at all.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_ROOT {
            return Err(invalid(format!(
                "the trust root has {} bytes, more than the limit of {MAX_ROOT}",
                bytes.len()
            )));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|cause| invalid("the trust root is no text").because(cause))?;
        let root = TrustedRoot::from_json(text).map_err(|cause| {
            invalid("the trust root cannot be read")
                .because(cause)
                .hinting("give a trusted_root.json as Sigstore publishes it")
        })?;
        Self::ready(&root, Digest::sha256(bytes))
    }

    /// The root of Sigstore's public instance as it was when this program was built.
    ///
    /// # Errors
    /// None in practice; its type is that of all roots.
    pub fn public_good() -> Result<Self> {
        Self::from_json(
            SigstoreInstance::PublicGood
                .embedded_trusted_root_json()
                .as_bytes(),
        )
    }

    /// The root of Sigstore's staging instance as it was when this program was built.
    ///
    /// # Errors
    /// None in practice; its type is that of all roots.
    pub fn staging() -> Result<Self> {
        Self::from_json(
            SigstoreInstance::Staging
                .embedded_trusted_root_json()
                .as_bytes(),
        )
    }

    /// A root made of certificate authorities and log keys, as older policies give them. They hold for all times.
    ///
    /// # Errors
    /// `Invalid` when one of them cannot be used.
    pub fn from_parts(authorities: Option<&Authorities>, logs: &[Key]) -> Result<Self> {
        let always = json!({"start": "1970-01-01T00:00:00Z"});
        let log = |key: &Key| {
            json!({
                "baseUrl": "", "hashAlgorithm": "SHA2_256", "logId": {"keyId": key.hint()},
                "publicKey": {"rawBytes": STANDARD.encode(key.spki()), "keyDetails": "", "validFor": always},
            })
        };
        let authority = |chain: Vec<&[u8]>| {
            let certificates: Vec<Value> = chain
                .into_iter()
                .map(|der| json!({"rawBytes": STANDARD.encode(der)}))
                .collect();
            json!({"uri": "", "certChain": {"certificates": certificates}, "validFor": always})
        };
        let anchors = authorities.map_or(&[][..], |authorities| authorities.roots());
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs.iter().map(log).collect::<Vec<_>>(),
            "certificateAuthorities": anchors.iter().map(|root| authority(vec![root])).collect::<Vec<_>>(),
        });
        let mut made = Self::from_json(root.to_string().as_bytes())?;
        // The dates above are ours and say nothing of the root's age.
        made.newest = None;
        Ok(made)
    }

    fn ready(root: &TrustedRoot, digest: Digest) -> Result<Self> {
        let verifier = Verifier::new(root)
            .map_err(|cause| invalid("the trust root cannot be used").because(cause))?;
        Ok(Self {
            verifier,
            digest,
            newest: newest(root),
            obtained: None,
            logs: root
                .tlogs
                .iter()
                .map(|log| log.log_id.key_id.as_bytes().to_vec())
                .collect(),
            // A key of a kind that is not known here is still one to the library, which judges by it or says why not.
            log_keys: root
                .tlogs
                .iter()
                .filter_map(|log| Key::from_spki(log.public_key.raw_bytes.as_bytes()).ok())
                .collect(),
            stampers: root.tsa_authorities(),
            authorities: Authorities::anchors(
                root.certificate_authorities
                    .iter()
                    .flat_map(|ca| &ca.cert_chain.certificates)
                    .map(|certificate| certificate.raw_bytes.as_bytes().to_vec())
                    .collect(),
            ),
            names: BTreeMap::from([
                (
                    "certificate authorities",
                    root.certificate_authorities.len(),
                ),
                ("logs", root.tlogs.len()),
                ("certificate logs", root.ctlogs.len()),
                ("time stampers", root.timestamp_authorities.len()),
            ]),
        })
    }

    /// The same root, with the time at which it was got from Sigstore, where that is known.
    pub fn obtained(mut self, at: Timestamp) -> Self {
        self.obtained = Some(at);
        self
    }

    /// The digest of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The start of the youngest key or authority in it: it cannot be older than that.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// How old it is: since it was obtained where that is known, else since the start of the youngest key in it, which may
    /// be long before. `None` when neither is known.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        let since = self.obtained.or(self.newest)?;
        Some(now.duration_since(since))
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The certificate authorities that it trusts, intermediates among them.
    pub(crate) fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// Does it know the log with this id?
    pub(crate) fn knows_log(&self, id: &[u8]) -> bool {
        self.logs.contains(id)
    }

    /// The keys of the logs that it trusts.
    pub(crate) fn log_keys(&self) -> &[Key] {
        &self.log_keys
    }

    /// The time stampers that it trusts.
    pub(crate) fn stampers(&self) -> &[TsaAuthority] {
        &self.stampers
    }
}

fn newest(root: &TrustedRoot) -> Option<Timestamp> {
    let logs = root.tlogs.iter().map(|log| log.public_key.valid_for);
    let certificate_logs = root.ctlogs.iter().map(|log| log.public_key.valid_for);
    let authorities = root.certificate_authorities.iter().map(|ca| ca.valid_for);
    let stampers = root.timestamp_authorities.iter().map(|tsa| tsa.valid_for);
    logs.chain(certificate_logs)
        .chain(authorities)
        .chain(stampers)
        .flatten()
        // The library has an older jiff: seconds are what both understand.
        .filter_map(|range| Timestamp::from_second(range.start.as_second()).ok())
        .max()
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustRoot({} {:?})", self.digest, self.names)
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests;
