//! The peers come up, and the helpers around them do what they say.

use transship_testkit::{
    peers::{Cosign, Distribution, DockerRegistry, Home, Options, Tool, Version, find},
    tls::Authority,
};

/// Pushes a one-layer image by crane and returns its reference by digest.
async fn push(crane: &Tool, host: &str) -> String {
    let layer = crane.home().write("layer.tar", [0_u8; 1024]);
    let target = format!("{host}/acme/app:1");
    crane
        .ok([
            "append",
            "--insecure",
            "-f",
            layer.to_str().unwrap(),
            "-t",
            &target,
        ])
        .await
        .lines()
        .last()
        .unwrap()
        .to_owned()
}

#[test]
fn finds_nothing_where_there_is_nothing() {
    assert_eq!(find("no-such-peer"), None);
}

#[tokio::test]
async fn both_cosigns_sign_and_verify_at_both_registries() {
    let home = Home::new();
    let Some(v2) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let Some(v3) = Distribution::start(&Options::default()).await else {
        return;
    };
    let Some(crane) = Tool::new("crane", &home) else {
        return;
    };
    let Some(cosign2) = Cosign::new(Version::V2, &home).await else {
        return;
    };
    let Some(cosign3) = Cosign::new(Version::V3, &home).await else {
        return;
    };
    for host in [v2.host(), v3.host()] {
        let image = push(&crane, host).await;
        assert_eq!(
            cosign2.verify(&image).await.code(),
            10,
            "nothing signed yet"
        );
        cosign2.sign(&image).await;
        assert_eq!(cosign2.verify(&image).await.code(), 0);
        cosign3.sign(&image).await;
        let run = cosign3.verify(&image).await;
        assert_eq!(run.code(), 0, "{}", run.stderr);
        cosign2.attest(&image, r#"{"by":"2"}"#).await;
        cosign3.attest(&image, r#"{"by":"3"}"#).await;
        assert_eq!(cosign2.verify_attestation(&image).await.code(), 0);
        assert_eq!(cosign3.verify_attestation(&image).await.code(), 0);
        cosign2
            .attach_sbom(&image, r#"{"spdxVersion":"SPDX-2.3"}"#)
            .await;
        cosign2.sign_as_referrer(&image).await;
        assert_eq!(cosign2.verify_referrer(&image).await.code(), 0);
        let tags = crane
            .ok(["ls", "--insecure", &format!("{host}/acme/app")])
            .await;
        let hex = image.rsplit_once(':').unwrap().1;
        for tag in [
            "1",
            &format!("sha256-{hex}"),
            &format!("sha256-{hex}.sig"),
            &format!("sha256-{hex}.att"),
            &format!("sha256-{hex}.sbom"),
        ] {
            assert!(
                tags.lines().any(|line| line == tag),
                "{tag} is not among\n{tags}"
            );
        }
    }
}

#[tokio::test]
async fn a_registry_asks_for_its_user() {
    let home = Home::new();
    let options = Options::default().user("alice", "s3cret");
    let Some(registry) = DockerRegistry::start(&options).await else {
        return;
    };
    let Some(crane) = Tool::new("crane", &home) else {
        return;
    };
    let catalog = ["catalog", "--insecure", registry.host()];
    let refused = crane.run(catalog).await;
    assert_ne!(refused.code(), 0);
    assert!(
        refused.stderr.contains("UNAUTHORIZED"),
        "{}",
        refused.stderr
    );
    home.login(registry.host(), "alice", "s3cret");
    assert_eq!(crane.ok(catalog).await, "");
}

#[tokio::test]
async fn a_registry_serves_https_and_regctl_knows_who_does_not() {
    let home = Home::new();
    let authority = Authority::new();
    let options = Options::default().tls(&authority.server());
    let Some(secure) = Distribution::start(&options).await else {
        return;
    };
    let Some(plain) = Distribution::start(&Options::default()).await else {
        return;
    };
    let Some(regctl) = Tool::new("regctl", &home) else {
        return;
    };
    let ca = home.write("ca.pem", authority.certificate());
    let regctl = regctl.env("SSL_CERT_FILE", ca.to_str().unwrap());
    home.plain_http(plain.host());
    for host in [secure.host(), plain.host()] {
        let run = regctl.run(["repo", "ls", host]).await;
        assert_eq!(run.code(), 0, "{host}: {}", run.stderr);
    }
}

#[tokio::test]
async fn a_killed_registry_is_gone() {
    let Some(mut registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let host = registry.host().to_owned();
    assert!(tokio::net::TcpStream::connect(&host).await.is_ok());
    assert!(!registry.process().kill().await.success());
    assert!(tokio::net::TcpStream::connect(&host).await.is_err());
}
