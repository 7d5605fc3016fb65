//! The forge: all that a trust root names.

use serde_json::{Value, json};

use super::{Signer, authority::Authority, log::Log, signer::pem, stamper::Stamper};

/// From when on everything that the forge has made is trusted.
const SINCE: &str = "2025-01-01T00:00:00Z";

/// An authority, a certificate log, a transparency log and a time stamper that nobody else has.
#[derive(Debug)]
pub struct Forge {
    pub(super) authority: Authority,
    pub(super) certificate_log: Log,
    pub(super) log: Log,
    pub(super) stamper: Stamper,
}

impl Forge {
    /// With keys of its own.
    pub fn new() -> Self {
        Self {
            authority: Authority::new(),
            certificate_log: Log::new(),
            log: Log::new(),
            stamper: Stamper::new(),
        }
    }

    /// The `trusted_root.json` to judge by what is made here.
    pub fn trusted_root(&self) -> Value {
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.trusted(SINCE)],
            "certificateAuthorities": [self.authority.trusted(SINCE)],
            "ctlogs": [self.certificate_log.trusted(SINCE)],
            "timestampAuthorities": [self.stamper.trusted(SINCE)],
        })
    }

    /// The authority's certificates in PEM: the intermediate, then the root.
    pub fn certificates(&self) -> [String; 2] {
        self.authority.chain().map(|der| pem(&der))
    }

    /// Somebody whom the authority believes to be `subject`, a mail address or a URI, because `issuer` says so.
    pub fn signer(&self, subject: &str, issuer: &str) -> Signer<'_> {
        Signer::new(self, subject, issuer)
    }
}

impl Default for Forge {
    fn default() -> Self {
        Self::new()
    }
}
