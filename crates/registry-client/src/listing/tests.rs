use std::sync::atomic::AtomicUsize;

use transship_oci::Digest;

use super::*;

fn tags(names: &[&str]) -> Tags {
    Tags::Listed(names.iter().map(|name| Box::from(*name)).collect())
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

const AGE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn many_questions_cost_one_load() {
    let listing = Listing::default();
    let loads = AtomicUsize::new(0);
    let ask = || {
        listing.ensure(AGE, || async {
            loads.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Ok(tags(&["a", "b"]))
        })
    };
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    one.and(two).and(three).unwrap();
    assert_eq!(loads.into_inner(), 1);
    assert_eq!(listing.has(&tag("a")), Some(true));
    assert_eq!(listing.has(&tag("c")), Some(false));
}

#[tokio::test(start_paused = true)]
async fn an_old_list_is_loaded_again() {
    let listing = Listing::default();
    listing.put(tags(&["a"]), Instant::now());
    assert!(listing.is_fresh(AGE));
    tokio::time::advance(AGE).await;
    assert!(!listing.is_fresh(AGE));
    listing
        .ensure(AGE, || async { Ok(tags(&["b"])) })
        .await
        .unwrap();
    assert_eq!(listing.has(&tag("b")), Some(true));
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_before_it_was_forgotten_is_asked_for_again() {
    let listing = Listing::default();
    let asked = Instant::now();
    listing.put(tags(&["a"]), asked);
    listing.forget();
    assert!(listing.is_fresh(AGE), "asked for in the same instant");
    tokio::time::advance(Duration::from_millis(1)).await;
    listing.forget();
    assert!(!listing.is_fresh(AGE));
    // It was under way, and does not count.
    listing.put(tags(&["a"]), asked);
    assert!(!listing.is_fresh(AGE));
    let load = || async { Ok(tags(&["b"])) };
    listing.ensure(AGE, load).await.unwrap();
    assert!(listing.is_fresh(AGE));
    assert_eq!(listing.has(&tag("b")), Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_list_that_took_long_is_kept_for_long() {
    let (least, most) = (Duration::from_secs(30), Duration::from_mins(10));
    let listing = Listing::default();
    assert_eq!(listing.worth(least, most), least);
    let load = |takes: u64| async move {
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(takes)).await;
        asked
    };
    for (takes, worth) in [(1, 30), (12, 120), (500, 600)] {
        listing.put(tags(&["a"]), load(takes).await);
        assert_eq!(listing.worth(least, most), Duration::from_secs(worth));
    }
}

#[test]
fn what_we_tag_is_in_the_list_even_if_the_list_was_under_way() {
    let listing = Listing::default();
    let asked = Instant::now();
    listing.add(&tag("mine"));
    assert_eq!(listing.has(&tag("mine")), None);
    listing.put(tags(&["a"]), asked);
    assert_eq!(listing.has(&tag("mine")), Some(true));
    listing.remove(&tag("mine"));
    listing.put(tags(&["a"]), asked);
    assert_eq!(listing.has(&tag("mine")), Some(false));
}

#[test]
fn a_refused_list_answers_nothing() {
    let listing = Listing::default();
    listing.put(Tags::Refused, Instant::now());
    assert!(listing.is_fresh(AGE));
    assert_eq!(listing.has(&tag("a")), None);
    assert_eq!(listing.starting_with("a"), None);
    assert_eq!(listing.has_digest_tags(), None);
}

#[test]
fn tags_made_of_a_digest_are_found_by_their_start() {
    let digest = Digest::sha256(b"x");
    let stem = Tag::fallback(&digest);
    let listing = Listing::default();
    let sig = format!("{stem}.sig");
    listing.put(tags(&["1.0", &sig, "sha256-short", "zz"]), Instant::now());
    let found = listing.starting_with(&format!("{stem}.")).unwrap();
    assert_eq!(found, [tag(&sig)]);
    assert_eq!(listing.has_digest_tags(), Some(true));
    listing.put(tags(&["1.0", "sha256-short"]), Instant::now());
    assert_eq!(listing.has_digest_tags(), Some(false));
}

#[test]
fn a_list_has_an_end() {
    let mut kept: BTreeSet<Box<str>> = (0..MAX_TAGS).map(|n| n.to_string().into()).collect();
    assert_eq!(
        collect(&mut kept, &[tag("one-more")])
            .unwrap_err()
            .message(),
        "the repository has more than 1000000 tags"
    );
}
