//! `sign`, `attest` and `key generate`: what is put where, and what is refused.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;
use transship_oci::{Descriptor, Digest, Referrer, Sink, Source as _, Tag, Tie};
use transship_registry_client::RemoteRepository;
use transship_testkit::{
    fault::FaultRegistry,
    image::{Graph, Image, Index, layer},
    peers::{Home, Run, Tool},
};

use crate::world::{at_home, expect, json, registry, remote};

/// An index of two platforms under `1.4`, nothing signed.
pub(crate) fn plain_app() -> (Graph, Descriptor, Vec<Digest>) {
    let mut graph = Graph::new();
    let children = ["linux/amd64", "linux/arm64"].map(|platform| {
        let layer = layer::gzip("etc/motd", platform.as_bytes());
        graph.image(Image::new().platform(platform).layer(layer))
    });
    let index = graph.index(Index::of(children.clone()));
    graph.tag("1.4", &index);
    let children = children.iter().map(|child| child.digest).collect();
    (graph, index, children)
}

struct Scene {
    registry: FaultRegistry,
    home: Home,
    tool: Tool,
    app: Descriptor,
    children: Vec<Digest>,
}

impl Scene {
    /// The app at a registry, and a key with an empty passphrase.
    async fn start() -> Self {
        let registry = registry().await;
        let (graph, app, children) = plain_app();
        let home = Home::new();
        let tool = at_home(&home);
        let scene = Self {
            registry,
            home,
            tool,
            app,
            children,
        };
        graph.push_to(&scene.repository()).await.unwrap();
        scene.tool.ok(["key", "generate"]).await;
        scene
    }

    fn repository(&self) -> RemoteRepository {
        remote(&self.registry.repository("app"))
    }

    fn reference(&self) -> String {
        format!("{}:1.4", self.registry.repository("app"))
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let reference = self.reference();
        let (verb, rest) = arguments.split_first().unwrap();
        let common = [*verb, &reference, "--key=cosign.key"];
        self.tool.run([&common[..], rest].concat()).await
    }

    async fn beside(&self, subject: Digest) -> Vec<Referrer> {
        let repository = self.repository();
        Sink::referrers(&repository, &subject).await.unwrap()
    }

    /// The manifest of the one referrer of a subject, as JSON.
    async fn manifest(&self, referrer: &Referrer) -> Value {
        let repository = self.repository();
        let read = Sink::manifest(&repository, &referrer.descriptor);
        serde_json::from_slice(read.await.unwrap().bytes()).unwrap()
    }
}

#[tokio::test]
async fn a_bundle_is_put_beside_what_the_tag_points_at() {
    let scene = Scene::start().await;
    let run = scene
        .run(&["sign", "-a", "env=prod", "--format=json"])
        .await;
    expect(&run, 0);
    let said = json(&run);
    let digest = scene.app.digest.to_string();
    assert_eq!(said["storage"], "bundle");
    assert_eq!(said["items"].as_array().unwrap().len(), 1);
    assert_eq!(said["items"][0]["outcome"], "signed");
    assert_eq!(said["items"][0]["subject"], digest);

    let beside = scene.beside(scene.app.digest).await;
    assert_eq!(beside.len(), 1);
    assert_eq!(
        said["items"][0]["manifest"],
        beside[0].descriptor.digest.to_string()
    );
    let manifest = scene.manifest(&beside[0]).await;
    assert_eq!(
        manifest["artifactType"],
        "application/vnd.dev.sigstore.bundle.v0.3+json"
    );
    assert_eq!(manifest["subject"]["digest"], digest);
    let annotations = &manifest["annotations"];
    assert_eq!(annotations["dev.sigstore.bundle.content"], "dsse-envelope");
    assert_eq!(
        annotations["dev.sigstore.bundle.predicateType"],
        "https://sigstore.dev/cosign/sign/v1"
    );
    for child in &scene.children {
        assert!(scene.beside(*child).await.is_empty());
    }
}

