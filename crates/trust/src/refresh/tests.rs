use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use sigstore_tuf::canonical_json::to_canonical_bytes;
use transship_oci::{Digest, Error, ErrorKind, Result};

use super::{Mirror, Refreshed, is_plain, refresh};
use crate::{TrustRoot, sign::PrivateKey};

const NOW: &str = "2026-11-24T00:00:00Z";
const LATER: &str = "2026-12-01T00:00:00Z";

/// A repository of one key, made on the spot.
#[derive(Debug)]
struct Made {
    key: PrivateKey,
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    broken: Mutex<Option<&'static str>>,
}

impl Made {
    fn new() -> Arc<Self> {
        let made = Self {
            key: PrivateKey::generate().unwrap(),
            files: Mutex::default(),
            broken: Mutex::default(),
        };
        made.publish(Made::target(), 1, LATER);
        Arc::new(made)
    }

    /// Sigstore's trust root, which has all that a reader of one asks for.
    fn target() -> Vec<u8> {
        let embedded = sigstore_trust_root::SigstoreInstance::PublicGood;
        embedded.embedded_trusted_root_json().as_bytes().to_vec()
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        self.files.lock().unwrap().insert(name.to_owned(), bytes);
    }

    fn key_id(&self) -> String {
        self.key.public().fingerprint()
    }

    fn envelope(&self, signed: &Value) -> Vec<u8> {
        let signature = self.key.sign(&to_canonical_bytes(signed).unwrap()).unwrap();
        let mut hex = String::new();
        for byte in signature {
            write!(hex, "{byte:02x}").unwrap();
        }
        let signatures = json!([{"keyid": self.key_id(), "sig": hex}]);
        serde_json::to_vec(&json!({"signed": signed, "signatures": signatures})).unwrap()
    }

    fn root(&self, version: u64) -> Vec<u8> {
        let role = json!({"keyids": [self.key_id()], "threshold": 1});
        self.envelope(&json!({
            "_type": "root", "spec_version": "1.0.0", "version": version, "expires": LATER,
            "consistent_snapshot": true,
            "keys": {self.key_id(): {
                "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256",
                "keyval": {"public": self.key.public_pem()},
            }},
            "roles": {"root": role, "timestamp": role, "snapshot": role, "targets": role},
        }))
    }

    /// A state of the repository with one target.
    fn publish(&self, target: Vec<u8>, version: u64, expires: &str) {
        let hash = Digest::sha256(&target).hex();
        let role = |kind: &str| json!({"_type": kind, "spec_version": "1.0.0", "version": version, "expires": expires});
        let mut targets = role("targets");
        targets["targets"] =
            json!({super::TARGET: {"length": target.len(), "hashes": {"sha256": hash}}});
        let mut snapshot = role("snapshot");
        snapshot["meta"] = json!({"targets.json": {"version": version}});
        let mut stamp = role("timestamp");
        stamp["meta"] = json!({"snapshot.json": {"version": version}});
        self.put(&format!("targets/{hash}.{}", super::TARGET), target);
        self.put(&format!("{version}.targets.json"), self.envelope(&targets));
        self.put(
            &format!("{version}.snapshot.json"),
            self.envelope(&snapshot),
        );
        self.put("timestamp.json", self.envelope(&stamp));
    }
}

#[async_trait]
impl Mirror for Made {
    async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        if *self.broken.lock().unwrap() == Some(path) {
            return Err(Error::new(ErrorKind::Unavailable, "the mirror is away"));
        }
        let found = self.files.lock().unwrap().get(path).cloned();
        assert!(
            found
                .as_ref()
                .is_none_or(|bytes| bytes.len() as u64 <= limit)
        );
        Ok(found)
    }
}

async fn from(made: &Arc<Made>) -> Result<Refreshed> {
    let now: Timestamp = NOW.parse().unwrap();
    refresh(made.clone(), &made.root(1), now).await
}

async fn refused(made: &Arc<Made>) -> (ErrorKind, String) {
    let error = from(made).await.unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[tokio::test]
async fn what_is_signed_is_fetched() {
    let made = Made::new();
    let refreshed = from(&made).await.unwrap();
    assert_eq!(refreshed.json, Made::target());
    assert_eq!(
        refreshed.root.digest(),
        TrustRoot::public_good().unwrap().digest()
    );
    assert_eq!(
        refreshed.root.age(NOW.parse().unwrap()).unwrap().as_secs(),
        0
    );
    assert_eq!(refreshed.version, 1);
    assert_eq!(refreshed.fresh_until, LATER.parse::<Timestamp>().unwrap());
    // A younger root that the older one vouches for is followed.
    made.put("2.root.json", made.root(2));
    assert_eq!(from(&made).await.unwrap().version, 2);
}

#[tokio::test]
async fn what_is_not_signed_has_expired_or_was_changed_is_refused() {
    let made = Made::new();
    made.publish(Made::target(), 2, "2026-11-23T00:00:00Z");
    assert_eq!(
        refused(&made).await,
        (
            ErrorKind::Corrupt,
            "the mirror's timestamp has expired at 2026-11-23T00:00:00Z".to_owned()
        )
    );

    let (made, other) = (Made::new(), Made::new());
    let foreign = other.files.lock().unwrap()["timestamp.json"].clone();
    made.put("timestamp.json", foreign);
    assert_eq!(
        refused(&made).await.1,
        "the mirror's timestamp has 0 good signatures of 1 wanted"
    );

    let made = Made::new();
    let name = format!(
        "targets/{}.{}",
        Digest::sha256(&Made::target()).hex(),
        super::TARGET
    );
    let mut changed = Made::target();
    changed[10] ^= 1;
    made.put(&name, changed);
    assert_eq!(
        refused(&made).await.1,
        "what the mirror says cannot be trusted"
    );

    // A younger root that nobody vouches for.
    let made = Made::new();
    made.put("2.root.json", other.root(2));
    assert_eq!(
        refused(&made).await.1,
        "the mirror's root has 0 good signatures of 1 wanted"
    );

    let made = Made::new();
    made.publish(b"{}".to_vec(), 2, LATER);
    assert_eq!(refused(&made).await.0, ErrorKind::Invalid);
}

#[tokio::test]
async fn the_mirrors_own_error_is_the_one_that_is_told() {
    let made = Made::new();
    *made.broken.lock().unwrap() = Some("1.snapshot.json");
    assert_eq!(
        refused(&made).await,
        (ErrorKind::Unavailable, "the mirror is away".to_owned())
    );
    let error = refresh(made, b"{}", NOW.parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.message(), "the TUF root to begin with cannot be used");
}

#[test]
fn no_path_leads_out_of_the_mirror() {
    for path in [
        "timestamp.json",
        "targets/0a.trusted_root.json",
        "a%2Fb.json",
    ] {
        assert!(is_plain(path), "{path}");
    }
    for path in [
        "../x", "a/../b", "/etc", "a//b", "a\\b", "a?b", "a#b", ".", "", "%2e%2E/x", "a/.%2e/b",
        "a/%2e",
    ] {
        assert!(!is_plain(path), "{path}");
    }
}

#[test]
fn the_built_in_root_is_one() {
    assert!(super::public_mirror().starts_with("https://"));
    assert!(sigstore_tuf::TrustedMetadataSet::from_root(super::public_root()).is_ok());
}
