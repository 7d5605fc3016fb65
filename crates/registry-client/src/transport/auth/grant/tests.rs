use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::time::{Instant, advance};

use super::{Grant, Grants};
use crate::transport::{Access, Scope};

fn scope(repository: &str, access: Access) -> Scope {
    Scope {
        repository: repository.to_owned(),
        access,
    }
}

fn grant(scopes: Option<Vec<Scope>>, life: u64) -> Arc<Grant> {
    let life = Duration::from_secs(life);
    Arc::new(Grant {
        header: HeaderValue::from_static("Bearer x"),
        scopes,
        expires: Some((Instant::now() + life, life)),
        who: "anonymous".into(),
    })
}

#[tokio::test(start_paused = true)]
async fn push_covers_pull_and_not_the_other_way() {
    let grants = Grants::default();
    let push = vec![scope("a", Access::Push)];
    grants.insert(&push, grant(Some(push.clone()), 60));
    assert!(grants.find(&[scope("a", Access::Pull)], 0).is_some());
    assert!(grants.find(&[scope("a", Access::Delete)], 0).is_none());
    assert!(grants.find(&[scope("b", Access::Pull)], 0).is_none());
    assert!(
        grants
            .find(&[scope("a", Access::Push), scope("b", Access::Pull)], 0)
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn runs_out() {
    let grants = Grants::default();
    let pull = vec![scope("a", Access::Pull)];
    grants.insert(&pull, grant(Some(pull.clone()), 60));
    advance(Duration::from_secs(59)).await;
    assert!(grants.find(&pull, 0).is_some());
    advance(Duration::from_secs(1)).await;
    assert!(grants.find(&pull, 0).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_long_body_wants_a_token_that_lasts() {
    let grants = Grants::default();
    let push = vec![scope("a", Access::Push)];
    grants.insert(&push, grant(Some(push.clone()), 60));
    advance(Duration::from_secs(20)).await;
    assert!(grants.find(&push, 20 << 20).is_some(), "10 s of 40 left");
    assert!(
        grants.find(&push, 5 << 30).is_some(),
        "no token lasts so long; this one is fresh enough"
    );
    advance(Duration::from_secs(15)).await;
    assert!(grants.find(&push, 20 << 20).is_some(), "10 s of 25 left");
    assert!(grants.find(&push, 5 << 30).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_forgotten_but_not_its_successor() {
    let grants = Grants::default();
    let pull = vec![scope("a", Access::Pull)];
    let old = grant(None, 60);
    grants.insert(&pull, Arc::clone(&old));
    grants.forget(&old);
    assert!(grants.find(&pull, 0).is_none());
    let new = grant(None, 60);
    grants.insert(&pull, Arc::clone(&new));
    grants.forget(&old);
    assert!(Arc::ptr_eq(&grants.find(&pull, 0).unwrap(), &new));
}

#[tokio::test(start_paused = true)]
async fn the_store_does_not_grow_with_what_has_run_out() {
    let grants = Grants::default();
    for i in 0..super::SWEEP {
        let scopes = vec![scope(&i.to_string(), Access::Pull)];
        grants.insert(&scopes, grant(Some(scopes.clone()), 60));
    }
    advance(Duration::from_secs(61)).await;
    let scopes = vec![scope("new", Access::Pull)];
    grants.insert(&scopes, grant(Some(scopes.clone()), 60));
    assert_eq!(grants.lock().len(), 1);
}
