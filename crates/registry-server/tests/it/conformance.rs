//! The conformance suite of the distribution specification: all four workflows, no failure, nothing passed over.

use transship_testkit::peers::{Home, Tool};

use crate::support::Running;

async fn conforms(registry: Running, version: &str) {
    let home = Home::new();
    let Some(suite) = Tool::new("conformance", &home) else {
        return;
    };
    let run = suite
        .env("OCI_REGISTRY", &registry.host())
        .env("OCI_TLS", "disabled")
        .env("OCI_REPO1", "conformance/repo1")
        .env("OCI_REPO2", "conformance/repo2")
        .env("OCI_VERSION", version)
        .run([""; 0])
        .await;
    let report = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code(), 0, "{report}");
    for word in ["FAIL", "Skip", "Error"] {
        let counted = report.lines().find(|line| line.trim().starts_with(word));
        let count = counted.and_then(|line| line.rsplit(' ').next());
        assert_eq!(count, Some("0"), "{word}: {report}");
    }
}

#[tokio::test]
async fn memory_conforms_to_the_release() {
    conforms(Running::memory().await, "1.1").await;
}

#[tokio::test]
async fn disk_conforms_to_the_release() {
    conforms(Running::disk().await, "1.1").await;
}

#[tokio::test]
async fn memory_conforms_to_the_draft() {
    conforms(Running::memory().await, "dev").await;
}

#[tokio::test]
async fn disk_conforms_to_the_draft() {
    conforms(Running::disk().await, "dev").await;
}
