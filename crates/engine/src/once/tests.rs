use super::*;

fn local(name: &str) -> Location {
    Location::Local(name.to_owned())
}

fn at(repository: &str) -> Location {
    Location::Registry(repository.parse().unwrap())
}

fn lead(claim: Claim) -> Lead {
    match claim {
        Claim::Lead(lead) => lead,
        other => panic!("{other:?} is no lead"),
    }
}

fn wait(claim: Claim) -> watch::Receiver<()> {
    match claim {
        Claim::Wait(wait) => wait,
        other => panic!("{other:?} is no wait"),
    }
}

#[tokio::test]
async fn one_leads_and_the_others_wait_until_it_is_done() {
    let ledger = Ledger::of_blobs();
    let (here, digest) = (local("here"), Digest::sha256(b"piece"));
    let first = lead(ledger.claim(&here, &digest));
    let mut second = wait(ledger.claim(&here, &digest));
    assert!(!ledger.knows(&here, &digest));
    first.done(Placed::Sent(5));
    assert!(second.changed().await.is_err(), "the leader is gone");
    assert!(matches!(ledger.claim(&here, &digest), Claim::Done));
    assert!(ledger.knows(&here, &digest));
    assert!(!ledger.knows(&local("there"), &digest));
}

#[tokio::test]
async fn a_leader_that_is_dropped_takes_nobody_along() {
    let ledger = Ledger::of_blobs();
    let (here, digest) = (local("here"), Digest::sha256(b"piece"));
    let first = lead(ledger.claim(&here, &digest));
    let mut second = wait(ledger.claim(&here, &digest));
    let waiting = tokio::spawn(async move { second.changed().await });
    drop(first);
    assert!(waiting.await.unwrap().is_err());
    lead(ledger.claim(&here, &digest)).done(Placed::Present);
    assert!(matches!(ledger.claim(&here, &digest), Claim::Done));
}

#[test]
fn repositories_of_one_registry_wait_and_then_mount() {
    let ledger = Ledger::of_blobs();
    let (one, two) = (at("r.example/one"), at("r.example/two"));
    let digest = Digest::sha256(b"piece");
    let first = lead(ledger.claim(&one, &digest));
    assert_eq!(first.mount_from, None);
    drop(wait(ledger.claim(&two, &digest)));
    drop(lead(ledger.claim(&at("other.example/one"), &digest)));
    first.done(Placed::Sent(5));
    let second = lead(ledger.claim(&two, &digest));
    assert_eq!(second.mount_from.as_ref(), one.repository());
    // A third need not wait for the second: it can mount from the first.
    assert_eq!(
        lead(ledger.claim(&at("r.example/three"), &digest))
            .mount_from
            .as_ref(),
        one.repository()
    );
}

#[test]
fn nobody_waits_for_a_mount_where_one_came_to_nothing() {
    let ledger = Ledger::of_blobs();
    let (one, two) = (at("r.example/one"), at("r.example/two"));
    let (digest, next) = (Digest::sha256(b"piece"), Digest::sha256(b"next"));
    lead(ledger.claim(&one, &digest)).done(Placed::Sent(5));
    lead(ledger.claim(&two, &digest)).done(Placed::Sent(5));
    let _first = lead(ledger.claim(&one, &next));
    let _second = lead(ledger.claim(&two, &next));
}

#[test]
fn manifests_are_put_to_each_repository() {
    let ledger = Ledger::of_manifests();
    let digest = Digest::sha256(b"manifest");
    let _one = lead(ledger.claim(&at("r.example/one"), &digest));
    assert_eq!(
        lead(ledger.claim(&at("r.example/two"), &digest)).mount_from,
        None
    );
}

#[test]
fn what_was_found_is_there_and_can_be_mounted_from_there() {
    let ledger = Ledger::of_blobs();
    let (one, two) = (at("r.example/one"), at("r.example/two"));
    let digest = Digest::sha256(b"piece");
    assert!(!ledger.is_near(&two, &digest));
    ledger.note(&one, &digest);
    ledger.note(&one, &digest);
    assert!(ledger.knows(&one, &digest));
    assert!(!ledger.knows(&two, &digest));
    assert!(ledger.is_near(&two, &digest));
    assert!(!ledger.is_near(&at("other.example/one"), &digest));
    let second = lead(ledger.claim(&two, &digest));
    assert_eq!(second.mount_from.as_ref(), one.repository());
}
