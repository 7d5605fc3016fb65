//! `verify`: what its flags ask for beside a plain signature: statements, and certificates of an authority of one's own.

use serde_json::json;
use transship_oci::Descriptor;
use transship_testkit::{
    fault::FaultRegistry,
    image::Graph,
    peers::{Home, Run, Tool},
    sigstore::Forge,
};

use crate::world::{at_home, expect, json as shown, registry, remote, unsigned_app};

const WHO: &str = "builder@example.com";

struct Scene {
    home: Home,
    tool: Tool,
    registry: FaultRegistry,
    graph: Graph,
    app: Descriptor,
    reference: String,
}

impl Scene {
    async fn new() -> Self {
        let (registry, home) = (registry().await, Home::new());
        let (graph, app) = unsigned_app();
        let scene = Self {
            tool: at_home(&home),
            home,
            reference: format!("{}/app:1.4", registry.host()),
            registry,
            graph,
            app,
        };
        scene.push(&scene.graph).await;
        scene
    }

    async fn push(&self, graph: &Graph) {
        let repository = remote(&self.registry.repository("app"));
        graph.push_to(&repository).await.unwrap();
    }

    async fn verify(&self, flags: &[&str]) -> Run {
        let first = ["verify", &self.reference];
        self.tool.run([&first[..], flags].concat()).await
    }

