mod kill;
mod world;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use md5::{Digest as _, Md5};
use transship_oci::{Digest, Error, ErrorKind, Retry};

use self::world::{World, bytes, put};
use super::{Uploader, journal::NoUploadJournal};
use crate::store::{Call, Memory, Store as _, Watched};

fn puts(call: &Call) -> bool {
    matches!(call, Call::Put(..))
}

#[tokio::test]
async fn the_object_is_there_only_when_finished() {
    let world = World::new();
    let body = bytes(35);
    let mut uploader = world.open(35).await.unwrap();
    put(&mut uploader, &body, 4).await.unwrap();
    assert_eq!(world.memory.get("k"), None);
    let md5 = uploader.finish().await.unwrap();
    assert_eq!(md5, <[u8; 16]>::from(Md5::digest(&body)));
    assert_eq!(world.memory.get("k"), Some(body));
    let stat = world.memory.stat("k").await.unwrap().unwrap();
    assert_eq!(stat.md5, Some(md5));
    assert_eq!(stat.metadata, World::plan(35).metadata);
    assert_eq!(world.watched.count(puts), 4);
    assert_eq!(world.memory.open_sessions(), 0);
    assert_eq!(world.pages(), 0);
}

#[tokio::test]
async fn an_empty_object_has_no_parts() {
    let world = World::new();
    world.open(0).await.unwrap().finish().await.unwrap();
    assert_eq!(world.memory.get("k"), Some(Bytes::new()));
    assert_eq!(world.watched.count(puts), 0);
}

#[tokio::test]
async fn bytes_must_be_as_many_as_promised() {
    let world = World::new();
    let mut uploader = world.open(5).await.unwrap();
    let error = put(&mut uploader, &bytes(6), 6).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "target mem: more bytes came for k than the 5 that were promised"
    );
    let error = uploader.finish().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "target mem: fewer bytes came for k than the 5 that were promised"
    );
    assert_eq!(world.memory.get("k"), None);
}

#[tokio::test]
async fn an_object_that_is_there_stays_unless_told() {
    let world = World::new();
    world.memory.insert("k", "theirs", [].into());
    let error = world.open(3).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "target mem: k is there already");
    let mut plan = World::plan(3);
    plan.overwrite = true;
    let mut uploader = world.open_as(&plan).await.unwrap();
    put(&mut uploader, &bytes(3), 3).await.unwrap();
    uploader.finish().await.unwrap();
    assert_eq!(world.memory.get("k"), Some(bytes(3)));
}

#[tokio::test]
async fn who_loses_the_race_can_still_replace_without_sending_again() {
    let world = World::new();
    let mut uploader = world.open(25).await.unwrap();
    put(&mut uploader, &bytes(25), 25).await.unwrap();
    world.memory.insert("k", "theirs", [].into());
    let error = uploader.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(world.memory.get("k"), Some("theirs".into()));
    let mut plan = World::plan(25);
    plan.overwrite = true;
    let uploader = world.open_as(&plan).await.unwrap();
    assert_eq!(uploader.offset(), 25);
    uploader.finish().await.unwrap();
    assert_eq!(world.memory.get("k"), Some(bytes(25)));
    assert_eq!(world.watched.count(puts), 3);
}

#[tokio::test]
async fn another_content_begins_anew_and_leaves_nothing_behind() {
    let world = World::new();
    let mut uploader = world.open(25).await.unwrap();
    put(&mut uploader, &bytes(15), 15).await.unwrap();
    world.settle(&uploader).await;
    drop(uploader);
    let mut plan = World::plan(25);
    plan.fingerprint = Digest::sha256(b"another head");
    let uploader = world.open_as(&plan).await.unwrap();
    assert_eq!(uploader.offset(), 0);
    assert_eq!(uploader.note(), None);
    assert_eq!(world.watched.count(|call| *call == Call::Abort), 1);
    assert_eq!(world.memory.open_sessions(), 1);
    uploader.abandon().await.unwrap();
    assert_eq!(world.memory.open_sessions(), 0);
    assert_eq!(world.pages(), 0);
}

#[tokio::test]
async fn other_bytes_than_expected_are_thrown_away() {
    let world = World::new();
    for (last, fits) in [(bytes(25), true), (bytes(24), false)] {
        let mut uploader = world.open(25).await.unwrap();
        uploader.expect(Md5::digest(bytes(25)).into());
        put(&mut uploader, &last, 25).await.unwrap();
        if fits {
            uploader.finish().await.unwrap();
            world.memory.delete("k").await.unwrap();
        } else {
            uploader.push("x".into(), &|| None).await.unwrap();
            let error = uploader.finish().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DigestMismatch);
            assert_eq!(
                error.to_string(),
                "target mem: the bytes of k do not have the MD5 they should"
            );
            assert_eq!(world.memory.get("k"), None);
        }
        assert_eq!((world.memory.open_sessions(), world.pages()), (0, 0));
    }
}

