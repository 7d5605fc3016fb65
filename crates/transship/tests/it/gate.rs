//! `copy`, `sync`, `apply` under a policy: what it does not want is not moved, and every end has its code.

use std::{path::PathBuf, sync::Arc};

use serde_json::Value;
use transship_oci::{Descriptor, Name, Source as _};
use transship_testkit::{
    fault::{FaultRegistry, Hold, Quirk, Route, on},
    image::Graph,
    peers::{Home, Tool},
};

use crate::{
    pen::Pen,
    world::{at_home, expect, faulty, json, registry, remote, unsigned_app},
};

struct Scene {
    home: Home,
    tool: Tool,
    from: FaultRegistry,
    to: FaultRegistry,
    pen: Pen,
    policy: String,
    graph: Graph,
    app: Descriptor,
    source: String,
    target: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    /// With a source that misbehaves.
    async fn with(quirks: Vec<Arc<dyn Quirk>>) -> Self {
        let (from, to) = (faulty(quirks).await, registry().await);
        let (graph, app) = unsigned_app();
        graph
            .push_to(&remote(&from.repository("app")))
            .await
            .unwrap();
        let (home, pen) = (Home::new(), Pen::new());
        let policy = pen.policy(&home).display().to_string();
        Self {
            tool: at_home(&home),
            home,
            source: format!("{}/app:1.4", from.host()),
            target: format!("{}/mirror/app:1.4", to.host()),
            from,
            to,
            pen,
            policy,
            graph,
            app,
        }
    }

    async fn sign(&self) {
        let at = remote(&self.from.repository("app"));
        self.pen.sign(&self.app, &at).await;
    }

    async fn copy(&self, more: &[&str]) -> transship_testkit::peers::Run {
        let first = ["copy", &self.source, &self.target, "--policy", &self.policy];
        self.tool.run([&first[..], more].concat()).await
    }

