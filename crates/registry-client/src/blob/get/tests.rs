use futures::TryStreamExt as _;

use super::*;

#[test]
fn a_content_range_is_read() {
    assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
    assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
    assert_eq!(content_range("bytes=5-9/10"), None);
    assert_eq!(content_range("bytes */10"), None);
    assert_eq!(content_range(""), None);
}

#[tokio::test]
async fn skipping_cuts_across_pieces() {
    let pieces = ["abc", "de", "fghi"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
    let rest = skip(stream::iter(pieces).boxed(), 4);
    let rest: Vec<Bytes> = rest.try_collect().await.unwrap();
    assert_eq!(rest, ["e", "fghi"]);
}

#[tokio::test]
async fn skipping_more_than_there_is_leaves_nothing() {
    let pieces = [Ok(Bytes::from_static(b"abc"))];
    let rest: Vec<Bytes> = skip(stream::iter(pieces).boxed(), 9)
        .try_collect()
        .await
        .unwrap();
    assert!(rest.is_empty());
}
