//! Signed again after the copy, at either end and by several: nothing that anybody has signed is lost.

use transship_testkit::{
    image::{Graph, Image, layer},
    peers::{Cosign, Home, Run, Version},
};

use super::{
    place::{Kind, Place},
    tools::Tools,
};
use crate::world::{at_home, expect, json};

/// Somebody with a key of his own, and both generations of cosign.
struct Signer {
    v2: Cosign,
    v3: Cosign,
}

impl Signer {
    async fn new() -> Option<Self> {
        let home = Home::new();
        Some(Self {
            v2: Cosign::new(Version::V2, &home).await?,
            v3: Cosign::new(Version::V3, &home).await?,
        })
    }

    async fn sign(&self, reference: &str) {
        self.v2.sign(reference).await;
        self.v3.sign(reference).await;
    }
}

/// An image under `acme/app:1` that is copied from one registry to another, again and again.
struct World {
    tools: Tools,
    source: Place,
    target: Place,
    /// The image by its digest, without a host.
    image: String,
}

impl World {
    async fn new(to: Kind) -> Option<Self> {
        let tools = Tools::new()?;
        let (source, target) = (Place::start(Kind::Debian).await?, Place::start(to).await?);
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(layer::gzip("a", b"a")));
        graph.tag("1", &image);
        let layout = tools.layout("app", &graph);
        tools.crane_push(&layout, &source.at("acme/app:1")).await;
        let image = format!("acme/app@{}", image.digest);
        Some(Self {
            tools,
            source,
            target,
            image,
        })
    }

    async fn copy(&self) -> Run {
        let (from, to) = (self.source.at("acme/app:1"), self.target.at("acme/app:1"));
        at_home(&self.tools.home)
            .run(["copy", &from, &to, "--format=json"])
            .await
    }

    async fn copied(&self, outcome: &str) {
        let run = self.copy().await;
        expect(&run, 0);
        assert_eq!(json(&run)["items"][0]["outcome"], outcome, "{}", run.stdout);
    }

    /// Does each of these know his signatures at the target, and the strangers none?
    async fn known(&self, signers: &[&Signer], strangers: &[&Signer]) {
        let there = self.target.at(&self.image);
        for signer in signers {
            for cosign in [&signer.v2, &signer.v3] {
                let run = cosign.verify(&there).await;
                assert_eq!(run.code(), 0, "{:?}: {}", self.target.kind, run.stderr);
            }
        }
        for stranger in strangers {
            assert_ne!(stranger.v2.verify(&there).await.code(), 0);
            assert_ne!(stranger.v3.verify(&there).await.code(), 0);
        }
    }
}

async fn signed_again(to: Kind) {
    let Some(world) = World::new(to).await else {
        return;
    };
    let signers = [
        Signer::new().await,
        Signer::new().await,
        Signer::new().await,
        Signer::new().await,
    ];
    let [Some(maker), Some(tester), Some(owner), Some(auditor)] = signers else {
        return;
    };
    let (here, there) = (world.source.at(&world.image), world.target.at(&world.image));
    maker.sign(&here).await;
    world.copied("copied").await;
    world.known(&[&maker], &[&tester, &owner]).await;

    // A second signature at the source moves its tag and makes its list of referrers longer.
    tester.sign(&here).await;
    world.copied("copied").await;
    world.known(&[&maker, &tester], &[&owner]).await;
    world.copied("unchanged").await;

    // The target's owner adds his own to both, and keeps them.
    owner.sign(&there).await;
    world.copied("unchanged").await;
    world.known(&[&maker, &tester, &owner], &[]).await;
    tester.v3.sign(&here).await;
    world.copied("copied").await;
    world.known(&[&maker, &tester, &owner], &[]).await;
    assert_eq!(world.tools.discovered(&there).await.len(), 4);

    // Each end has a signature in the tag that the other has not: nobody but the user can say which is to go.
    auditor.v2.sign(&here).await;
    let tag = format!(
        "acme/app:{}.sig",
        world.image.rsplit_once('@').unwrap().1.replace(':', "-")
    );
    let before = world.tools.digest(&world.target.at(&tag)).await;
    let run = world.copy().await;
    expect(&run, 1);
    let said = format!("tag {} is {before} there", tag.rsplit_once(':').unwrap().1);
    assert!(run.stderr.contains(&said), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("with --move-tags what only the target has under this tag is lost"),
        "{}",
        run.stderr
    );
    assert_eq!(world.tools.digest(&world.target.at(&tag)).await, before);
    world.known(&[&maker, &tester, &owner], &[]).await;
}

#[tokio::test]
async fn signed_again_beside_a_fallback_tag() {
    signed_again(Kind::Distribution).await;
}

#[tokio::test]
async fn signed_again_beside_the_api() {
    signed_again(Kind::Ours).await;
}
