//! As much of DER as certificates with stamps in them need.

/// An element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a short element");
    let [high, low] = length.to_be_bytes();
    let header = match length {
        0..128 => vec![tag, low],
        128..256 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&header, content].concat()
}

/// An element made of others.
pub(super) fn of<const N: usize>(tag: u8, parts: [&[u8]; N]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// The n-th element in the content of another.
pub(super) fn nth(element: &[u8], n: usize) -> &[u8] {
    let (start, _) = extent(element);
    let mut rest = &element[start..];
    for _ in 0..n {
        let (header, content) = extent(rest);
        rest = &rest[header + content..];
    }
    let (header, content) = extent(rest);
    &rest[..header + content]
}

/// The part of a certificate that is signed: the first element in its outer sequence.
pub(super) fn to_be_signed(certificate: &[u8]) -> &[u8] {
    nth(certificate, 0)
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
