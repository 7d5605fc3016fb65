use std::sync::atomic::{AtomicUsize, Ordering};

use futures::TryStreamExt as _;
use transship_oci::{Error, ErrorKind};

use super::*;

const PIECE: usize = 100_000;

/// So many pieces, each of its number, and how many were taken.
fn source(pieces: usize, last: Option<Error>) -> (ByteStream, Arc<AtomicUsize>) {
    let taken = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&taken);
    let piece = |number: usize| Bytes::from(vec![u8::try_from(number % 251).unwrap(); PIECE]);
    let pieces = stream::iter((0..pieces).map(move |number| Ok(piece(number))));
    let all = pieces.chain(stream::iter(last.map(Err)));
    let counted = all.inspect(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    (counted.boxed(), taken)
}

/// Lets everybody run who can.
async fn rest() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_reads_on_unasked_as_far_as_the_window_goes() {
    let (from, taken) = source(50, None);
    let mut pieces = ahead(from);
    rest().await;
    // Ten fit, and one waits for room.
    assert_eq!(taken.load(Ordering::SeqCst), 11);
    pieces.try_next().await.unwrap().unwrap();
    pieces.try_next().await.unwrap().unwrap();
    rest().await;
    assert_eq!(taken.load(Ordering::SeqCst), 13);
}

#[tokio::test]
async fn the_bytes_are_the_same() {
    let (from, _) = source(50, None);
    let (plain, _) = source(50, None);
    let pieces: Vec<Bytes> = ahead(from).try_collect().await.unwrap();
    let expected: Vec<Bytes> = plain.try_collect().await.unwrap();
    assert_eq!(pieces, expected);
}

#[tokio::test]
async fn an_error_comes_after_what_was_read_before_it() {
    let cut = Error::new(ErrorKind::Unavailable, "the line was cut");
    let (from, _) = source(3, Some(cut));
    let pieces: Vec<Result<Bytes>> = ahead(from).collect().await;
    assert_eq!(pieces.len(), 4);
    assert!(pieces[..3].iter().all(Result::is_ok));
    assert_eq!(
        pieces[3].as_ref().unwrap_err().message(),
        "the line was cut"
    );
}

#[tokio::test]
async fn a_piece_larger_than_the_window_passes() {
    let large = Bytes::from(vec![1; 3 * WINDOW as usize]);
    let pieces = stream::iter([Ok(large.clone()), Ok(large.clone())]).boxed();
    let found: Vec<Bytes> = ahead(pieces).try_collect().await.unwrap();
    assert_eq!(found, [large.clone(), large]);
}

#[tokio::test]
async fn nobody_reads_for_a_stream_that_is_gone() {
    let (from, taken) = source(50, None);
    let alive = Arc::downgrade(&taken);
    let pieces = ahead(from);
    rest().await;
    drop((pieces, taken));
    rest().await;
    assert!(alive.upgrade().is_none(), "the reading goes on");
}
