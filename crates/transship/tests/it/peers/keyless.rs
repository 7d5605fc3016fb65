//! Keyless signatures, by a Sigstore of the tests' own, at every registry; cosign is asked too, so that what is accepted here
//! is what others accept, and what is refused here is no mere quirk of the forge.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use transship_oci::{Descriptor, Repository, Sink as _};
use transship_testkit::{
    image::{Graph, Image, layer},
    peers::{Home, Run, Tool},
    sigstore::{Forge, Signer, Stamp},
};

use super::place::{Kind, Place};
use crate::world::{at_home, expect, json as shown, remote};

const WHO: &str = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.example.com";

struct Scene {
    place: Place,
    home: Home,
    ours: Tool,
    cosign: Tool,
    forge: Forge,
    graph: Graph,
    app: Descriptor,
}

impl Scene {
    async fn start(kind: Kind) -> Option<Self> {
        let home = Home::new();
        let (place, cosign) = (Place::start(kind).await?, Tool::new("cosign3", &home)?);
        let mut graph = Graph::new();
        let app = graph.image(Image::new().layer(layer::gzip("etc/motd", b"hello")));
        graph.tag("1.4", &app);
        let forge = Forge::new();
        home.write("root.json", forge.trusted_root().to_string());
        Some(Self {
            place,
            ours: at_home(&home),
            home,
            cosign,
            forge,
            graph,
            app,
        })
    }

    fn signer(&self) -> Signer<'_> {
        self.forge.signer(WHO, ISSUER)
    }

    /// Puts the app there with a bundle beside it, and gives its reference.
    async fn push(&self, path: &str, bundle: &Value) -> String {
        let mut graph = self.graph.clone();
        graph.attach_bundle(&self.app, &bundle.to_string());
        self.place_of(path, &graph).await
    }

    async fn place_of(&self, path: &str, graph: &Graph) -> String {
        let repository = remote(&self.place.repository(path));
        graph.push_to(&repository).await.unwrap();
        self.place.at(&format!("{path}:1.4"))
    }

    async fn verify(&self, reference: &str, who: &str, root: &str) -> Run {
        let flags = ["--format=json", "--certificate-oidc-issuer", ISSUER];
        let (who, root) = (["--certificate-identity", who], ["--trusted-root", root]);
        let first = ["verify", reference];
        let all = [&first[..], &flags, &who, &root].concat();
        self.ours.run(all).await
    }

    async fn cosign(&self, reference: &str, who: &str) -> Run {
        let identity = format!("--certificate-identity={who}");
        let issuer = format!("--certificate-oidc-issuer={ISSUER}");
        let root = "--trusted-root=root.json";
        let plain = "--allow-http-registry";
        let flags = ["verify", reference, &identity, &issuer, root, plain];
        self.cosign.run(flags).await
    }

    /// Both accept it from whom it is by, and from nobody else.
    async fn both_accept(&self, reference: &str, form: &str) {
        let theirs = self.cosign(reference, WHO).await;
        assert_eq!(theirs.code(), 0, "{}", theirs.stderr);
        assert_ne!(self.cosign(reference, "nobody@example.com").await.code(), 0);

        let run = self.verify(reference, WHO, "root.json").await;
        expect(&run, 0);
        let finding = &shown(&run)["checks"][0]["findings"][0];
        assert_eq!(finding["form"], form);
        assert_eq!(finding["outcome"], "accepted");
        for proof in ["certificate", "sct", "log"] {
            assert_eq!(finding["proof"][proof], true, "{proof}: {finding}");
        }
        assert_eq!(finding["proof"]["times"], json!(["2026-01-15T00:00:05Z"]));

        let run = self
            .verify(reference, "nobody@example.com", "root.json")
            .await;
        expect(&run, 5);
        assert_eq!(outcome_of(&run), "untrusted-signer");
    }
}

fn outcome_of(run: &Run) -> String {
    let finding = &shown(run)["checks"][0]["findings"][0];
    finding["outcome"].as_str().unwrap().to_owned()
}

async fn accepted(kind: Kind) {
    let Some(mut scene) = Scene::start(kind).await else {
        return;
    };
    let signature = scene.signer().sign(&scene.app.digest);
    let reference = scene.push("bundle", &signature).await;
    scene.both_accept(&reference, "bundle").await;

    let name = Repository::new("registry.example", "app").unwrap();
    let layer = scene.signer().layer(&scene.app.digest, &name);
    let app = scene.app.clone();
    scene.graph.sign_in_tag_by(&app, &[layer]);
    let reference = scene.place_of("tag", &scene.graph).await;
    scene.both_accept(&reference, "legacy-tag").await;
}

