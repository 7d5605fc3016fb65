//! Engine and client together come through every known way in which registries misbehave.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use transship_engine::{Engine, Job, Options, Report, Target};
use transship_oci::{
    Accept, Descriptor, Digest, ErrorKind, Name, Repository, Side, Sink, Source, Tag, Unobserved,
};
use transship_registry_client::{Client, Context};
use transship_registry_server::{Local, Memory, Registry};
use transship_testkit::{
    fault::{
        FaultRegistry, Quirk, Route,
        profiles::{Expect, Profile},
    },
    image::{Graph, Image, Index, layer},
};

/// Two repositories that share their layers, the second with signatures of all kinds.
struct World {
    base: Graph,
    app: Graph,
    root: Digest,
}

impl World {
    fn new(large: usize) -> Self {
        let shared = [
            layer::noise(1, large),
            layer::noise(2, 300_000),
            layer::noise(3, 2_000),
        ];
        let mut base = Graph::new();
        let image = base.image(Image::new().layers(shared.clone()));
        base.tag("1.4", &image);
        let mut app = Graph::new();
        let amd = app.image(Image::new().platform("linux/amd64").layers(shared));
        let own = Image::new()
            .platform("linux/arm64")
            .layer(layer::noise(4, 200_000));
        let arm = app.image(own.layer(layer::empty()));
        let index = app.index(Index::of([amd, arm.clone()]));
        let sbom = app.attach(&index, "application/spdx+json", b"{}");
        app.attach(&sbom, "application/vnd.example.signature", b"signed");
        app.attach(&arm, "application/vnd.example.signature", b"signed too");
        app.sign_in_tag(&index, &[b"signed"]);
        app.tag("1.4", &index);
        Self {
            base,
            app,
            root: index.digest,
        }
    }
}

/// A registry with a look behind it.
struct Place {
    registry: FaultRegistry,
    store: Arc<Memory>,
}

impl Place {
    async fn new(quirks: Vec<Arc<dyn Quirk>>) -> Self {
        let store = Memory::new();
        let app = Registry::new(Arc::<Memory>::clone(&store)).router();
        Self {
            registry: FaultRegistry::start(app, quirks).await,
            store,
        }
    }

    fn behind(&self, path: &str) -> Local {
        Local::new(self.store.repository(path), path)
    }

    fn repository(&self, path: &str) -> Repository {
        self.registry.repository(path)
    }
}

fn client() -> Client {
    Client::new(Context {
        max_wait: Duration::from_secs(10),
        max_attempts: 4,
        ..Context::default()
    })
    .unwrap()
}

fn tag() -> Tag {
    "1.4".parse().unwrap()
}

fn jobs(from: &Place, to: &Place) -> [Job; 2] {
    let client = client();
    let job = |path: &str| {
        let source = client
            .repository(&from.repository(path), Side::Source)
            .unwrap();
        let sink = client
            .repository(&to.repository(path), Side::Target)
            .unwrap();
        Job {
            label: format!("source/{path}"),
            source: Arc::new(source) as Arc<dyn Source>,
            name: Name::Tag(tag()),
            targets: vec![Target {
                label: format!("target/{path}"),
                sink: Arc::new(sink) as Arc<dyn Sink>,
                tags: vec![tag()],
            }],
            expect: None,
        }
    };
    [job("base"), job("app")]
}

fn engine() -> Engine {
    // One after the other: what the second shares with the first can then be mounted.
    let options = Options {
        parallel: 1,
        ..Options::default()
    };
    Engine::new(options, Arc::new(Unobserved), Arc::new(Accept))
}

async fn copy(from: &Place, to: &Place) -> Report {
    engine().run(stream::iter(jobs(from, to))).await
}

