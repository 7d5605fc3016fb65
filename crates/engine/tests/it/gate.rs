//! The gate is asked at both ends, by digest: nobody slips anything in between.

use std::sync::Arc;

use futures::stream;
use proptest::prelude::*;
use transship_oci::{Descriptor, ErrorKind, Event, Name, Side, Source as _};
use transship_testkit::image::{Graph, Image, Index, layer, random_graph};

use crate::{
    kill::{assert_completes, assert_whole, run_until_killed},
    support::{ALARM, Act, Demanding, Recorder, Rig, block_on, digest_of, visible_tags},
};

/// An index with two children, an SBOM and the word that the gate wants.
fn signed() -> (Graph, Descriptor) {
    let (mut graph, root) = artifact();
    graph.tag("v", &root);
    graph.sign_in_tag(&root, &[root.digest.to_string().as_bytes()]);
    (graph, root)
}

fn artifact() -> (Graph, Descriptor) {
    let mut graph = Graph::new();
    let image = |platform, seed| {
        Image::new()
            .platform(platform)
            .layer(layer::noise(seed, 300))
    };
    let one = graph.image(image("linux/amd64", 1));
    let two = graph.image(image("linux/arm64", 2));
    let root = graph.index(Index::of([one, two]));
    graph.attach(&root, "application/spdx+json", b"{}");
    (graph, root)
}

async fn rig(graph: &Graph, gate: &Arc<Demanding>) -> Rig {
    let mut rig = Rig::new(graph, 1).await;
    rig.gate = gate.clone();
    rig
}

#[test]
fn both_ends_are_judged_and_the_tag_comes_after() {
    block_on(async {
        let (graph, root) = signed();
        let gate = Demanding::new();
        let rig = rig(&graph, &gate).await;
        rig.copied(&["v"]).await;
        graph.assert_in(&rig.targets[0].inner).await;
        assert_eq!(gate.looks(), 2);
        let told: Vec<_> = rig
            .recorder
            .events()
            .into_iter()
            .filter_map(short)
            .collect();
        let expected = [
            "judged memory:source admitted the word is there",
            "tagged signature",
            "read back",
            "judged memory:target0 admitted the word is there",
            "tagged memory:target0:v",
        ];
        assert_eq!(told, expected, "{}", root.digest);
    });
}

fn short(event: Event) -> Option<String> {
    Some(match event {
        Event::Judged {
            at,
            verdict,
            reasons,
            ..
        } => format!("judged {at} {verdict} {}", reasons.join("; ")),
        Event::ReadBack { .. } => "read back".to_owned(),
        Event::Tagged { target, .. } if target.contains("sha256-") => "tagged signature".to_owned(),
        Event::Tagged { target, .. } => format!("tagged {target}"),
        _ => return None,
    })
}

#[test]
fn a_tag_swapped_after_the_verdict_does_not_matter() {
    block_on(async {
        let (graph, root) = signed();
        let mut evil = Graph::new();
        let other = evil.image(Image::new().layer(layer::noise(9, 100)));
        evil.tag("v", &other);
        let source = Rig::new(&graph, 1).await;
        let gate = Demanding::with_intruder(0, evil, source.source.inner.clone());
        let rig = Rig { gate, ..source };
        rig.copied(&["v"]).await;
        let name = Name::Tag("v".parse().unwrap());
        let there = rig.targets[0].inner.resolve(&name).await.unwrap();
        assert_eq!(there.digest, root.digest);
        let here = rig.source.inner.resolve(&name).await.unwrap();
        assert_eq!(here.digest, other.digest, "the intruder was there");
    });
}

/// The same artifact without a tag, and beside it what speaks against it.
fn denounced() -> Graph {
    let (mut graph, root) = artifact();
    graph.attach(&root, "application/vnd.example.alarm", ALARM);
    graph
}

#[test]
fn what_speaks_against_it_at_the_target_keeps_the_tag_back() {
    block_on(async {
        let (graph, root) = signed();
        let plain = Rig::new(&graph, 1).await;
        let target = plain.targets[0].inner.clone();
        let gate = Demanding::with_intruder(0, denounced(), target);
        let rig = Rig {
            gate: gate.clone(),
            ..plain
        };
        let report = rig.copy(&["v"]).await;
        let (item, error) = report.errors().next().unwrap();
        assert_eq!(item.digest, Some(root.digest));
        assert_eq!(
            (error.kind(), error.side()),
            (ErrorKind::PolicyRefused, Some(Side::Target)),
            "{error}"
        );
        let said = format!(
            "{} is refused as it is at the target: there is an alarm",
            root.digest
        );
        assert_eq!(error.message(), said);
        assert_eq!(gate.looks(), 2);
        let tags = visible_tags(&rig.targets[0].inner).await;
        assert!(tags.iter().all(|(tag, _)| tag.as_str() != "v"), "{tags:?}");
    });
}

