use super::*;

#[test]
fn small_blobs_go_in_one_put_and_large_ones_by_patch() {
    let host = Capabilities::default();
    assert_eq!(
        host.ways(SINGLE_PUT),
        [Way::SinglePut, Way::StreamPatch, Way::Chunked]
    );
    assert_eq!(
        host.ways(SINGLE_PUT + 1),
        [Way::StreamPatch, Way::Chunked, Way::SinglePut]
    );
}

#[test]
fn a_size_that_was_refused_says_nothing_of_smaller_ones() {
    let host = Capabilities::default();
    host.learn_refused(Way::StreamPatch, 1 << 30, true);
    assert_eq!(host.ways(1 << 30)[0], Way::Chunked);
    assert_eq!(host.ways((1 << 30) - 1)[0], Way::StreamPatch);
}

#[test]
fn a_way_that_is_not_understood_comes_last_for_every_size() {
    let host = Capabilities::default();
    host.learn_refused(Way::SinglePut, 100, false);
    assert_eq!(
        host.ways(1),
        [Way::StreamPatch, Way::Chunked, Way::SinglePut]
    );
    host.learn_refused(Way::StreamPatch, 100, false);
    assert_eq!(
        host.ways(1 << 30),
        [Way::Chunked, Way::StreamPatch, Way::SinglePut]
    );
}
