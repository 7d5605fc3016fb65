//! Extended headers (POSIX.1-2017, pax, "pax Extended Header").

/// What an extended header says that matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) target: Option<Vec<u8>>,
}

/// Reads the records `LENGTH KEY=VALUE\n`.
///
/// # Errors
/// The reason, where a record is malformed, says what cannot be honoured, or says a thing twice: readers differ in
/// which of the two they take.
pub(super) fn pax(mut body: &[u8]) -> Result<Pax, &'static str> {
    let mut pax = Pax::default();
    while !body.is_empty() {
        let (key, value, rest) = record(body).ok_or("has a malformed extended header")?;
        match key {
            b"path" => once(&mut pax.path, value.to_vec())?,
            b"linkpath" => once(&mut pax.target, value.to_vec())?,
            b"size" => {
                let size = decimal(value).ok_or("has a size that is no number")?;
                once(&mut pax.size, size)?;
            }
            key if key.starts_with(b"GNU.sparse.") => return Err("is a sparse file"),
            b"hdrcharset" => return Err("names a character set"),
            // Times, owners, attributes.
            _ => {}
        }
        body = rest;
    }
    Ok(pax)
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err("has an extended header that says a thing twice"),
    }
}

/// Key, value and what is behind the first record.
fn record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = body.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&body[..space])?).ok()?;
    let (record, rest) = body.split_at_checked(length)?;
    let text = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    Some((&text[..equals], &text[equals + 1..], rest))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    // `parse` alone would take "+5" too.
    let all = digits.iter().all(u8::is_ascii_digit);
    all.then(|| str::from_utf8(digits).ok()?.parse().ok())?
}
