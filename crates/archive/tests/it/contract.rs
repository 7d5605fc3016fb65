//! What every store must do.

use bytes::Bytes;
use futures::{TryStreamExt as _, future::try_join_all};
use transship_archive::store::{Stat, Store};
use transship_oci::ErrorKind;

use crate::support::{bytes, drain, md5, spec, whole, write};

/// What a store cannot help.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing of one store"
)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// It keeps the checksum of the whole.
    pub(crate) md5: bool,
    /// It knows when an object was written.
    pub(crate) times: bool,
    /// It keeps metadata.
    pub(crate) metadata: bool,
    /// It says what it has of an upload that was cut.
    pub(crate) held: bool,
    /// It knows a session that is none. (An emulator may not.)
    pub(crate) sessions: bool,
}

/// A name with everything in it that is legal and that somebody forgets to encode.
const KEY: &str = "dir/a b+c&d=e%2F\u{fc}.oci.tar";

/// Checks an empty store.
pub(crate) async fn check(store: &dyn Store, traits: Traits) {
    check_all_but_resuming(store, traits).await;
    resumed(store, traits).await;
}

/// Checks an empty store that cannot say how far an upload has come.
pub(crate) async fn check_all_but_resuming(store: &dyn Store, traits: Traits) {
    absent(store).await;
    written(store, traits).await;
    ranges(store).await;
    listed(store, traits).await;
    kept(store).await;
    raced(store).await;
    replaced(store).await;
    empty(store).await;
    aborted(store).await;
    deleted(store).await;
}

async fn part(store: &dyn Store) -> usize {
    let least = store.capacity().await.unwrap().min_part;
    usize::try_from(least).unwrap().max(64 * 1024)
}

