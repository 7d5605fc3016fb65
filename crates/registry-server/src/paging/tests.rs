use super::*;

fn page(query: &str, most: usize) -> Result<Page, Refusal> {
    let uri = format!("/x{query}").parse().unwrap();
    Page::of(&Query::of(&uri), most)
}

#[test]
fn a_page_is_as_large_as_asked_and_as_allowed() {
    let of = |query| page(query, 10).unwrap();
    assert_eq!(of("").limit, 10);
    assert_eq!(of("?n=3").limit, 3);
    assert_eq!(of("?n=11").limit, 10);
    assert_eq!(of("?n=3&last=a%2Fb").after.as_deref(), Some("a/b"));
    for odd in ["?n=", "?n=x", "?n=-1", "?n=1e3"] {
        assert_eq!(
            page(odd, 10).unwrap_err().status,
            http::StatusCode::BAD_REQUEST
        );
    }
}

#[test]
fn one_entry_more_than_fits_tells_of_another_page() {
    let page = page("?n=2", 10).unwrap();
    assert_eq!(page.with_one_more(), 3);
    let mut list = vec!["a", "b", "c"];
    assert_eq!(page.cut(&mut list), Some("b"));
    assert_eq!(list, ["a", "b"]);
    assert_eq!(page.cut(&mut list), None);
}

#[test]
fn a_page_of_nothing_leads_nowhere() {
    let page = page("?n=0", 10).unwrap();
    assert_eq!(page.with_one_more(), 0);
    assert_eq!(page.cut(&mut Vec::<u8>::new()), None);
}

#[test]
fn the_way_to_the_next_page_is_a_link() {
    assert_eq!(
        next("/v2/a/tags/list", 2, "b", ""),
        "</v2/a/tags/list?n=2&last=b>; rel=\"next\""
    );
}
