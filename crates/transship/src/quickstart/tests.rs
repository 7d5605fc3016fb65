use transship_oci::{Platform, Repository, Side};
use transship_registry_client::{Client, Context};
use transship_registry_server::{Local, Memory, Registry, Server};
use transship_testkit::peers::{Home, Tool};
use transship_trust::sign::PrivateKey;

use super::{sample, sign, tar};

fn platform() -> Platform {
    "linux/amd64".parse().unwrap()
}

#[test]
fn the_sample_is_the_same_every_time() {
    let digest = || sample::image(&platform()).unwrap().manifest.digest();
    assert_eq!(digest(), digest());
}

#[test]
fn layers_are_archives_that_tar_reads() {
    let folder = tempfile::tempdir().unwrap();
    let content = vec![b'x'; 1000];
    let layer = tar::layer(&[
        tar::File {
            path: "usr/bin/a",
            mode: 0o755,
            content: b"#!/bin/sh\n",
        },
        tar::File {
            path: "b",
            mode: 0o644,
            content: &content,
        },
    ]);
    let archive = folder.path().join("layer.tar");
    std::fs::write(&archive, &layer).unwrap();
    let listed = std::process::Command::new("tar")
        .arg("tvf")
        .arg(&archive)
        .output()
        .unwrap();
    assert!(listed.status.success());
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.contains("-rwxr-xr-x") && listed.contains("usr/bin/a"),
        "{listed}"
    );
    assert!(
        listed.contains(" 1000 ") && listed.contains(" b\n"),
        "{listed}"
    );
}

#[tokio::test]
async fn a_real_registry_would_take_the_sample() {
    // The store in memory refuses a manifest whose pieces are missing.
    let sink = Local::memory("sample");
    let image = sample::image(&platform()).unwrap();
    image.push(&sink).await.unwrap();
    let index = sample::index(&[(platform(), image)]).unwrap();
    index.push(&sink).await.unwrap();
    sample::sbom(&index.manifest)
        .unwrap()
        .push(&sink)
        .await
        .unwrap();
}

#[tokio::test]
async fn cosign_accepts_the_signature() {
    let home = Home::new();
    let Some(cosign) = Tool::new("cosign2", &home) else {
        return;
    };
    let server = Server::bind(
        ([127, 0, 0, 1], 0).into(),
        Registry::new(Memory::new()).router(),
    )
    .await
    .unwrap();
    let name = Repository::new(&server.local_addr().to_string(), "sample/hello").unwrap();
    let sink = Client::new(Context::default())
        .unwrap()
        .repository(&name, Side::Target)
        .unwrap();
    let image = sample::image(&platform()).unwrap();
    image.push(&sink).await.unwrap();
    let digest = image.manifest.digest();
    let key = PrivateKey::generate().unwrap();
    let verify = |key: &PrivateKey| {
        home.write("key.pub", key.public_pem());
        let reference = format!("{name}@{digest}");
        let cosign = cosign.clone();
        async move {
            let flags = [
                "--key=key.pub",
                "--insecure-ignore-tlog=true",
                "--allow-http-registry",
            ];
            cosign
                .run(["verify"].into_iter().chain(flags).chain([&*reference]))
                .await
                .code()
        }
    };
    sign::tamper(&key, digest, &name, &sink).await.unwrap();
    assert_eq!(verify(&key).await, 12, "tampered with");
    sign::sign(&key, digest, &name, &sink).await.unwrap();
    assert_eq!(verify(&key).await, 0);
    let other = PrivateKey::generate().unwrap();
    assert_eq!(verify(&other).await, 12, "another key must not do");
}
