//! `conformance verify-bundle`: all checks of the suite, through the program.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use futures::{StreamExt as _, stream};
use serde_json::Value;
use transship_oci::Digest;

use crate::world::transship;

/// The suite's vectors: `TRANSSHIP_VECTORS`, else beside the repository. They are others' and are not copied here.
fn vectors() -> Option<PathBuf> {
    let asked = std::env::var_os("TRANSSHIP_VECTORS").map(PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let is_asked = asked.is_some();
    let folder = asked.unwrap_or(shared).join("sigstore-conformance");
    if folder.is_dir() {
        return folder.canonicalize().ok();
    }
    assert!(!is_asked, "there are no vectors in {}", folder.display());
    // Not by a macro: what those print is kept from the people who run the tests.
    let told = "SKIPPED: conformance: vectors is not installed; set TRANSSHIP_VECTORS\n";
    let _ = std::io::stderr().write_all(told.as_bytes());
    None
}

/// The arguments for one case, and what is expected of it.
fn arguments(folder: &Path, case: &Value, by_digest: bool) -> Vec<String> {
    let file = |field: &str| {
        folder
            .join(case[field].as_str().unwrap())
            .display()
            .to_string()
    };
    let mut arguments = vec!["conformance".to_owned(), "verify-bundle".to_owned()];
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    add("--bundle", file("bundle"));
    add("--trusted-root", file("trusted_root"));
    if case["key"].is_string() {
        add("--key", file("key"));
    } else {
        let text = |field: &str| case[field].as_str().unwrap().to_owned();
        add("--certificate-identity", text("identity"));
        add("--certificate-oidc-issuer", text("issuer"));
    }
    let artifact = file("artifact");
    arguments.push(if by_digest {
        Digest::sha256(&std::fs::read(artifact).unwrap()).to_string()
    } else {
        artifact
    });
    arguments
}

#[tokio::test]
async fn the_program_agrees_with_all_140_checks() {
    let Some(folder) = vectors() else {
        return;
    };
    let verdicts = std::fs::read(folder.join("verdicts.json")).unwrap();
    let verdicts: Value = serde_json::from_slice(&verdicts).unwrap();
    let cases = verdicts["cases"].as_array().unwrap();
    let checks = cases.iter().flat_map(|case| [(case, false), (case, true)]);
    let tool = transship();
    let differ: Vec<String> = stream::iter(checks)
        .map(|(case, by_digest)| {
            let (tool, arguments) = (tool.clone(), arguments(&folder, case, by_digest));
            async move {
                let run = tool.run(arguments).await;
                let wanted = case["expect"] == "pass";
                let agrees = (run.code() == 0) == wanted;
                (!agrees).then(|| format!("{} {by_digest}: {}", case["name"], run.stderr))
            }
        })
        .buffer_unordered(4)
        .filter_map(std::future::ready)
        .collect()
        .await;
    assert_eq!(cases.len(), 70);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