#[tokio::test]
async fn signing_again_changes_nothing() {
    let scene = Scene::start().await;
    for form in ["bundle", "cosign"] {
        let form = format!("--format={form},json");
        let first = json(&scene.run(&["sign", &form]).await);
        let again = scene.run(&["sign", &form]).await;
        expect(&again, 0);
        let again = json(&again);
        assert_eq!(again["items"][0]["outcome"], "unchanged", "{form}");
        assert_eq!(again["items"][0]["manifest"], first["items"][0]["manifest"]);
    }
    assert_eq!(scene.beside(scene.app.digest).await.len(), 2);
}

#[tokio::test]
async fn the_first_form_of_cosign_goes_into_a_tag_and_keeps_what_is_there() {
    let scene = Scene::start().await;
    expect(&scene.run(&["sign", "--format", "cosign"]).await, 0);
    let other = ["sign", "--format=cosign", "--annotation", "by=somebody"];
    expect(&scene.run(&other).await, 0);
    let beside = scene.beside(scene.app.digest).await;
    let tag: Tag = format!("sha256-{}.sig", scene.app.digest.hex())
        .parse()
        .unwrap();
    assert_eq!(beside.len(), 1);
    assert_eq!(beside[0].tie, Tie::Tag(tag));
    let layers = &scene.manifest(&beside[0]).await["layers"];
    assert_eq!(layers.as_array().unwrap().len(), 2, "{layers:#}");
    let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
    assert!(
        layers
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["mediaType"] == kind)
    );
}

#[tokio::test]
async fn recursive_signs_the_children_too() {
    let scene = Scene::start().await;
    let run = scene.run(&["sign", "--recursive"]).await;
    expect(&run, 0);
    for subject in [scene.app.digest].iter().chain(&scene.children) {
        assert!(run.stdout.contains(&subject.to_string()), "{}", run.stdout);
        assert_eq!(scene.beside(*subject).await.len(), 1);
    }
}

#[tokio::test]
async fn a_dry_run_signs_nothing() {
    let scene = Scene::start().await;
    let run = scene.run(&["sign", "--recursive", "--dry-run"]).await;
    expect(&run, 0);
    assert_eq!(
        run.stdout.matches("would sign").count(),
        3,
        "{}",
        run.stdout
    );
    assert!(scene.beside(scene.app.digest).await.is_empty());
}