    async fn attest(&self, kind: &str, form: &str) {
        self.home.write("said.json", r#"{"bomFormat":"CycloneDX"}"#);
        let (kind, form) = (format!("--type={kind}"), format!("--format={form}"));
        let (key, said) = ("--key=cosign.key", "--predicate=said.json");
        self.tool
            .ok(["attest", &self.reference, key, said, &kind, &form])
            .await;
    }

    /// A forge whose certificates are in files: `roots.pem`, `between.pem`, and both in `chain.pem`.
    fn forge(&self) -> Forge {
        let forge = Forge::new();
        let [between, root] = forge.certificates();
        self.home.write("chain.pem", format!("{between}{root}"));
        self.home.write("roots.pem", root);
        self.home.write("between.pem", between);
        forge
    }
}

const BY_KEY: [&str; 2] = ["--key=cosign.pub", "--insecure-ignore-tlog"];

#[tokio::test]
async fn a_statement_is_asked_for_by_its_type_and_is_no_signature() {
    let scene = Scene::new().await;
    scene.tool.ok(["key", "generate"]).await;
    let ask = async |kinds: &[&str]| scene.verify(&[&BY_KEY[..], kinds].concat()).await;
    expect(&ask(&["--type=cyclonedx"]).await, 6);
    scene.attest("cyclonedx", "bundle").await;
    let run = ask(&["--type=cyclonedx"]).await;
    expect(&run, 0);
    let said = format!(
        "  attestation https://cyclonedx.org/bom by the given key for the artifact\nattestation https://cyclonedx.org/bom by the given key beside {}: accepted\n",
        scene.app.digest
    );
    assert!(run.stdout.contains(&said), "{}", run.stdout);
    expect(&ask(&["--type=https://cyclonedx.org/bom"]).await, 0);
    // It is neither a signature nor another statement, and what another signer states is not ours.
    expect(&ask(&[]).await, 6);
    expect(&ask(&["--type=slsaprovenance1"]).await, 6);
    expect(&ask(&["--type=cyclonedx", "--type=spdxjson"]).await, 6);
    scene.attest("spdxjson", "cosign").await;
    expect(&ask(&["--type=cyclonedx", "--type=spdxjson"]).await, 0);
    expect(&ask(&["--type=cyclonedx", "--recursive"]).await, 6);
    scene
        .tool
        .ok(["key", "generate", "--output-key-prefix=other"])
        .await;
    let other = ["--key=other.pub", "--insecure-ignore-tlog"];
    let run = scene.verify(&[&other[..], &["--type=vuln"]].concat()).await;
    expect(&run, 6);
    let run = scene
        .verify(&[&other[..], &["--type=cyclonedx"]].concat())
        .await;
    expect(&run, 5);
}

#[tokio::test]
async fn a_statement_can_be_made_of_every_child_and_is_asked_for_there() {
    let scene = Scene::new().await;
    scene.tool.ok(["key", "generate"]).await;
    scene.home.write("said.json", r#"{"scanner":"none"}"#);
    let ask = ["--type=vuln", "--recursive"];
    for form in ["bundle", "cosign"] {
        let form = format!("--format={form},json");
        let attest = [
            "attest",
            &scene.reference,
            "--key=cosign.key",
            "--predicate=said.json",
            "--type=vuln",
            &form,
        ];
        let run = scene
            .tool
            .run([&attest[..], &["--recursive", "--dry-run"]].concat())
            .await;
        let items = shown(&run)["items"].as_array().unwrap().len();
        assert_eq!(items, 3, "the index and its two children: {}", run.stdout);
        if form.starts_with("--format=bundle") {
            expect(&scene.verify(&[&BY_KEY[..], &ask].concat()).await, 6);
        }
        expect(
            &scene
                .tool
                .run([&attest[..], &["--recursive"]].concat())
                .await,
            0,
        );
        expect(&scene.verify(&[&BY_KEY[..], &ask].concat()).await, 0);
        let again = scene
            .tool
            .run([&attest[..], &["--recursive"]].concat())
            .await;
        let outcomes = shown(&again)["items"].clone();
        let outcomes = outcomes.as_array().unwrap().iter();
        assert!(
            outcomes.clone().all(|line| line["outcome"] == "unchanged"),
            "{}",
            again.stdout
        );
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_given_by_roots_or_as_a_chain() {
    let scene = Scene::new().await;
    let forge = scene.forge();
    let mut graph = scene.graph.clone();
    let signature = forge.signer(WHO, "https://idp.example.com").private();
    graph.attach_bundle(&scene.app, &signature.sign(&scene.app.digest).to_string());
    scene.push(&graph).await;
    let who = format!("--certificate-identity={WHO}");
    for given in [
        &["--ca-roots=roots.pem"][..],
        &["--ca-roots=roots.pem", "--ca-intermediates=between.pem"],
        &["--certificate-chain=chain.pem"],
        // Harmless: such certificates are in no log.
        &["--certificate-chain=chain.pem", "--insecure-ignore-tlog"],
    ] {
        let run = scene
            .verify(&[given, &[&who, "--format=json"]].concat())
            .await;
        expect(&run, 0);
        let finding = &shown(&run)["checks"][0]["findings"][0];
        assert_eq!(finding["proof"]["certificate"], true);
        assert_eq!(finding["signedBy"]["subjects"], json!([WHO]));

        let nobody = "--certificate-identity=nobody@example.com";
        expect(&scene.verify(&[given, &[nobody]].concat()).await, 5);
    }
    scene
        .home
        .write("roots.pem", &Forge::new().certificates()[1]);
    let run = scene.verify(&["--ca-roots=roots.pem", &who]).await;
    expect(&run, 5);
    let why = "no authority that is trusted has issued the certificate";
    assert!(run.stdout.contains(why), "{}", run.stdout);
}

#[tokio::test]
async fn flags_are_shown_as_the_policy_that_they_mean_and_it_serves_in_their_place() {
    let scene = Scene::new().await;
    scene.tool.ok(["key", "generate"]).await;
    scene.attest("vuln", "bundle").await;
    let forge = scene.forge();
    let mut graph = scene.graph.clone();
    let signature = forge.signer(WHO, "https://idp.example.com").private();
    graph.attach_bundle(&scene.app, &signature.sign(&scene.app.digest).to_string());
    scene.push(&graph).await;
    scene
        .home
        .write("root.json", forge.trusted_root().to_string());
    let who = format!("--certificate-identity={WHO}");
    for (flags, code) in [
        (
            &["--key=cosign.pub", "--insecure-ignore-tlog", "--type=vuln"][..],
            0,
        ),
        (&["--key=cosign.pub", "--type=vuln"], 5),
        (&[&who, "--certificate-chain=chain.pem"], 0),
        (
            &[
                &who,
                "--certificate-oidc-issuer=https://idp.example.com",
                "--trusted-root=root.json",
            ],
            5,
        ),
    ] {
        scene.registry.forget();
        let run = scene.verify(&[flags, &["--print-policy"]].concat()).await;
        expect(&run, 0);
        assert_eq!(scene.registry.total(), 0, "nobody is asked");
        scene.home.write("printed.yaml", &run.stdout);
        expect(&scene.verify(flags).await, code);
        expect(&scene.verify(&["--policy=printed.yaml"]).await, code);
    }
}

#[tokio::test]
async fn flags_that_do_not_go_together_are_refused() {
    let scene = Scene::new().await;
    scene.forge();
    scene.home.write("empty.pem", "\n");
    let who = format!("--certificate-identity={WHO}");
    for (flags, said) in [
        (
            &["--key=a.pub", "--ca-roots=roots.pem"][..],
            "cannot be used with",
        ),
        (&["--ca-roots=roots.pem"], "--certificate-identity"),
        (&[&who, "--ca-intermediates=between.pem"], "--ca-roots"),
        (
            &[
                &who,
                "--ca-roots=roots.pem",
                "--certificate-chain=chain.pem",
            ],
            "cannot be used with",
        ),
        (
            &[
                &who,
                "--ca-roots=roots.pem",
                "--certificate-oidc-issuer=https://x.example",
            ],
            "cannot be used with",
        ),
        (
            &[&who, "--certificate-chain=empty.pem"],
            "the chain does not end with a certificate",
        ),
        (
            &["--key=a.pub", "--type=vuln", "-a", "x=y"],
            "cannot be used with",
        ),
        (&["--policy=p.yaml", "--type=vuln"], "cannot be used with"),
        (
            &["--policy=p.yaml", "--trusted-root=root.json"],
            "cannot be used with",
        ),
    ] {
        let run = scene.verify(flags).await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{flags:?}: {}", run.stderr);
    }
}
