//! What the tests of stores share.

use futures::TryStreamExt as _;
use md5::{Digest as _, Md5};
use transship_archive::store::{Opened, Store, UploadSpec};

/// Bytes that repeat nowhere near a part's size.
pub(crate) fn bytes(length: usize, seed: u8) -> Vec<u8> {
    let byte = |i: usize| u8::try_from((i % 251) ^ (i / 65_537 % 256)).unwrap_or(0);
    (0..length).map(|i| byte(i) ^ seed).collect()
}

/// What to say of an object of `size` bytes.
pub(crate) fn spec(size: usize, part: usize) -> UploadSpec {
    UploadSpec {
        size: size as u64,
        part_size: part as u64,
        overwrite: false,
        metadata: [("category".to_owned(), "acr-transfer-blob".to_owned())].into(),
        session: None,
    }
}

pub(crate) fn md5(content: &[u8]) -> [u8; 16] {
    Md5::digest(content).into()
}

/// Reads what was opened to its end.
pub(crate) async fn drain(opened: Opened) -> Vec<u8> {
    let pieces: Vec<bytes::Bytes> = opened.bytes.try_collect().await.expect("the bytes");
    pieces.concat()
}

/// Writes an object of parts of `part` bytes.
pub(crate) async fn write(
    store: &dyn Store,
    key: &str,
    content: &[u8],
    part: usize,
    overwrite: bool,
) {
    let mut spec = spec(content.len(), part);
    spec.overwrite = overwrite;
    let upload = store.upload(key, &spec).await.expect("an upload");
    let mut receipts = Vec::new();
    for (i, chunk) in content.chunks(part).enumerate() {
        let number = u32::try_from(i).unwrap();
        receipts.push(
            upload
                .put(number, chunk.to_vec().into())
                .await
                .expect("a part"),
        );
    }
    upload
        .complete(&receipts, &md5(content))
        .await
        .expect("a whole");
}

/// The whole object.
pub(crate) async fn whole(store: &dyn Store, key: &str) -> Vec<u8> {
    drain(store.read(key, 0..u64::MAX, None).await.expect("an object")).await
}
