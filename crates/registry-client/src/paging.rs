//! Paging: where the next page of a list is (RFC 8288 `Link`; distribution-spec, "Listing Tags" and "Listing Referrers").

use http::{HeaderMap, header::LINK};
use transship_oci::{Error, ErrorKind, Result, SafeUrl};
use url::Url;

/// The most pages that one list may have. A list that never ends is an attack or a defect.
pub(crate) const MAX_PAGES: usize = 10_000;

/// Where the page after the one that came from `at` with `headers` is; `None` after the last.
/// `pages` is how many have been read.
///
/// # Errors
/// `Corrupt` when the list has too many pages, points back at the same page or at another host.
pub(crate) fn next(headers: &HeaderMap, at: &Url, pages: usize) -> Result<Option<Url>> {
    let target = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_of);
    let Some(target) = target else {
        return Ok(None);
    };
    let next = follow(at, target)?;
    let corrupt = |message: String| Err(Error::new(ErrorKind::Corrupt, message));
    if next == *at {
        return corrupt("the list goes round in a circle: its next page is itself".to_owned());
    }
    if pages >= MAX_PAGES {
        return corrupt(format!("the list has more than {MAX_PAGES} pages"));
    }
    Ok(Some(next))
}

/// The target of `rel="next"` in one `Link` value.
fn next_of(value: &str) -> Option<&str> {
    let mut rest = value;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (params, others) = split_outside_quotes(after, b',');
        if is_next(params) {
            return Some(target);
        }
        rest = others;
    }
}

/// `text` before and after the first `byte` that is not inside quotes.
fn split_outside_quotes(text: &str, byte: u8) -> (&str, &str) {
    let mut quoted = false;
    for (at, found) in text.bytes().enumerate() {
        if found == b'"' {
            quoted = !quoted;
        } else if found == byte && !quoted {
            return (&text[..at], &text[at + 1..]);
        }
    }
    (text, "")
}

/// Do these parameters say `rel="next"`, quoted or not, alone or among other relations?
fn is_next(mut params: &str) -> bool {
    while !params.is_empty() {
        let (param, others) = split_outside_quotes(params, b';');
        if let Some((key, value)) = param.split_once('=')
            && key.trim().eq_ignore_ascii_case("rel")
        {
            return value
                .trim()
                .trim_matches('"')
                .split_ascii_whitespace()
                .any(|relation| relation.eq_ignore_ascii_case("next"));
        }
        params = others;
    }
    false
}

/// `target`, absolute or relative to `at`, as a URL of the same host.
fn follow(at: &Url, target: &str) -> Result<Url> {
    let next = at.join(target).map_err(|cause| {
        Error::new(
            ErrorKind::Corrupt,
            "the address of the next page cannot be read",
        )
        .because(cause)
    })?;
    if !same_host(at, &next) {
        return Err(Error::new(
            ErrorKind::Corrupt,
            format!("the next page is at another host: {}", SafeUrl(next)),
        ));
    }
    Ok(with_scheme_of(at, next))
}

/// Are both at one host and port? Behind a proxy that ends TLS a registry may write `http` for its own `https`.
pub(crate) fn same_host(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str() && one.port() == other.port()
}

/// `url`, which is at the host of `at`, spoken to in the same way.
pub(crate) fn with_scheme_of(at: &Url, url: Url) -> Url {
    if at.scheme() == url.scheme() {
        return url;
    }
    let mut same = at.clone();
    same.set_path(url.path());
    same.set_query(url.query());
    same
}

#[cfg(test)]
mod tests;
