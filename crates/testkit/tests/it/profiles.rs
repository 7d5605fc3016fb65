//! The named profiles.

use std::collections::BTreeSet;

use transship_oci::Side;
use transship_testkit::{
    fault::profiles::{Expect, Profile},
    image::{Graph, Image, layer},
};

use crate::client::Client;

#[test]
fn names_are_unique_and_can_be_asked_for() {
    let names: BTreeSet<_> = Profile::ALL.iter().map(|profile| profile.name).collect();
    assert_eq!(names.len(), Profile::ALL.len());
    assert!(names.len() >= 45, "{}", names.len());
    assert_eq!(Profile::named("stale-state").side, Side::Target);
}

#[test]
#[should_panic(expected = "there is no fault profile nonsense")]
fn an_unknown_name_is_a_failure() {
    Profile::named("nonsense");
}

/// Profiles whose faults come back on every request would make the simplest client fail; the others it survives.
#[tokio::test]
async fn every_profile_can_be_built_and_served() {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.tag("1", &image);
    for profile in Profile::ALL {
        let client = Client::new(profile.quirks()).await;
        let ping = client.get("/v2/").await.status().as_u16();
        assert!([200, 401].contains(&ping), "{}: {ping}", profile.name);
        assert!(!matches!(
            (profile.side, profile.expect),
            (Side::Local, Expect::Either)
        ));
    }
}
