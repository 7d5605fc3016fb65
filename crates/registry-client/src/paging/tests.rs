use proptest::prelude::*;
use transship_oci::ErrorKind;

use super::*;

fn link(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(LINK, value.parse().unwrap());
    headers
}

fn page(value: &str) -> Result<Option<String>> {
    let at = Url::parse("https://r.example:5000/v2/a/tags/list?n=2").unwrap();
    next(&link(value), &at, 1).map(|next| next.map(String::from))
}

#[test]
fn a_relative_link_stays_on_the_host() {
    assert_eq!(
        page(r#"</v2/a/tags/list?n=2&last=b>; rel="next""#)
            .unwrap()
            .as_deref(),
        Some("https://r.example:5000/v2/a/tags/list?n=2&last=b")
    );
    assert_eq!(
        page("<?n=2&last=b>;rel=next").unwrap().as_deref(),
        Some("https://r.example:5000/v2/a/tags/list?n=2&last=b")
    );
}

#[test]
fn an_absolute_link_of_the_same_host_keeps_our_scheme() {
    assert_eq!(
        page(r#"<http://r.example:5000/v2/a/tags/list?last=%2Bb>; REL="prev Next""#)
            .unwrap()
            .as_deref(),
        Some("https://r.example:5000/v2/a/tags/list?last=%2Bb")
    );
}

#[test]
fn the_next_of_several_links_is_found() {
    let value = r#"</first>; title="a, <b>; rel=next"; rel="first", </x>; rel="next""#;
    assert_eq!(
        page(value).unwrap().as_deref(),
        Some("https://r.example:5000/x")
    );
}

#[test]
fn no_next_is_the_end() {
    assert_eq!(page(r#"</x>; rel="prev""#).unwrap(), None);
    assert_eq!(page("</x>").unwrap(), None);
    let at = Url::parse("https://r.example/").unwrap();
    assert_eq!(next(&HeaderMap::new(), &at, 1).unwrap(), None);
}

#[test]
fn another_host_is_refused_without_its_query() {
    let error = page(r#"<https://evil.example/x?token=s3cret>; rel="next""#).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        "the next page is at another host: https://evil.example/x?token=…"
    );
}

#[test]
fn circles_and_endless_lists_are_refused() {
    let error = page(r#"<https://r.example:5000/v2/a/tags/list?n=2>; rel="next""#).unwrap_err();
    assert_eq!(
        error.message(),
        "the list goes round in a circle: its next page is itself"
    );
    let at = Url::parse("https://r.example/").unwrap();
    let error = next(&link("</x>; rel=next"), &at, MAX_PAGES).unwrap_err();
    assert_eq!(error.message(), "the list has more than 10000 pages");
}

proptest! {
    #[test]
    fn nothing_in_a_header_can_break_it_or_leave_the_host(value in "[ -~]{0,80}") {
        if let Ok(Some(next)) = page(&value) {
            prop_assert!(next.starts_with("https://r.example:5000/"));
        }
    }
}