    fn writes(&self) -> usize {
        [
            Route::PutManifest,
            Route::PostUpload,
            Route::PostMount,
            Route::PutBlob,
        ]
        .map(|route| self.to.count(route))
        .iter()
        .sum()
    }

    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.home.path().join("events")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn what_is_signed_is_judged_at_both_ends_before_its_tag() {
    let scene = Scene::new().await;
    scene.sign().await;
    let events = scene.home.path().join("events").display().to_string();
    let run = scene.copy(&["--events-file", &events]).await;
    expect(&run, 0);
    assert!(run.stderr.contains("passes as it is at"), "{}", run.stderr);
    scene
        .graph
        .assert_complete(
            &scene.app.digest,
            &remote(&scene.to.repository("mirror/app")),
        )
        .await;
    let told: Vec<String> = scene
        .events()
        .iter()
        .filter_map(|event| match event["event"].as_str()? {
            "judged" => Some(format!(
                "{} {}",
                event["at"].as_str()?,
                event["verdict"].as_str()?
            )),
            "blob-placed" => Some("blob".to_owned()),
            "tagged" => Some("tag".to_owned()),
            _ => None,
        })
        .collect();
    let source = format!("{}/app admitted", scene.from.host());
    let target = format!("{}/mirror/app admitted", scene.to.host());
    assert_eq!(told.first(), Some(&source), "{told:?}");
    assert_eq!(
        told[told.len() - 2..],
        [target, "tag".to_owned()],
        "{told:?}"
    );
    let again = scene.copy(&["--exit-nothing"]).await;
    expect(&again, 3);
}

#[tokio::test]
async fn what_is_refused_costs_no_byte_of_a_layer() {
    let scene = Scene::new().await;
    let layers = scene.graph.blobs().len();
    scene.from.forget();
    let run = scene.copy(&[]).await;
    expect(&run, 6);
    assert!(
        run.stderr.contains("has no signature by acme"),
        "{}",
        run.stderr
    );
    assert_eq!((scene.from.count(Route::GetBlob), scene.writes()), (0, 0));

    let at = remote(&scene.from.repository("app"));
    Pen::new().sign(&scene.app, &at).await;
    let run = scene.copy(&[]).await;
    expect(&run, 5);
    scene.pen.forge(&scene.app, &at).await;
    scene.from.forget();
    let run = scene.copy(&[]).await;
    expect(&run, 5);
    assert!(run.stderr.contains("is refused"), "{}", run.stderr);
    let read = scene.from.count(Route::GetBlob);
    assert!(
        read == 2 && layers > 2,
        "the two signatures and nothing else: {read}"
    );
    assert_eq!(scene.writes(), 0);
}

#[tokio::test]
async fn what_lies_at_the_target_is_judged_too() {
    let scene = Scene::new().await;
    scene.sign().await;
    let at = remote(&scene.to.repository("mirror/app"));
    let mut untagged = Graph::new();
    for manifest in scene.graph.manifests() {
        untagged.add(manifest.clone());
    }
    for (digest, bytes) in scene.graph.blobs() {
        let node = Descriptor::new("application/octet-stream", *digest, bytes.len() as u64);
        let blob = transship_oci::MemoryBlob::new(node, bytes.clone());
        let placement = transship_oci::Placement::default();
        transship_oci::Sink::put_blob(&at, &blob, &placement)
            .await
            .unwrap();
    }
    untagged.push_to(&at).await.unwrap();
    // By the signer that is asked for, and broken: an alarm, whatever else there is.
    scene.pen.break_bundle(&scene.app, &at).await;
    let run = scene.copy(&[]).await;
    expect(&run, 5);
    assert!(
        run.stderr.contains("is refused as it is at the target"),
        "{}",
        run.stderr
    );
    let tag = Name::Tag("1.4".parse().unwrap());
    assert!(at.resolve(&tag).await.is_err(), "the tag is there");
}

#[tokio::test]
async fn what_is_unchanged_at_the_target_is_judged_there_again() {
    let scene = Scene::new().await;
    scene.sign().await;
    expect(&scene.copy(&[]).await, 0);
    let at = remote(&scene.to.repository("mirror/app"));
    // Of the signer that is asked for, and broken. One that names nobody would do no harm.
    scene.pen.break_bundle(&scene.app, &at).await;
    scene.to.forget();
    let run = scene.copy(&[]).await;
    expect(&run, 5);
    let said = "is refused as it is at the target";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let hint = "the tag was there before and was left as it is";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
    assert_eq!(scene.writes(), 0);
}

/// The target's list of tags was read before; what has come under a tag since counts all the same.
#[tokio::test]
async fn what_comes_under_a_tag_at_the_target_meanwhile_is_judged_too() {
    for more in [false, true] {
        let hold = Hold::new();
        let scene = Scene::with(vec![on(Route::GetBlob).hold(&hold)]).await;
        scene.sign().await;
        let at = remote(&scene.to.repository("mirror/app"));
        scene.graph.push_to(&at).await.unwrap();
        scene.pen.sign(&scene.app, &at).await;
        if more {
            let mut graph = scene.graph.clone();
            graph.attach(&scene.app, "application/spdx+json", b"{}");
            let from = remote(&scene.from.repository("app"));
            graph.push_to(&from).await.unwrap();
        }
        scene.to.forget();
        // While the evidence at the source is read.
        let meanwhile = async {
            hold.arrived().await;
            assert_eq!(scene.to.count(Route::Tags), 1, "the list is known by now");
            scene.pen.break_bundle_in_tag(&scene.app, &at).await;
            hold.release();
        };
        let (run, ()) = tokio::join!(scene.copy(&[]), meanwhile);
        expect(&run, 5);
        let said = "is refused as it is at the target";
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert_eq!(scene.to.count(Route::Tags), 2);
    }
}

/// The second tag of the same digest costs no look at evidence that was looked at for the first.
#[tokio::test]
async fn a_digest_is_verified_once_in_a_run_at_each_end() {
    let mut evidence = Vec::new();
    for tags in [&["1.4"][..], &["1.4", "1.4.0", "latest"]] {
        let scene = Scene::new().await;
        scene.sign().await;
        let at = remote(&scene.from.repository("app"));
        for tag in tags {
            let mut graph = scene.graph.clone();
            graph.tag(tag, &scene.app);
            graph.push_to(&at).await.unwrap();
        }
        let (from, to) = (scene.from.host(), scene.to.host());
        let tags: Vec<String> = tags.iter().map(|tag| format!("{tag:?}")).collect();
        let list = format!(
            "sync: [{{source: {from}/app, target: {to}/app, tags: [{}]}}]\n",
            tags.join(", ")
        );
        scene.home.write("list.yaml", list);
        let sync = [
            "sync",
            "-f",
            "list.yaml",
            "--policy",
            &scene.policy,
            "--jobs=1",
        ];
        expect(&scene.tool.run(sync).await, 0);
        let first = (
            scene.from.count(Route::GetBlob),
            scene.to.count(Route::GetBlob),
        );
        // Once more, all of it there: the evidence is read once at either end, whatever the number of tags.
        scene.from.forget();
        scene.to.forget();
        expect(&scene.tool.run(sync).await, 0);
        let again = (
            scene.from.count(Route::GetBlob),
            scene.to.count(Route::GetBlob),
        );
        assert_eq!(again, (1, 1));
        // What has come to the target since is asked for by one list of tags a verdict, after the first of all.
        assert_eq!(scene.to.count(Route::Tags), 1 + tags.len());
        evidence.push((first, again));
    }
    assert_eq!(evidence[0], evidence[1]);
}

#[tokio::test]
async fn a_list_goes_on_where_one_is_refused() {
    let scene = Scene::new().await;
    scene.sign().await;
    let mut other = Graph::new();
    let image = other.image(transship_testkit::image::Image::new());
    other.tag("2", &image);
    other
        .push_to(&remote(&scene.from.repository("other")))
        .await
        .unwrap();
    let entry = |name: &str, tag: &str| {
        format!(
            "  - source: {}/{name}\n    tags: [\"{tag}\"]\n    targets: [\"{}/{name}\"]\n",
            scene.from.host(),
            scene.to.host()
        )
    };
    let list = format!("sync:\n{}{}", entry("app", "1.4"), entry("other", "2"));
    scene.home.write("list.yaml", list);
    let run = scene
        .tool
        .run([
            "sync",
            "-f",
            "list.yaml",
            "--policy",
            &scene.policy,
            "--format",
            "json",
        ])
        .await;
    expect(&run, 4);
    let report = json(&run);
    assert_eq!(
        (&report["copied"], &report["failed"]),
        (&1.into(), &1.into())
    );
}

#[tokio::test]
async fn a_plan_is_held_to_its_policy() {
    let scene = Scene::new().await;
    expect(&scene.copy(&["--plan", "plan.json"]).await, 6);
    scene.sign().await;
    expect(&scene.copy(&["--plan", "plan.json"]).await, 0);
    let policy = PathBuf::from(&scene.policy);
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, format!("# changed\n{text}")).unwrap();
    let run = scene.tool.run(["apply", "plan.json"]).await;
    expect(&run, 10);
    assert!(
        run.stderr
            .contains("the plan was made under the policy sha256:"),
        "{}",
        run.stderr
    );
    assert_eq!(scene.writes(), 0);
    std::fs::write(&policy, text).unwrap();
    expect(&scene.tool.run(["apply", "plan.json"]).await, 0);
}

#[tokio::test]
async fn a_policy_wants_referrers_and_must_be_one() {
    let scene = Scene::new().await;
    expect(&scene.copy(&["--no-referrers"]).await, 2);
    scene
        .home
        .write("policy.yaml", "version: 1\ndefualt: {refuse: all}\n");
    let run = scene.copy(&[]).await;
    expect(&run, 2);
    assert!(
        run.stderr.contains("did you mean \"default\"?"),
        "{}",
        run.stderr
    );
    assert_eq!(scene.from.count(Route::GetBlob), 0);
}