#[tokio::test]
async fn an_attestation_says_what_the_file_says() {
    let scene = Scene::start().await;
    scene.home.write("scan.json", r#"{"result":"clean"}"#);
    for (form, ties) in [("bundle", 1), ("cosign", 2)] {
        let run = scene
            .run(&[
                "attest",
                "--predicate=scan.json",
                "--type=vuln",
                "--format",
                form,
            ])
            .await;
        expect(&run, 0);
        assert_eq!(scene.beside(scene.app.digest).await.len(), ties);
    }
    for (arguments, said) in [
        (
            ["attest", "--predicate=scan.json", "--type=provenence"],
            "\"provenence\" is no predicate type",
        ),
        (
            ["attest", "--predicate=none.json", "--type=vuln"],
            "there is no such file",
        ),
        (
            ["attest", "--predicate=cosign.pub", "--type=vuln"],
            "the predicate is not JSON",
        ),
    ] {
        let run = scene.run(&arguments).await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[tokio::test]
async fn the_passphrase_comes_from_a_file_or_a_variable_and_nowhere_else() {
    let scene = Scene::start().await;
    scene.home.write("pass", "open sesame\n");
    let generate = [
        "key",
        "generate",
        "--output-key-prefix=own",
        "--password-file=pass",
    ];
    scene.tool.ok(generate).await;
    let reference = scene.reference();
    let sign = ["sign", &reference, "--key=own.key"];

    let with_file = scene
        .tool
        .run([&sign[..], &["--password-file=pass"]].concat())
        .await;
    expect(&with_file, 0);
    for name in ["TRANSSHIP_KEY_PASSWORD", "COSIGN_PASSWORD"] {
        let tool = scene.tool.clone().env(name, "open sesame");
        expect(&tool.run(sign).await, 0);
    }
    let ours_first = scene.tool.clone().env("TRANSSHIP_KEY_PASSWORD", "wrong");
    let ours_first = ours_first
        .env("COSIGN_PASSWORD", "open sesame")
        .run(sign)
        .await;
    expect(&ours_first, 2);
    assert_eq!(
        ours_first.stderr,
        "error: local own.key: the passphrase does not open the private key\n"
    );

    // Nobody to ask: standard input is not a terminal.
    let mut command = scene.tool.command(sign);
    let output = command
        .env_remove("COSIGN_PASSWORD")
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("nobody is there to be asked"), "{said}");
    assert!(said.contains("--password-file"), "{said}");
}

#[tokio::test]
async fn keys_that_are_none_are_named_and_not_shown() {
    let scene = Scene::start().await;
    let reference = scene.reference();
    let secret = fs::read_to_string(scene.home.path().join("cosign.key")).unwrap();
    let body = secret.lines().nth(1).unwrap().to_owned();
    for (key, said) in [
        ("cosign.pub", "cosign.pub"),
        ("none.key", "there is no such file"),
        ("env://NO_SUCH_KEY", "NO_SUCH_KEY"),
        ("awskms://alias/key", "awskms"),
        (secret.as_str(), "does not belong on the command line"),
    ] {
        let run = scene.tool.run(["sign", &reference, "--key", key]).await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{key}: {}", run.stderr);
        assert!(!run.stderr.contains(&body));
    }
    let tool = scene.tool.clone().env("SIGNING_KEY", &secret);
    let run = tool
        .run(["sign", &reference, "--key=env://SIGNING_KEY"])
        .await;
    expect(&run, 0);
}

#[tokio::test]
async fn a_key_pair_is_for_its_owner_and_is_not_overwritten() {
    let home = Home::new();
    let tool = at_home(&home);
    expect(&tool.run(["key", "generate"]).await, 0);
    let mode = |name: &str| {
        let metadata = fs::metadata(home.path().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(
        (mode("cosign.key"), mode("cosign.pub") & 0o600),
        (0o600, 0o600)
    );
    let private = fs::read_to_string(home.path().join("cosign.key")).unwrap();
    assert!(private.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    let run = tool.run(["key", "generate"]).await;
    expect(&run, 2);
    assert!(
        run.stderr.contains("keys are not overwritten"),
        "{}",
        run.stderr
    );
    assert_eq!(
        fs::read_to_string(home.path().join("cosign.key")).unwrap(),
        private
    );
}

#[tokio::test]
async fn what_is_not_there_cannot_be_signed() {
    let scene = Scene::start().await;
    let missing = format!("{}:2.0", scene.registry.repository("app"));
    let run = scene.tool.run(["sign", &missing, "--key=cosign.key"]).await;
    expect(&run, 1);
    assert!(run.stderr.contains("2.0"), "{}", run.stderr);
}

#[tokio::test]
async fn what_lies_in_the_place_of_signatures_is_left_alone() {
    let scene = Scene::start().await;
    // What somebody put there is an index, not a list of signatures.
    let tag: Tag = format!("sha256-{}.sig", scene.app.digest.hex())
        .parse()
        .unwrap();
    let repository = scene.repository();
    let index = Sink::manifest(&repository, &scene.app).await.unwrap();
    repository
        .tag(std::slice::from_ref(&tag), &index)
        .await
        .unwrap();
    let run = scene.run(&["sign", "--format=cosign"]).await;
    expect(&run, 1);
    assert!(
        run.stderr.contains("is no manifest of signatures"),
        "{}",
        run.stderr
    );
    let now = repository
        .resolve(&transship_oci::Name::Tag(tag))
        .await
        .unwrap();
    assert_eq!(now.digest, scene.app.digest);
}
