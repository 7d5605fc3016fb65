use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::{Chain, Sum};

#[tokio::test]
async fn parts_are_summed_in_order_and_each_end_is_told() {
    let mut chain = Chain::Idle(Sum::default());
    let first = chain.add(Bytes::from_static(b"one")).await.unwrap();
    let second = chain.add(Bytes::from_static(b"two")).await.unwrap();
    let sums: [[u8; 16]; 3] = [
        first.await.unwrap().finish(),
        second.await.unwrap().finish(),
        chain.wait().await.unwrap().finish(),
    ];
    let md5 = |bytes: &[u8]| -> [u8; 16] { Md5::digest(bytes).into() };
    let (one, both) = (md5(b"one"), md5(b"onetwo"));
    assert_eq!(sums, [one, both, both]);
}

#[test]
fn a_saved_sum_goes_on() {
    let mut sum = Sum::default();
    sum.update(&[7; 100]);
    let mut again = Sum::restore(&sum.save()).unwrap();
    again.update(b"more");
    sum.update(b"more");
    assert_eq!(again.finish(), sum.finish());
}

#[test]
fn what_is_no_state_is_none() {
    for saved in ["", "!", "AAAA", &"A".repeat(200)] {
        assert!(Sum::restore(saved).is_none(), "{saved}");
    }
}