#[tokio::test]
async fn an_identity_at_docker_registry_is_accepted_here_and_by_cosign() {
    accepted(Kind::Debian).await;
}

#[tokio::test]
async fn an_identity_at_distribution_is_accepted_here_and_by_cosign() {
    accepted(Kind::Distribution).await;
}

#[tokio::test]
async fn an_identity_at_our_registry_is_accepted_here_and_by_cosign() {
    accepted(Kind::Ours).await;
}

/// The same JSON with one byte of this base64 changed.
fn bent(bundle: &Value, pointer: &str) -> Value {
    let mut bundle = bundle.clone();
    let field = bundle.pointer_mut(pointer).unwrap();
    let mut bytes = STANDARD.decode(field.as_str().unwrap()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    *field = json!(STANDARD.encode(bytes));
    bundle
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

/// The same with a bit of the log's signature on its tree turned over.
fn bent_note(bundle: &Value) -> Value {
    let mut bundle = bundle.clone();
    let pointer = format!("{ENTRY}/inclusionProof/checkpoint/envelope");
    let note = bundle.pointer_mut(&pointer).unwrap();
    let text = note.as_str().unwrap().trim_end().to_owned();
    let (said, signature) = text.rsplit_once(' ').unwrap();
    let signature = bent(&json!([signature]), "/0");
    *note = json!(format!("{said} {}\n", signature[0].as_str().unwrap()));
    bundle
}

struct Wrong {
    name: &'static str,
    bundle: Value,
    outcome: &'static str,
    why: &'static str,
}

/// What can be wrong with a certificate.
fn wrong_certificates(scene: &Scene, other: &Forge) -> Vec<Wrong> {
    let subject = &scene.app.digest;
    let (signer, sound) = (scene.signer(), scene.signer().sign(subject));
    let stamped = |stamp| signer.clone().stamp(stamp).sign(subject);
    let late = signer.clone().logged_after(Duration::from_mins(11));
    let certificate = "/verificationMaterial/certificate/rawBytes";
    let nobody = "no authority that is trusted has issued the certificate";
    let unstamped = "invalid signed certificate timestamp: ";
    [
        ("expired", late.sign(subject), "expired", "CertExpired"),
        (
            "certificate",
            bent(&sound, certificate),
            "untrusted-signer",
            nobody,
        ),
        (
            "stranger",
            other.signer(WHO, ISSUER).sign(subject),
            "untrusted-signer",
            nobody,
        ),
        (
            "bent-stamp",
            stamped(Stamp::Bent),
            "untrusted-signer",
            unstamped,
        ),
        (
            "other-stamp",
            stamped(Stamp::By(other)),
            "untrusted-signer",
            unstamped,
        ),
        (
            "no-stamp",
            stamped(Stamp::None),
            "untrusted-signer",
            unstamped,
        ),
    ]
    .map(|(name, bundle, outcome, why)| Wrong {
        name,
        bundle,
        outcome,
        why,
    })
    .into()
}

/// What can be wrong with what was signed and what the log says of it.
fn wrong_entries(scene: &Scene) -> Vec<Wrong> {
    let subject = &scene.app.digest;
    let sound = scene.signer().sign(subject);
    let bend = |pointer: &str| bent(&sound, &format!("{ENTRY}{pointer}"));
    let mut borrowed = sound.clone();
    borrowed["verificationMaterial"]["tlogEntries"] =
        scene.signer().sign(subject)["verificationMaterial"]["tlogEntries"].clone();
    let mut unlogged = sound.clone();
    unlogged["verificationMaterial"]["tlogEntries"] = json!([]);
    let elsewhere = scene
        .signer()
        .sign(&transship_oci::Digest::sha256(b"another"));
    let changed = "the signature does not fit its certificate: it or what it covers was changed";
    [
        (
            "signature",
            bent(&sound, "/dsseEnvelope/signatures/0/sig"),
            "bad-signature",
            changed,
        ),
        (
            "payload",
            bent(&sound, "/dsseEnvelope/payload"),
            "bad-signature",
            changed,
        ),
        ("elsewhere", elsewhere, "subject-mismatch", "sha256:"),
        (
            "promise",
            bend("/inclusionPromise/signedEntryTimestamp"),
            "log-entry",
            "invalid inclusion promise",
        ),
        (
            "proof",
            bend("/inclusionProof/hashes/0"),
            "log-entry",
            "invalid inclusion proof",
        ),
        (
            "root-hash",
            bend("/inclusionProof/rootHash"),
            "log-entry",
            "does not match checkpoint root hash",
        ),
        (
            "checkpoint",
            bent_note(&sound),
            "log-entry",
            "invalid checkpoint",
        ),
        (
            "borrowed",
            borrowed,
            "log-entry",
            "log entry does not match the bundle",
        ),
        (
            "unlogged",
            unlogged,
            "no-log-entry",
            "it has no entry of a transparency log, and one is required",
        ),
    ]
    .map(|(name, bundle, outcome, why)| Wrong {
        name,
        bundle,
        outcome,
        why,
    })
    .into()
}

#[tokio::test]
async fn what_is_wrong_with_an_identity_is_refused_with_its_reason() {
    let Some(scene) = Scene::start(Kind::Distribution).await else {
        return;
    };
    let other = Forge::new();
    let wrongs = wrong_certificates(&scene, &other).into_iter();
    for wrong in wrongs.chain(wrong_entries(&scene)) {
        let name = wrong.name;
        let reference = scene.push(name, &wrong.bundle).await;
        let run = scene.verify(&reference, WHO, "root.json").await;
        expect(&run, 5);
        let finding = &shown(&run)["checks"][0]["findings"][0];
        let (outcome, why) = (&finding["outcome"], finding["detail"].as_str().unwrap());
        assert_eq!(outcome, wrong.outcome, "{name}: {why}");
        assert!(why.contains(wrong.why), "{name}: {why}");
        let theirs = scene.cosign(&reference, WHO).await;
        assert_ne!(theirs.code(), 0, "{name}: cosign takes it");
    }
}

#[tokio::test]
async fn an_identity_is_judged_by_the_given_root_only() {
    let Some(scene) = Scene::start(Kind::Debian).await else {
        return;
    };
    let reference = scene
        .push("app", &scene.signer().sign(&scene.app.digest))
        .await;
    let (other, mut unlogged) = (Forge::new().trusted_root(), scene.forge.trusted_root());
    scene.home.write("other.json", other.to_string());
    let run = scene.verify(&reference, WHO, "other.json").await;
    expect(&run, 5);
    assert_eq!(outcome_of(&run), "untrusted-signer");
    // The authority is trusted, the log is not known: that is no forgery.
    unlogged["tlogs"] = other["tlogs"].clone();
    scene.home.write("unlogged.json", unlogged.to_string());
    let run = scene.verify(&reference, WHO, "unlogged.json").await;
    expect(&run, 7);
    assert_eq!(outcome_of(&run), "trust-root");
}

#[tokio::test]
async fn what_the_certificate_says_of_the_workflow_can_be_asked_for() {
    let Some(scene) = Scene::start(Kind::Ours).await else {
        return;
    };
    let said = [
        ("trigger", 2, "push"),
        ("sha", 3, "0a1b"),
        ("name", 4, "Release"),
    ];
    let said = said
        .into_iter()
        .chain([("repository", 5, "acme/app"), ("ref", 6, "refs/heads/main")]);
    let signer = said.clone().fold(scene.signer(), |signer, (_, n, value)| {
        signer.claiming(n, value)
    });
    let reference = scene.push("app", &signer.sign(&scene.app.digest)).await;
    let identity = [
        format!("--certificate-identity={WHO}"),
        format!("--certificate-oidc-issuer={ISSUER}"),
    ];
    for (name, _, value) in said {
        for (value, code) in [(value, 0), ("other", 5)] {
            let claim = format!("--certificate-github-workflow-{name}={value}");
            let flags = [
                "verify",
                &reference,
                &identity[0],
                &identity[1],
                &claim,
                "--trusted-root=root.json",
            ];
            expect(&scene.ours.run(flags).await, code);
            let flags = [&flags[..], &["--allow-http-registry"]].concat();
            let theirs = scene.cosign.run(flags).await;
            assert_eq!(theirs.code() == 0, code == 0, "{claim}: {}", theirs.stderr);
        }
    }
}

#[tokio::test]
async fn a_copy_is_guarded_by_an_identity() {
    let Some(scene) = Scene::start(Kind::Distribution).await else {
        return;
    };
    let target = Place::start(Kind::Debian).await.unwrap();
    let policy = format!(
        "version: 1\ntrust-root: root.json\nsigners:\n  acme: {{keyless: {{identities: [{{subject: '{WHO}', issuer: '{ISSUER}'}}]}}}}\ndefault: {{signed-by: acme}}\n"
    );
    scene.home.write("policy.yaml", policy);
    let copy = async |from: &str, to: &str| {
        let to = target.at(to);
        scene
            .ours
            .run(["copy", from, &to, "--policy=policy.yaml"])
            .await
    };
    let sound = scene.signer().sign(&scene.app.digest);
    let from = scene.push("sound", &sound).await;
    expect(&copy(&from, "sound").await, 0);
    expect(
        &scene
            .verify(&target.at("sound:1.4"), WHO, "root.json")
            .await,
        0,
    );
    let theirs = scene.cosign(&target.at("sound:1.4"), WHO).await;
    assert_eq!(theirs.code(), 0, "{}", theirs.stderr);

    let another = scene.forge.signer("somebody@example.com", ISSUER);
    let forged = bent(
        &sound,
        &format!("{ENTRY}/inclusionPromise/signedEntryTimestamp"),
    );
    for (name, bundle) in [
        ("another", another.sign(&scene.app.digest)),
        ("forged", forged),
    ] {
        let from = scene.push(name, &bundle).await;
        let run = copy(&from, name).await;
        expect(&run, 5);
        let listed = remote(&target.repository(name))
            .tagged(&"1.4".parse().unwrap())
            .await;
        assert!(listed.unwrap().is_none(), "{name}");
    }
    let from = scene.place_of("bare", &scene.graph).await;
    expect(&copy(&from, "bare").await, 6);
}

/// An authority of one's own, as cosign 2 takes it: certificates in files, no log and no trust root.
#[tokio::test]
async fn an_authority_of_ones_own_is_taken_as_cosign_takes_it() {
    let Some(scene) = Scene::start(Kind::Debian).await else {
        return;
    };
    let Some(cosign) = Tool::new("cosign2", &scene.home) else {
        return;
    };
    let [between, root] = scene.forge.certificates();
    scene.home.write("chain.pem", format!("{between}{root}"));
    scene.home.write("roots.pem", root);
    scene.home.write("between.pem", between);
    scene
        .home
        .write("others.pem", &Forge::new().certificates()[1]);
    let name = Repository::new("registry.example", "app").unwrap();
    let signer = scene.signer().private();
    let mut graph = scene.graph.clone();
    graph.sign_in_tag_by(&scene.app, &[signer.layer(&scene.app.digest, &name)]);
    let reference = scene.place_of("app", &graph).await;
    let who = format!("--certificate-identity={WHO}");
    let issuer = format!("--certificate-oidc-issuer={ISSUER}");
    let theirs = [
        "--insecure-ignore-sct",
        "--insecure-ignore-tlog",
        "--allow-http-registry",
        &issuer,
    ];
    for (given, code) in [
        (
            &["--ca-roots=roots.pem", "--ca-intermediates=between.pem"][..],
            0,
        ),
        (&["--certificate-chain=chain.pem"], 0),
        (&["--ca-roots=others.pem"], 5),
    ] {
        let flags = [&["verify", &reference, &who], given].concat();
        expect(&scene.ours.run(&flags).await, code);
        let run = cosign.run([&flags[..], &theirs].concat()).await;
        assert_eq!(run.code() == 0, code == 0, "{given:?}: {}", run.stderr);
    }
}

#[tokio::test]
async fn a_time_stamp_stands_in_for_the_log_where_that_is_said() {
    let Some(scene) = Scene::start(Kind::Ours).await else {
        return;
    };
    let (subject, other) = (&scene.app.digest, Forge::new());
    let stamped = scene.signer().timed_by(&scene.forge);
    let late = stamped.clone().logged_after(Duration::from_mins(11));
    let unlogged = "--insecure-ignore-tlog";
    let identity = [
        format!("--certificate-identity={WHO}"),
        format!("--certificate-oidc-issuer={ISSUER}"),
    ];
    for (name, bundle, more, outcome) in [
        ("sound", stamped.sign(subject), Some(unlogged), "accepted"),
        ("unsaid", stamped.sign(subject), None, "no-log-entry"),
        ("late", late.sign(subject), Some(unlogged), "expired"),
        (
            "another",
            scene.signer().timed_by(&other).sign(subject),
            Some(unlogged),
            "no-trusted-time",
        ),
    ] {
        let reference = scene.push(name, &bundle).await;
        let first = [
            "verify",
            &reference,
            &identity[0],
            &identity[1],
            "--trusted-root=root.json",
        ];
        let flags = first.into_iter().chain(more);
        let run = scene.ours.run(flags.clone().chain(["--format=json"])).await;
        assert_eq!(outcome_of(&run), outcome, "{name}: {}", run.stdout);
        expect(&run, if outcome == "accepted" { 0 } else { 5 });
        let theirs = flags.chain(["--use-signed-timestamps", "--allow-http-registry"]);
        let theirs = scene.cosign.run(theirs).await;
        assert_eq!(
            theirs.code() == 0,
            outcome == "accepted",
            "{name}: {}",
            theirs.stderr
        );
    }
}
