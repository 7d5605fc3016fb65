use std::fs;

use transship_oci::{Digest, ErrorKind};

use super::{FileSequences, Mark, Order};

fn mark(sequence: u64, name: &str) -> Mark {
    Mark {
        sequence,
        inventory: Digest::sha256(name.as_bytes()),
    }
}

#[test]
fn archives_follow_each_other() {
    let last = mark(5, "five");
    let five = Some(last);
    let predecessor = |name: &str| Some(Digest::sha256(name.as_bytes()));
    for (before, archive, predecessor, order) in [
        (None, mark(9, "nine"), None, Order::First),
        (five, mark(6, "six"), None, Order::Next),
        (five, mark(6, "six"), predecessor("five"), Order::Next),
        (five, mark(9, "nine"), predecessor("five"), Order::Next),
        (
            five,
            mark(6, "six"),
            predecessor("other five"),
            Order::Ahead { last },
        ),
        (five, mark(7, "seven"), None, Order::Ahead { last }),
        (five, mark(5, "five"), None, Order::Again),
        (five, mark(5, "other five"), None, Order::Fork { last }),
        (five, mark(4, "four"), None, Order::Rollback { last }),
    ] {
        assert_eq!(Order::of(before, archive, predecessor), order, "{archive}");
        let refused = matches!(order, Order::Fork { .. } | Order::Rollback { .. });
        assert_eq!(order.admit("l", archive).is_err(), refused, "{archive}");
    }
}

#[test]
fn an_old_archive_is_refused_with_both_named() {
    let (last, old) = (mark(5, "five"), mark(4, "four"));
    let error = Order::of(Some(last), old, None)
        .admit("weekly", old)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PolicyRefused);
    assert_eq!(
        error.to_string(),
        format!(
            "archive 4 ({}) of weekly is older than the one that was taken last, 5 ({})",
            old.inventory, last.inventory
        )
    );
}

#[tokio::test]
async fn the_latest_is_remembered_for_each_target_and_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let sequences = FileSequences::new(folder.path().join("deep/sequences"));
    assert_eq!(sequences.last("r/a", "weekly").await.unwrap(), None);
    let (five, four) = (mark(5, "five"), mark(4, "four"));
    assert_eq!(
        sequences.took("r/a", "weekly", five, false).await.unwrap(),
        five
    );
    assert_eq!(
        sequences.took("r/a", "weekly", four, false).await.unwrap(),
        five
    );
    assert_eq!(sequences.last("r/a", "weekly").await.unwrap(), Some(five));
    assert_eq!(sequences.last("r/b", "weekly").await.unwrap(), None);
    assert_eq!(sequences.last("r/a", "daily").await.unwrap(), None);
    assert_eq!(
        sequences.took("r/a", "weekly", four, true).await.unwrap(),
        four
    );
    assert_eq!(sequences.last("r/a", "weekly").await.unwrap(), Some(four));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_of_many_at_once_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let sequences = FileSequences::new(folder.path());
    let marks: Vec<_> = (1..=20).map(|n| mark(n * 7 % 23, "x")).collect();
    let took = marks
        .iter()
        .map(|mark| sequences.took("r", "l", *mark, false));
    futures::future::try_join_all(took).await.unwrap();
    let highest = marks.iter().map(|mark| mark.sequence).max();
    let last = sequences.last("r", "l").await.unwrap();
    assert_eq!(last.map(|last| last.sequence), highest);
}

#[tokio::test]
async fn damage_is_not_taken_for_a_new_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let sequences = FileSequences::new(folder.path());
    sequences
        .took("r", "l", mark(5, "five"), false)
        .await
        .unwrap();
    let path = sequences.path("r", "l");
    let whole = fs::read_to_string(&path).unwrap();
    let other = whole.replace("\"r\"", "\"s\"");
    for damage in ["", "{", "null", &other, &" ".repeat(20_000)] {
        fs::write(&path, damage).unwrap();
        let error = sequences.last("r", "l").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        let took = sequences.took("r", "l", mark(6, "six"), false).await;
        assert_eq!(took.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
