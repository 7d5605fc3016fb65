//! `trust refresh`, in builds that have it.

use std::{collections::BTreeMap, fmt::Write as _, fs, sync::Arc};

use axum::{Router, extract::State, http::StatusCode, http::Uri};
use serde_json::{Value, json};
use transship_oci::Digest;
use transship_testkit::peers::Home;
use transship_trust::{TrustRoot, sign::PrivateKey};

use crate::world::{at_home, expect};

const EXPIRES: &str = "2999-01-01T00:00:00Z";
/// As little as a trust root can say.
const TRUSTED_ROOT: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

type Files = BTreeMap<String, Vec<u8>>;

/// A TUF repository of one key, and the root to begin with.
fn repository(expires: &str) -> (Files, Vec<u8>) {
    let key = PrivateKey::generate().unwrap();
    let id = key.public().fingerprint();
    let envelope = |signed: Value| {
        // Canonical JSON has sorted keys, and escapes nothing in strings but quotes and backslashes.
        let canonical = signed.to_string().replace("\\n", "\n");
        let signature = key.sign(canonical.as_bytes()).unwrap();
        let mut hex = String::new();
        for byte in signature {
            write!(hex, "{byte:02x}").unwrap();
        }
        json!({"signed": signed, "signatures": [{"keyid": id, "sig": hex}]})
            .to_string()
            .into_bytes()
    };
    let role = |kind: &str, expires: &str, with: (&str, Value)| {
        let mut signed =
            json!({"_type": kind, "spec_version": "1.0.0", "version": 1, "expires": expires});
        signed[with.0] = with.1;
        signed
    };
    let hash = Digest::sha256(TRUSTED_ROOT.as_bytes()).hex();
    let target = json!({"length": TRUSTED_ROOT.len(), "hashes": {"sha256": hash}});
    let targets = role(
        "targets",
        EXPIRES,
        ("targets", json!({"trusted_root.json": target})),
    );
    let snapshot = role(
        "snapshot",
        EXPIRES,
        ("meta", json!({"targets.json": {"version": 1}})),
    );
    let stamp = role(
        "timestamp",
        expires,
        ("meta", json!({"snapshot.json": {"version": 1}})),
    );
    let signers = json!({"keyids": [id], "threshold": 1});
    let mut root = role(
        "root",
        EXPIRES,
        (
            "roles",
            json!({"root": signers, "timestamp": signers, "snapshot": signers, "targets": signers}),
        ),
    );
    root["consistent_snapshot"] = true.into();
    root["keys"] = json!({id.clone(): {
        "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": key.public_pem()},
    }});
    let files = Files::from([
        ("timestamp.json".to_owned(), envelope(stamp)),
        ("1.snapshot.json".to_owned(), envelope(snapshot)),
        ("1.targets.json".to_owned(), envelope(targets)),
        (
            format!("targets/{hash}.trusted_root.json"),
            TRUSTED_ROOT.into(),
        ),
    ]);
    (files, envelope(root))
}

/// The repository on the web; gives its address.
async fn served(files: Files) -> String {
    let serve = |State(files): State<Arc<Files>>, at: Uri| async move {
        let found = at
            .path()
            .strip_prefix("/tuf/")
            .and_then(|path| files.get(path));
        found.cloned().ok_or(StatusCode::NOT_FOUND)
    };
    let app = Router::new().fallback(serve).with_state(Arc::new(files));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{at}/tuf")
}

#[tokio::test]
async fn a_trust_root_comes_from_the_web_or_from_a_folder() {
    let home = Home::new();
    let tool = at_home(&home);
    let (files, root) = repository(EXPIRES);
    home.write("root.json", &root);
    for (name, bytes) in &files {
        home.write(&format!("tuf/{name}"), bytes);
    }
    let web = served(files).await;
    for mirror in [web.as_str(), "tuf"] {
        let refresh = [
            "trust",
            "refresh",
            "-o",
            "new.json",
            "--root",
            "root.json",
            "--mirror",
            mirror,
        ];
        let run = tool.run(refresh).await;
        expect(&run, 0);
        let digest = TrustRoot::from_json(TRUSTED_ROOT.as_bytes())
            .unwrap()
            .digest();
        assert_eq!(
            run.stdout,
            format!(
                "new.json is {digest}\nsigned under version 1 of the TUF root; the newest there is until {EXPIRES}\n"
            )
        );
        let new = home.path().join("new.json");
        assert_eq!(fs::read_to_string(&new).unwrap(), TRUSTED_ROOT);
        fs::remove_file(new).unwrap();
        // Nobody vouches for it to those who trust in Sigstore's own root.
        let run = tool
            .run(["trust", "refresh", "-o", "new.json", "--mirror", mirror])
            .await;
        expect(&run, 1);
        assert!(run.stderr.contains("good signatures of"), "{}", run.stderr);
        assert!(!home.path().join("new.json").exists());
    }
}

#[tokio::test]
async fn a_mirror_that_is_old_away_or_nowhere_is_told_apart() {
    let home = Home::new();
    let tool = at_home(&home);
    let (files, root) = repository("2026-01-01T00:00:00Z");
    home.write("root.json", &root);
    let old = served(files).await;
    for (mirror, code, said) in [
        (
            old.as_str(),
            1,
            "the mirror's timestamp has expired at 2026-01-01T00:00:00Z",
        ),
        ("http://127.0.0.1:1", 1, "the mirror does not answer"),
        (
            "ftp://mirror.example",
            2,
            "--mirror: it is no URL of a folder on the web",
        ),
        ("nowhere", 2, "nowhere: the mirror cannot be read"),
    ] {
        let refresh = [
            "trust",
            "refresh",
            "-o",
            "new.json",
            "--root",
            "root.json",
            "--mirror",
            mirror,
        ];
        let run = tool.run(refresh).await;
        expect(&run, code);
        assert!(run.stderr.contains(said), "{mirror}: {}", run.stderr);
        assert!(!home.path().join("new.json").exists());
    }
}
