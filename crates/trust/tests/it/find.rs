//! Finding evidence in a repository: all forms, at no more than one request each, and nothing passed over.

use transship_oci::{Descriptor, ErrorKind, Referrer, Result, Source as _};
use transship_testkit::image::{Graph, Image, Kind, Layer};
use transship_trust::{
    Class, Demand, Evidence, Form, Found, Judge, Limits, Outcome, conclude, find,
};

use crate::{
    make::{Pen, signature_of},
    shelf::Shelf,
};

const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// An image with evidence beside it.
struct Scene {
    graph: Graph,
    image: Descriptor,
    pen: Pen,
}

impl Scene {
    fn new() -> Self {
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(Layer::new("application/x", "content")));
        Self {
            graph,
            image,
            pen: Pen::p256(),
        }
    }

    /// A bundle as cosign 3 attaches it.
    fn sign(&mut self) -> Descriptor {
        let bundle = self
            .pen
            .bundle(&signature_of(&self.image.digest))
            .to_string();
        self.graph.attach(&self.image, BUNDLE, bundle.as_bytes())
    }

    /// A simple-signing layer.
    fn simple(&self) -> Layer {
        let (payload, annotations) = self.pen.simple(&self.image.digest);
        let (name, value) = annotations.iter().next().unwrap();
        Layer::new("application/vnd.dev.cosign.simplesigning.v1+json", payload)
            .annotated(name, value)
    }

    fn in_tag(&mut self, kind: Kind, layers: Vec<Layer>) -> Descriptor {
        let node = self.graph.image(Image::new().layers(layers));
        self.graph.tag(kind.tag(&self.image.digest).as_str(), &node);
        node
    }

    async fn shelf(&self) -> Shelf {
        Shelf::holding(&self.graph).await
    }

    async fn found_in(&self, source: &Shelf, limits: &Limits) -> Result<Found> {
        let subject = &self.image.digest;
        let referrers: Vec<Referrer> = source.referrers(subject).await.unwrap();
        find(source, subject, &referrers, limits).await
    }

    fn verdict(&self, evidence: &[Evidence]) -> (Class, Outcome) {
        let judge = Judge::new("2026-11-24T00:00:00Z".parse().unwrap());
        let findings: Vec<_> = evidence
            .iter()
            .map(|it| judge.judge(it, &self.pen.signer(), &Demand::signature()))
            .collect();
        conclude(&findings)
    }
}

fn forms(found: &Found) -> Vec<Form> {
    let mut forms: Vec<Form> = found.evidence.iter().map(|it| it.form).collect();
    forms.sort_unstable();
    forms
}

#[tokio::test]
async fn every_form_is_found_at_one_request_each() {
    let mut scene = Scene::new();
    scene.sign();
    let (one, two) = (scene.simple(), Scene::new().simple());
    scene.in_tag(Kind::Signature, vec![one, two]);
    let statement = signature_of(&scene.image.digest).to_string();
    let envelope = scene.pen.envelope(&statement).to_string();
    scene.in_tag(
        Kind::Attestation,
        vec![Layer::new(
            "application/vnd.dsse.envelope.v1+json",
            envelope,
        )],
    );
    scene.in_tag(Kind::Sbom, vec![Layer::new("text/spdx+json", "{}")]);
    let kind = "application/vnd.dev.cosign.artifact.sig.v1+json";
    let simple = scene.simple().annotated("n", "3");
    let referrer = Image::new()
        .config(Layer::new(kind, "{}"))
        .artifact_type(kind)
        .subject(&scene.image)
        .layer(simple);
    scene.graph.image(referrer);
    scene.graph.attach_by_config(
        &scene.image.clone(),
        "application/vnd.cncf.notary.signature",
        b"jws",
    );
    scene
        .graph
        .attach(&scene.image.clone(), "text/plain", b"a note");

    let shelf = scene.shelf().await;
    let found = scene.found_in(&shelf, &Limits::default()).await.unwrap();
    assert_eq!(
        forms(&found),
        [
            Form::LegacyTag,
            Form::LegacyTag,
            Form::LegacyTag,
            Form::LegacyReferrer,
            Form::Bundle,
            Form::Notation
        ]
    );
    // The SBOM and the note.
    assert_eq!(found.others.len(), 2);
    // Seven manifests; the blobs of all evidence but Notation's, which nobody here could read.
    assert_eq!(shelf.asked(), (7, 5));
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::Good, Outcome::Accepted)
    );
    for evidence in &found.evidence {
        assert!(evidence.manifest.is_some() && evidence.blob.is_some());
    }
}