async fn absent(store: &dyn Store) {
    assert_eq!(store.stat("no/such").await.unwrap(), None);
    let error = store.read("no/such", 0..10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let listed: Vec<Stat> = store.list("").try_collect().await.unwrap();
    assert_eq!(listed, []);
    store.delete("no/such").await.unwrap();
}

async fn written(store: &dyn Store, traits: Traits) {
    let part = part(store).await;
    let content = bytes(part * 2 + 12_345, 1);
    let upload = store.upload(KEY, &spec(content.len(), part)).await.unwrap();
    let chunk = |i: usize| Bytes::copy_from_slice(content.chunks(part).nth(i).unwrap());
    // In whatever order, several at once, and one of them twice.
    let numbers = [2_u32, 0, 1];
    let puts = numbers.map(|i| upload.put(i, chunk(i as usize)));
    let receipts = try_join_all(puts).await.unwrap();
    let again = upload.put(0, chunk(0)).await.unwrap();
    assert_eq!(
        store.stat(KEY).await.unwrap(),
        None,
        "seen before it is complete"
    );
    let ordered = [again, receipts[2].clone(), receipts[0].clone()];
    upload.complete(&ordered, &md5(&content)).await.unwrap();
    let stat = store.stat(KEY).await.unwrap().expect("an object");
    assert_eq!(stat.key, KEY);
    assert_eq!(stat.size, content.len() as u64);
    assert_eq!(stat.modified.is_some(), traits.times);
    assert_eq!(stat.md5, traits.md5.then(|| md5(&content)));
    if traits.metadata {
        assert_eq!(stat.metadata["category"], "acr-transfer-blob");
    }
    assert_eq!(whole(store, KEY).await, content);
}

async fn ranges(store: &dyn Store) {
    let stat = store.stat(KEY).await.unwrap().unwrap();
    let part = part(store).await as u64;
    let all = whole(store, KEY).await;
    let table = [
        (0, 1),
        (part - 5, part + 5),
        (stat.size - 3, stat.size),
        (stat.size - 3, stat.size + 100),
        (stat.size, stat.size + 100),
        (7, 7),
    ];
    for (from, to) in table {
        let opened = store
            .read(KEY, from..to, stat.etag.as_deref())
            .await
            .unwrap();
        assert_eq!(opened.stat.size, stat.size, "{from}..{to}");
        assert_eq!(opened.stat.etag, stat.etag, "{from}..{to}");
        let end = to.min(stat.size);
        let wanted = &all[usize::try_from(from).unwrap()..usize::try_from(end).unwrap()];
        assert_eq!(drain(opened).await, wanted, "{from}..{to}");
    }
}

async fn listed(store: &dyn Store, traits: Traits) {
    write(store, "dir2/x", b"x", 8 << 20, false).await;
    for (prefix, keys) in [
        ("", vec![KEY, "dir2/x"]),
        ("dir/a b+c&", vec![KEY]),
        ("dir", vec![KEY, "dir2/x"]),
        ("no", vec![]),
    ] {
        let listed: Vec<Stat> = store.list(prefix).try_collect().await.unwrap();
        let mut found: Vec<&str> = listed.iter().map(|stat| stat.key.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, keys, "{prefix}");
    }
    let listed: Vec<Stat> = store.list(KEY).try_collect().await.unwrap();
    let stat = store.stat(KEY).await.unwrap().unwrap();
    assert_eq!((listed[0].size, &listed[0].etag), (stat.size, &stat.etag));
    if traits.md5 {
        assert_eq!(listed[0].md5, stat.md5);
    }
}

/// An object that is there is not replaced.
async fn kept(store: &dyn Store) {
    let error = store
        .upload(KEY, &spec(3, 8 << 20))
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

/// Of two writers who both found nothing, one wins.
async fn raced(store: &dyn Store) {
    let spec = spec(3, 8 << 20);
    let (one, two) = (
        store.upload("raced", &spec).await.unwrap(),
        store.upload("raced", &spec).await.unwrap(),
    );
    let first = one.put(0, Bytes::from_static(b"one")).await.unwrap();
    let second = two.put(0, Bytes::from_static(b"two")).await.unwrap();
    one.complete(&[first], &md5(b"one")).await.unwrap();
    let error = two.complete(&[second], &md5(b"two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(whole(store, "raced").await, b"one");
}

/// It is when that is allowed, and who reads it by its old etag is told so.
async fn replaced(store: &dyn Store) {
    let before = store.stat("raced").await.unwrap().unwrap();
    write(store, "raced", b"three", 8 << 20, true).await;
    assert_eq!(whole(store, "raced").await, b"three");
    let error = store
        .read("raced", 0..3, before.etag.as_deref())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift, "{error}");
}

async fn empty(store: &dyn Store) {
    let upload = store.upload("empty", &spec(0, 8 << 20)).await.unwrap();
    assert_eq!(store.stat("empty").await.unwrap(), None);
    upload.complete(&[], &md5(b"")).await.unwrap();
    assert_eq!(store.stat("empty").await.unwrap().unwrap().size, 0);
    assert_eq!(whole(store, "empty").await, b"");
}

async fn aborted(store: &dyn Store) {
    let part = part(store).await;
    let upload = store
        .upload("aborted", &spec(part + 1, part))
        .await
        .unwrap();
    upload.put(0, bytes(part, 2).into()).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(store.stat("aborted").await.unwrap(), None);
}

async fn deleted(store: &dyn Store) {
    store.delete("raced").await.unwrap();
    assert_eq!(store.stat("raced").await.unwrap(), None);
    store.delete("raced").await.unwrap();
}

/// Another process goes on with an upload.
pub(crate) async fn resumed(store: &dyn Store, traits: Traits) {
    let part = part(store).await;
    let content = bytes(part * 2 + 777, 3);
    let chunk = |i: usize| Bytes::copy_from_slice(content.chunks(part).nth(i).unwrap());
    let mut spec = spec(content.len(), part);
    let first = store.upload("resumed", &spec).await.unwrap();
    let mut receipts = vec![first.put(0, chunk(0)).await.unwrap()];
    spec.session = Some(first.session().to_owned());
    drop(first);
    let second = store.upload("resumed", &spec).await.unwrap();
    assert_eq!(Some(second.session()), spec.session.as_deref());
    let held = second.held().await.unwrap();
    assert_eq!(held.is_some(), traits.held);
    for held in held.into_iter().flatten() {
        assert_eq!((held.part, held.size), (0, part as u64));
        assert_eq!(held.receipt, receipts[0]);
    }
    receipts.push(second.put(1, chunk(1)).await.unwrap());
    receipts.push(second.put(2, chunk(2)).await.unwrap());
    second.complete(&receipts, &md5(&content)).await.unwrap();
    assert_eq!(whole(store, "resumed").await, content);
    if traits.sessions {
        spec.session = Some("0123456789abcdef".to_owned());
        let error = store.upload("gone", &spec).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}
