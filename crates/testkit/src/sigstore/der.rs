//! As much of DER as certificates with stamps in them need.

/// An element of less than 128 bytes.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a short element");
    assert!(length < 128, "a short element");
    [&[tag, length], content].concat()
}

/// The part of a certificate that is signed: the first element in its outer sequence.
pub(super) fn to_be_signed(certificate: &[u8]) -> &[u8] {
    let (start, _) = extent(certificate);
    let rest = &certificate[start..];
    let (header, content) = extent(rest);
    &rest[..header + content]
}

/// Where an element's content starts, and how long it is.
fn extent(element: &[u8]) -> (usize, usize) {
    let first = usize::from(element[1]);
    if first < 128 {
        return (2, first);
    }
    let more = &element[2..2 + (first - 128)];
    let length = more
        .iter()
        .fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    (2 + more.len(), length)
}