#[test]
fn what_is_there_already_is_judged_all_the_same() {
    block_on(async {
        let (graph, root) = signed();
        let gate = Demanding::new();
        let mut rig = rig(&graph, &gate).await;
        rig.copied(&["v"]).await;
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
        assert_eq!(
            gate.looks(),
            4,
            "at both ends, though nothing was published"
        );
        let mut unsigned = Graph::new();
        let image = unsigned.image(Image::new());
        unsigned.tag("unsigned", &image);
        unsigned.push_to(&rig.source.inner).await.unwrap();
        unsigned.push_to(&rig.targets[0].inner).await.unwrap();
        let report = rig.copy(&["unsigned", "v"]).await;
        assert_eq!((report.failed(), report.unchanged()), (1, 1));
        // Without a gate that looks, nothing is asked beyond what was asked before.
        rig.gate = Arc::new(transship_oci::Accept);
        rig.clear();
        assert_eq!(rig.copied(&["unsigned"]).await.unchanged(), 1);
        assert_eq!(rig.reads.calls("blob "), 0, "{}", root.digest);
    });
}

/// What speaks against an artifact comes to its mirror when the artifact is there and tagged for long.
#[test]
fn what_has_come_to_speak_against_what_is_there_is_heard() {
    block_on(async {
        let (graph, root) = signed();
        let gate = Demanding::new();
        let mut rig = rig(&graph, &gate).await;
        rig.copied(&["v"]).await;
        denounced().push_to(&rig.targets[0].inner).await.unwrap();
        rig.clear();
        let report = rig.copy(&["v"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(
            (error.kind(), error.side()),
            (ErrorKind::PolicyRefused, Some(Side::Target)),
            "{error}"
        );
        let hint = "the tag was there before and was left as it is; see what lies beside it there with `transship tree`";
        assert_eq!(error.hint(), Some(hint));
        assert_eq!(rig.writes.calls("put ") + rig.writes.calls("tag "), 0);
        let tags = visible_tags(&rig.targets[0].inner).await;
        assert!(
            tags.iter()
                .any(|(tag, at)| tag.as_str() == "v" && *at == root.digest)
        );
        rig.gate = Arc::new(transship_oci::Accept);
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}

#[test]
fn a_plan_of_what_is_refused_is_none() {
    block_on(async {
        let (graph, _) = signed();
        let mut unsigned = Graph::new();
        let image = unsigned.image(Image::new());
        unsigned.tag("unsigned", &image);
        let gate = Demanding::new();
        let rig = rig(&graph, &gate).await;
        unsigned.push_to(&rig.source.inner).await.unwrap();
        assert!(rig.plan(&["v"]).await.is_ok());
        let error = rig.plan(&["unsigned"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PolicyRefused);
        assert_eq!(rig.writes.calls("put ") + rig.writes.calls("tag "), 0);
    });
}

/// Killed wherever it may be; `is_denounced` says that something at the target speaks against it.
fn killed_everywhere(graph: &Graph, tag: &str, is_denounced: bool) {
    block_on(async {
        for at in 0.. {
            let mut rig = Rig::new(graph, 1).await;
            let target = rig.targets[0].inner.clone();
            rig.gate = if is_denounced {
                Demanding::with_intruder(0, denounced(), target)
            } else {
                Demanding::new()
            };
            rig.recorder = Recorder::trapped(&rig.writes);
            rig.writes.arm(at, Act::Kill);
            run_until_killed(&rig, &rig.writes, &[tag]).await;
            let when = format!("killed at {at} under a policy");
            let tags = visible_tags(&rig.targets[0].inner).await;
            if is_denounced {
                let seen = tags.iter().any(|(name, _)| name.as_str() == tag);
                assert!(!seen, "{when}: {tags:?}");
            } else {
                assert_whole(graph, &rig, &when).await;
                assert_completes(graph, &rig, &[tag]).await;
            }
            if rig.writes.count() <= at {
                assert!(at > 8, "only {at}: nothing was tried");
                break;
            }
        }
    });
}

#[test]
fn killed_under_a_policy_no_tag_is_without_evidence() {
    let (graph, _) = signed();
    killed_everywhere(&graph, "v", false);
    killed_everywhere(&graph, "v", true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_killed_under_a_policy(graph in random_graph()) {
        let mut graph = graph;
        let root = digest_of(&graph, "latest");
        let root = graph.manifest(&root).unwrap().descriptor().clone();
        graph.sign_in_tag(&root, &[root.digest.to_string().as_bytes()]);
        killed_everywhere(&graph, "latest", false);
    }
}

#[test]
fn an_engine_reports_what_its_gate_cannot_do() {
    block_on(async {
        let (graph, _) = signed();
        let gate = Demanding::new();
        let rig = rig(&graph, &gate).await;
        let signature = graph.tags().iter().find(|(tag, _)| tag.subject().is_some());
        rig.source.tampering.lock().unwrap().unreadable = vec![signature.unwrap().1];
        let report = rig.engine().run(stream::iter([rig.job("v")])).await;
        assert_eq!(report.failed(), 1);
        assert_eq!(rig.writes.calls("put "), 0);
    });
}