#[tokio::test]
async fn what_the_listing_calls_a_referrer_does_not_matter() {
    let mut scene = Scene::new();
    scene.sign();
    let shelf = scene.shelf().await;
    let mut referrers = shelf.referrers(&scene.image.digest).await.unwrap();
    for kind in [None, Some("application/vnd.oci.empty.v1+json".to_owned())] {
        referrers[0].descriptor.artifact_type = kind;
        let found = find(&shelf, &scene.image.digest, &referrers, &Limits::default()).await;
        assert_eq!(forms(&found.unwrap()), [Form::Bundle]);
    }
}

#[tokio::test]
async fn a_bundle_under_another_media_type_is_known_by_its_manifest() {
    let mut scene = Scene::new();
    let bundle = scene
        .pen
        .bundle(&signature_of(&scene.image.digest))
        .to_string();
    let referrer = Image::new()
        .empty_config()
        .artifact_type(BUNDLE)
        .subject(&scene.image)
        .layer(Layer::new("application/octet-stream", bundle));
    scene.graph.image(referrer);
    let shelf = scene.shelf().await;
    let found = scene.found_in(&shelf, &Limits::default()).await.unwrap();
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::Good, Outcome::Accepted)
    );
}

#[tokio::test]
async fn nothing_beside_it_is_missing() {
    let scene = Scene::new();
    let shelf = scene.shelf().await;
    let found = scene.found_in(&shelf, &Limits::default()).await.unwrap();
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::Missing, Outcome::None)
    );
    assert_eq!(shelf.asked(), (0, 0));
}

#[tokio::test]
async fn what_is_listed_and_not_there_cannot_be_checked() {
    let mut scene = Scene::new();
    let referrer = scene.sign();
    let manifest = scene.graph.manifest(&referrer.digest).unwrap();
    let blob = manifest.children().unwrap().blobs[1].digest;
    for lost in [referrer.digest, blob] {
        let mut shelf = scene.shelf().await;
        shelf.lost.insert(lost);
        let error = scene
            .found_in(&shelf, &Limits::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CannotCheck);
        assert_eq!(
            error.message(),
            format!(
                "{lost} is listed as evidence for {} and cannot be read",
                scene.image.digest
            )
        );
    }
    let mut shelf = scene.shelf().await;
    shelf.spoilt.insert(blob);
    let error = scene
        .found_in(&shelf, &Limits::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotCheck);
}

#[tokio::test]
async fn fifty_signatures_are_read_and_fifty_one_may_be_too_many() {
    let mut scene = Scene::new();
    let mut layers: Vec<Layer> = (0..49).map(|_| Scene::new().simple()).collect();
    layers.push(scene.simple());
    scene.in_tag(Kind::Signature, layers);
    let shelf = scene.shelf().await;
    let found = scene.found_in(&shelf, &Limits::default()).await.unwrap();
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::Good, Outcome::Accepted)
    );
    assert_eq!(shelf.asked(), (1, 50));

    let limits = Limits {
        evidence: 49,
        ..Limits::default()
    };
    let error = scene.found_in(&shelf, &limits).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotCheck);
    assert_eq!(
        error.message(),
        format!(
            "there are more than 49 pieces of evidence beside {}",
            scene.image.digest
        )
    );
}

#[tokio::test]
async fn what_is_too_large_is_not_read_and_not_passed_over() {
    let mut scene = Scene::new();
    scene.sign();
    let simple = scene.simple();
    scene.in_tag(Kind::Signature, vec![simple]);
    let limits = Limits {
        signature: 10,
        attachment: 20,
        ..Limits::default()
    };
    let shelf = scene.shelf().await;
    let found = scene.found_in(&shelf, &limits).await.unwrap();
    assert_eq!(shelf.asked(), (2, 0));
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::CannotCheck, Outcome::TooLarge)
    );

    // All together may be too much, too.
    let limits = Limits {
        total: 20,
        ..Limits::default()
    };
    let found = scene.found_in(&shelf, &limits).await.unwrap();
    assert_eq!(shelf.asked(), (4, 0));
    assert_eq!(found.evidence.len(), 2);
    assert_eq!(
        scene.verdict(&found.evidence),
        (Class::CannotCheck, Outcome::TooLarge)
    );
}

#[tokio::test]
async fn what_is_too_much_is_seen_before_all_of_it_is_read() {
    let mut scene = Scene::new();
    for _ in 0..40 {
        scene.sign();
    }
    let shelf = scene.shelf().await;
    let limits = Limits {
        evidence: 2,
        ..Limits::default()
    };
    let error = scene.found_in(&shelf, &limits).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CannotCheck);
    let (manifests, blobs) = shelf.asked();
    // Eight are asked for at once.
    assert!(manifests <= 3 + 8, "{manifests}");
    assert_eq!(blobs, 0);
}