#[tokio::test]
async fn a_session_that_is_gone_begins_anew() {
    let world = World::new();
    let mut uploader = world.open(25).await.unwrap();
    put(&mut uploader, &bytes(15), 15).await.unwrap();
    world.settle(&uploader).await;
    drop(uploader);
    world.memory.forget_sessions();
    let mut uploader = world.open(25).await.unwrap();
    assert_eq!(uploader.offset(), 0);
    put(&mut uploader, &bytes(25), 25).await.unwrap();
    uploader.finish().await.unwrap();
    assert_eq!(world.memory.get("k"), Some(bytes(25)));
}

#[tokio::test]
async fn the_note_of_the_boundary_is_there_afterwards() {
    let world = World::new();
    let mut uploader = world.open(35).await.unwrap();
    for (i, chunk) in bytes(25).chunks(5).enumerate() {
        let note = move || Some(format!("chunk {i}"));
        uploader
            .push(Bytes::copy_from_slice(chunk), &note)
            .await
            .unwrap();
    }
    world.settle(&uploader).await;
    drop(uploader);
    let uploader = world.open(35).await.unwrap();
    assert_eq!((uploader.offset(), uploader.note()), (20, Some("chunk 3")));
}

#[tokio::test(start_paused = true)]
async fn a_part_is_tried_again_as_its_error_says() {
    let errors = Mutex::new(vec![
        Error::new(ErrorKind::RateLimited, "slow down")
            .retrying(Retry::After(Duration::from_secs(30))),
        Error::new(ErrorKind::Unavailable, "try again"),
    ]);
    let world = World::with(Memory::new("mem"), move |call| {
        let error = puts(call).then(|| errors.lock().unwrap().pop()).flatten();
        async move { error.map_or(Ok(()), Err) }.boxed()
    });
    let started = tokio::time::Instant::now();
    let mut uploader = world.open(5).await.unwrap();
    put(&mut uploader, &bytes(5), 5).await.unwrap();
    uploader.finish().await.unwrap();
    assert_eq!(world.watched.count(puts), 3);
    // The first pause is ours, the second the store's.
    assert_eq!(started.elapsed().as_secs(), 31);
    assert_eq!(world.memory.get("k"), Some(bytes(5)));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_stays_ends_the_upload_and_keeps_its_kind() {
    for (kind, attempts) in [(ErrorKind::Denied, 1), (ErrorKind::Unavailable, 3)] {
        let world = World::with(Memory::new("mem"), move |call| {
            let failing = matches!(call, Call::Put(1, _));
            async move {
                if failing {
                    Err(Error::new(kind, "no"))
                } else {
                    Ok(())
                }
            }
            .boxed()
        });
        let mut uploader = world.open(100).await.unwrap();
        let pushed = put(&mut uploader, &bytes(100), 10).await;
        let error = match pushed {
            Ok(()) => uploader.finish().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(
            (error.kind(), error.to_string()),
            (kind, "target mem: no".to_owned())
        );
        assert_eq!(
            world.watched.count(|call| matches!(call, Call::Put(1, _))),
            attempts
        );
        assert_eq!(world.memory.get("k"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_the_completion_is_no_error() {
    let memory = Memory::new("mem");
    let (early, body) = (memory.clone(), bytes(5));
    let world = World::with(memory, move |call| {
        let lost = matches!(call, Call::Complete(_)) && early.get("k").is_none();
        if lost {
            early.insert("k", body.clone(), [].into());
        }
        async move {
            if lost {
                Err(Error::new(ErrorKind::Unavailable, "reset"))
            } else {
                Ok(())
            }
        }
        .boxed()
    });
    let mut uploader = world.open(5).await.unwrap();
    put(&mut uploader, &bytes(5), 5).await.unwrap();
    uploader.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_more_parts_are_in_flight_than_allowed() {
    let store = Watched::new(Arc::new(World::small("mem"))).asking(|call| match call {
        Call::Put(..) => futures::future::pending().boxed(),
        _ => async { Ok(()) }.boxed(),
    });
    let plan = World::plan(100);
    let opened = Uploader::open(Arc::new(store.clone()), "k", &plan, &NoUploadJournal, 3);
    let mut uploader = opened.await.unwrap();
    let body = bytes(100);
    // The hour passes when nothing can happen any more.
    let pushed = put(&mut uploader, &body, 1);
    let passed = tokio::time::timeout(Duration::from_hours(1), pushed).await;
    assert!(passed.is_err());
    assert_eq!(store.count(puts), 3);
}
