//! Numbers of a header: octal digits, or GNU's base 256.

/// Reads a numeric field. `None` for what is no number, is negative, or does not fit.
///
/// Octal (POSIX.1-2017, pax, "ustar Interchange Format"): digits, spaces allowed in front, ended by NUL or space, and
/// nothing but those behind. An empty field is 0. Base 256 (GNU): the first bit set, the rest a big-endian number.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base_256(field),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let start = field.iter().position(|byte| *byte != b' ')?;
    let rest = &field[start..];
    let digits = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'7'));
    let (digits, tail) = rest.split_at(digits.count());
    if !tail.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return None;
    }
    // Twelve digits at most: 36 bits.
    let value = |sum: u64, digit: &u8| (sum << 3) | u64::from(digit - b'0');
    Some(digits.iter().fold(0, value))
}

fn base_256(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    // The second bit is the sign.
    if *first != 0x80 {
        return None;
    }
    rest.iter().try_fold(0_u64, |sum, byte| {
        sum.checked_mul(256)?.checked_add(u64::from(*byte))
    })
}
