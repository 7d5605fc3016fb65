//! What cosign 2 and 3 sign at a real registry, found by the real client and judged here.

use futures::TryStreamExt as _;
use transship_oci::{Digest, Name, Reference, Repository, Side, Source as _};
use transship_registry_client::{Client, Context, HostSettings, RemoteRepository};
use transship_testkit::{
    image::{Graph, Image, Index, Layer},
    peers::{Cosign, DockerRegistry, Home, Options, Version},
};
use transship_trust::{
    Claim, Class, Demand, Evidence, Form, Judge, Key, KeySigner, Limits, Outcome, Signer, Tlog,
    conclude, find, predicate_type,
};

struct Scene {
    _registry: DockerRegistry,
    two: Cosign,
    three: Cosign,
    repository: RemoteRepository,
    index: Digest,
    children: Vec<Digest>,
}

impl Scene {
    async fn start() -> Option<Self> {
        let registry = DockerRegistry::start(&Options::default()).await?;
        let home = Home::new();
        let two = Cosign::new(Version::V2, &home).await?;
        let three = Cosign::new(Version::V3, &home).await?;
        let host = registry.host().to_owned();
        let client = Client::new(Context {
            hosts: HostSettings {
                plain_http: [host.clone()].into(),
                ..HostSettings::default()
            },
            ..Context::default()
        })
        .unwrap();
        let name = Repository::new(&host, "app").unwrap();
        let repository = client.repository(&name, Side::Source).unwrap();
        let mut graph = Graph::new();
        let children = ["linux/amd64", "linux/arm64"].map(|platform| {
            let layer = Layer::new("application/x", platform);
            graph.image(Image::new().platform(platform).layer(layer))
        });
        let index = graph.index(Index::of(children.clone()));
        graph.tag("1", &index);
        graph.push_to(&repository).await.unwrap();
        Some(Self {
            _registry: registry,
            two,
            three,
            repository,
            index: index.digest,
            children: children.iter().map(|child| child.digest).collect(),
        })
    }

    fn reference(&self, digest: Digest) -> String {
        Reference {
            repository: self.repository.name().clone(),
            tag: None,
            digest: Some(digest),
        }
        .to_string()
    }

    async fn evidence(&self, subject: &Digest) -> Vec<Evidence> {
        // What a client has learnt before is not asked again; signing went past it.
        let referrers = self.repository.referrers(subject).await.unwrap();
        find(&self.repository, subject, &referrers, &Limits::default())
            .await
            .unwrap()
            .evidence
    }

    /// The one layer of a manifest, as JSON.
    async fn layer(&self, manifest: Digest) -> serde_json::Value {
        let name = Name::Digest(manifest);
        let manifest = self.repository.fetch(&name).await.unwrap();
        let layer = &manifest.children().unwrap().blobs[1];
        let pieces = self.repository.blob(layer, 0).await.unwrap();
        let pieces: Vec<_> = pieces.try_collect().await.unwrap();
        serde_json::from_slice(&pieces.concat()).unwrap()
    }

    fn signer(&self) -> Signer {
        signer_of(&std::fs::read_to_string(self.two.public_key()).unwrap())
    }
}

fn signer_of(pem: &str) -> Signer {
    Signer::Key(KeySigner {
        keys: Key::from_pem(pem).unwrap(),
        tlog: Tlog::Ignore,
        root: None,
    })
}

fn judge() -> Judge {
    Judge::new("2026-11-24T00:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn what_cosign_signs_is_accepted_here_in_every_form() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let index = scene.reference(scene.index);
    scene.two.sign_recursive(&index).await;
    scene.two.sign_as_referrer(&index).await;
    scene.three.sign_recursive(&index).await;
    let signer = scene.signer();
    let judged = |evidence: &[Evidence], demand: &Demand| {
        let findings: Vec<_> = evidence
            .iter()
            .map(|it| judge().judge(it, &signer, demand))
            .collect();
        let mut forms: Vec<Form> = findings
            .iter()
            .filter(|finding| finding.outcome == Outcome::Accepted)
            .map(|finding| finding.form)
            .collect();
        forms.sort_unstable();
        (conclude(&findings).0, forms)
    };
    let all = vec![Form::LegacyTag, Form::LegacyReferrer, Form::Bundle];
    let found = scene.evidence(&scene.index).await;
    assert_eq!(judged(&found, &Demand::signature()), (Class::Good, all));
    for child in &scene.children {
        let found = scene.evidence(child).await;
        let both = vec![Form::LegacyTag, Form::Bundle];
        assert_eq!(judged(&found, &Demand::signature()), (Class::Good, both));
    }

    // What names the key in cosign's bundles is what we take for it.
    let bundle = found.iter().find(|it| it.form == Form::Bundle).unwrap();
    let json = scene.layer(bundle.manifest.unwrap()).await;
    let hint = &json["verificationMaterial"]["publicKey"]["hint"];
    let pem = std::fs::read_to_string(scene.two.public_key()).unwrap();
    assert_eq!(hint, &Key::from_pem(&pem).unwrap()[0].hint());

    // A key that others have: a bundle says whose it is, the first form does not.
    let other = Home::new();
    let other = Cosign::new(Version::V3, &other).await.unwrap();
    let other = signer_of(&std::fs::read_to_string(other.public_key()).unwrap());
    for evidence in &found {
        let finding = judge().judge(evidence, &other, &Demand::signature());
        let claim = match evidence.form {
            Form::Bundle => Claim::Another,
            _ => Claim::Unknown,
        };
        assert_eq!(finding.claim, claim, "{finding:?}");
        assert_eq!(finding.outcome.class(), Class::Bad);
    }
}

#[tokio::test]
async fn what_cosign_attests_is_accepted_here_and_is_no_signature() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let index = scene.reference(scene.index);
    scene.two.attest(&index, r#"{"made":"here"}"#).await;
    scene.three.attest(&index, r#"{"made":"here"}"#).await;
    let found = scene.evidence(&scene.index).await;
    let custom = Demand::attestation(predicate_type("custom"));
    let ask = |demand: &Demand| {
        found
            .iter()
            .map(|it| judge().judge(it, &scene.signer(), demand).outcome)
            .collect::<Vec<_>>()
    };
    assert_eq!(ask(&custom), [Outcome::Accepted, Outcome::Accepted]);
    assert_eq!(
        ask(&Demand::signature()),
        [Outcome::WrongPredicateType, Outcome::WrongPredicateType]
    );
}