/// Copies under a profile and says what is wrong with the outcome.
async fn outcome(profile: &Profile) -> Result<(), String> {
    // Large enough for the client to stream it, where that is what the fault is in.
    let large = if profile.strikes == Route::Patch {
        9 << 20
    } else {
        100_000
    };
    let world = World::new(large);
    let quirks = |side| {
        if profile.side == side {
            profile.quirks()
        } else {
            Vec::new()
        }
    };
    let from = Place::new(quirks(Side::Source)).await;
    let to = Place::new(quirks(Side::Target)).await;
    world.base.push_to(&from.behind("base")).await.unwrap();
    world.app.push_to(&from.behind("app")).await.unwrap();

    let report = copy(&from, &to).await;
    let faulty = if profile.side == Side::Source {
        &from
    } else {
        &to
    };
    let asked = faulty.registry.total();
    let errors: Vec<_> = report
        .errors()
        .map(|(item, error)| format!("{}: {error}", item.target))
        .collect();
    let seen = to.behind("app").resolve(&Name::Tag(tag())).await.ok();

    if faulty.registry.count(profile.strikes) == 0 {
        return Err(format!("nothing asked for {}", profile.strikes.name()));
    }
    match profile.expect {
        Expect::Copied if !errors.is_empty() => return Err(errors.join("; ")),
        Expect::Fails if errors.is_empty() => return Err("nothing was refused".to_owned()),
        Expect::Fails if seen.is_some() => {
            return Err(format!("the tag is there: {}", errors.join("; ")));
        }
        _ => {}
    }
    let most = clean(profile, &world).await + allowance(profile);
    if asked > most {
        let counts = faulty.registry.counts();
        return Err(format!("{asked} requests, more than {most}: {counts:?}"));
    }
    match seen {
        Some(seen) => complete(&world, &seen, &to).await,
        None if errors.is_empty() => Err("no error, and no tag".to_owned()),
        None => Ok(()),
    }
}

/// How many requests the same copy takes at the same side without the fault.
async fn clean(profile: &Profile, world: &World) -> usize {
    let from = Place::new(Vec::new()).await;
    let to = Place::new(Vec::new()).await;
    world.base.push_to(&from.behind("base")).await.unwrap();
    world.app.push_to(&from.behind("app")).await.unwrap();
    assert_eq!(copy(&from, &to).await.failed(), 0);
    let faulty = if profile.side == Side::Source {
        &from
    } else {
        &to
    };
    faulty.registry.total()
}

/// How many requests more a profile may cost.
fn allowance(profile: &Profile) -> usize {
    // By the first words of the name. Where tokens die, those under way together are all asked for again.
    let table = [
        ("401-mid-", 20),
        ("400-expired-token", 10),
        ("token-without-expiry", 3),
        ("location-other-host", 10),
        // A redirect each for ten blobs, and a token a repository.
        ("redirect-to-storage", 14),
        ("redirect-loop", 200),
        // Four mounts that become uploads.
        ("mount-202", 4),
        ("mount-4", 8),
        // Three subjects, each with a fallback index that is read, written and read again.
        ("referrers-4", 12),
        ("referrers-html", 12),
        ("subject-lie", 12),
        ("fallback-is-", 12),
        ("fallback-two-writers", 20),
        ("413-blob", 12),
        ("blob-", 80),
        ("paging-", 2),
    ];
    let found = table
        .iter()
        .find(|(start, _)| profile.name.starts_with(start));
    found.map_or(4, |(_, most)| *most)
}

/// Is everything there that belongs to the tag that is seen, and does a reader find it?
async fn complete(world: &World, seen: &Descriptor, to: &Place) -> Result<(), String> {
    if seen.digest != world.root {
        return Err(format!("the tag is at {}", seen.digest));
    }
    world.app.complete(&world.root, &to.behind("app")).await?;
    let reader = client()
        .repository(&to.repository("app"), Side::Source)
        .unwrap();
    let found = world.app.complete(&world.root, &reader).await;
    found.map_err(|missing| format!("a reader of the target: {missing}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_profile_ends_as_it_should() {
    let complaints: Vec<String> = stream::iter(Profile::ALL)
        // Has a test of its own: it strikes between two runs.
        .filter(|profile| std::future::ready(profile.name != "tag-moves"))
        .map(|profile| async move {
            let ended = tokio::time::timeout(Duration::from_mins(2), outcome(profile)).await;
            let ended = ended.unwrap_or_else(|_| Err("did not end".to_owned()));
            ended
                .err()
                .map(|complaint| format!("{}: {complaint}", profile.name))
        })
        .buffer_unordered(8)
        .filter_map(|complaint| async { complaint })
        .collect()
        .await;
    assert!(complaints.is_empty(), "{}\n", complaints.join("\n"));
}

#[tokio::test]
async fn a_tag_that_moves_between_plan_and_apply_is_drift() {
    let from = Place::new(Profile::named("tag-moves").quirks()).await;
    let to = Place::new(Vec::new()).await;
    let world = World::new(1000);
    world.base.push_to(&from.behind("base")).await.unwrap();
    world.app.push_to(&from.behind("app")).await.unwrap();
    let plan = engine().plan(stream::iter(jobs(&from, &to))).await.unwrap();
    let drift = engine()
        .apply(&plan, jobs(&from, &to).into())
        .await
        .unwrap_err();
    assert_eq!(drift.kind(), ErrorKind::Drift, "{drift}");
    assert!(to.behind("app").resolve(&Name::Tag(tag())).await.is_err());
    assert_eq!(to.registry.count(Route::PutManifest), 0);
}
