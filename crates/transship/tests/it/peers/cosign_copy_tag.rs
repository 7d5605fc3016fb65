//! `cosign copy` leaves a tag `sha256-<hex>` on the image itself, where the list of referrers belongs.

use transship_testkit::{
    image::{Graph, Image, layer},
    peers::{Cosign, Version},
};

use super::{
    place::{Kind, Place},
    tools::Tools,
};
use crate::world::{at_home, expect};

struct World {
    tools: Tools,
    v3: Cosign,
    source: Place,
    /// Where cosign has copied the image to.
    left: Place,
    /// The image's digest.
    image: String,
    /// The tag that cosign left.
    tag: String,
}

impl World {
    /// `acme/app:1` at the source, signed by cosign 2 and copied by it to `left`.
    async fn new(kind: Kind) -> Option<Self> {
        let tools = Tools::new()?;
        let (source, left) = (Place::start(Kind::Debian).await?, Place::start(kind).await?);
        let v2 = Cosign::new(Version::V2, &tools.home).await?;
        let v3 = Cosign::new(Version::V3, &tools.home).await?;
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(layer::gzip("a", b"a")));
        graph.tag("1", &image);
        let layout = tools.layout("app", &graph);
        tools.crane_push(&layout, &source.at("acme/app:1")).await;
        let image = image.digest.to_string();
        v2.sign(&source.at(&format!("acme/app@{image}"))).await;
        let (from, to) = (source.at("acme/app:1"), left.at("acme/app:1"));
        v2.tool()
            .ok(["copy", "--allow-http-registry", &from, &to])
            .await;
        let tag = image.replace(':', "-");
        let found = tools.digest(&left.at(&format!("acme/app:{tag}"))).await;
        assert_eq!(found, image, "cosign leaves the image under {tag}");
        Some(Self {
            tools,
            v3,
            source,
            left,
            image,
            tag,
        })
    }

    async fn sign_by_v3(&self) {
        self.v3
            .sign(&self.source.at(&format!("acme/app@{}", self.image)))
            .await;
    }
}

#[tokio::test]
async fn it_is_not_written_over() {
    for kind in [Kind::Debian, Kind::Distribution] {
        let Some(world) = World::new(kind).await else {
            return;
        };
        world.sign_by_v3().await;
        let (from, to) = (world.source.at("acme/app:1"), world.left.at("acme/app:2"));
        let before = world.tools.tags(&world.left.at("acme/app")).await;
        let run = at_home(&world.tools.home).run(["copy", &from, &to]).await;
        expect(&run, 1);
        let tag = &world.tag;
        assert!(
            run.stderr.contains(&format!(
                "tag {tag} is where the list of referrers belongs, but it is the subject itself"
            )),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains(&format!(
                "hint: remove or rename tag {tag} at the target, or use a registry that has the referrers API"
            )),
            "{}",
            run.stderr
        );
        assert_eq!(
            world.tools.tags(&world.left.at("acme/app")).await,
            before,
            "no tag is published"
        );
        let still = world
            .tools
            .digest(&world.left.at(&format!("acme/app:{tag}")))
            .await;
        assert_eq!(still, world.image);
    }
}

/// Where the registry keeps the list itself, the tag is in nobody's way.
#[tokio::test]
async fn it_does_not_matter_beside_the_api() {
    let Some(world) = World::new(Kind::Ours).await else {
        return;
    };
    world.sign_by_v3().await;
    let (from, to) = (world.source.at("acme/app:1"), world.left.at("acme/app:2"));
    expect(
        &at_home(&world.tools.home).run(["copy", &from, &to]).await,
        0,
    );
    let still = world
        .tools
        .digest(&world.left.at(&format!("acme/app:{}", world.tag)))
        .await;
    assert_eq!(still, world.image);
    let verified = world
        .v3
        .verify(&world.left.at(&format!("acme/app@{}", world.image)))
        .await;
    assert_eq!(verified.code(), 0, "{}", verified.stderr);
    assert_eq!(world.tools.discovered(&to).await.len(), 1);
}

#[tokio::test]
async fn at_a_source_it_is_no_list_of_referrers() {
    let Some(world) = World::new(Kind::Debian).await else {
        return;
    };
    let Some(target) = Place::start(Kind::Distribution).await else {
        return;
    };
    let (from, to) = (world.left.at("acme/app:1"), target.at("acme/app:1"));
    let run = at_home(&world.tools.home).run(["copy", &from, &to]).await;
    expect(&run, 0);
    let note = format!(
        "note: {} {}: is not read as a list of referrers: it is the subject itself\n",
        world.left.at("acme/app"),
        world.tag
    );
    assert!(run.stderr.contains(&note), "{}", run.stderr);
    let tags = world.tools.tags(&target.at("acme/app")).await;
    assert_eq!(tags, ["1".to_owned(), format!("{}.sig", world.tag)].into());
    assert_eq!(world.tools.digest(&to).await, world.image);
}
