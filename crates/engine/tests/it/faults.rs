//! Every call to a source or a target fails once, before or after it has done its work.

use proptest::prelude::*;
use transship_testkit::image::{Graph, random_graph, sample};

use crate::{
    kill::{assert_completes, assert_whole},
    support::{Act, Rig, block_on},
};

async fn fail_at(graph: &Graph, tags: &[&str], source: bool, at: usize, act: Act) -> bool {
    let rig = Rig::new(graph, 2).await;
    let trap = if source { &rig.reads } else { &rig.writes };
    trap.arm(at, act);
    let report = rig.copy(tags).await;
    let hit = trap.count() > at;
    assert_whole(graph, &rig, &format!("{act:?} at {at}, source: {source}")).await;
    // A call that fails is heard of, unless it was one that can be made again or done without.
    let harmless = trap
        .log()
        .get(at)
        .is_some_and(|call| call.starts_with("blob ") || call.starts_with("target read "));
    if hit && !harmless {
        assert!(
            report.failed() > 0,
            "{act:?} of {:?} was not heard of",
            trap.log().get(at)
        );
    }
    assert_completes(graph, &rig, tags).await;
    hit
}

fn everywhere(graph: &Graph, tags: &[&str]) {
    block_on(async {
        for (source, act) in [
            (true, Act::Fail),
            (false, Act::Fail),
            (false, Act::FailAfter),
        ] {
            let mut at = 0;
            while fail_at(graph, tags, source, at, act).await {
                at += 1;
            }
            assert!(at > 2, "only {at} calls: nothing was tried");
        }
    });
}

#[test]
fn the_sample_survives_every_failure() {
    everywhere(&sample(), &["1.4"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_survive_every_failure(graph in random_graph()) {
        everywhere(&graph, &["latest"]);
    }
}
