use super::with_query;

#[test]
fn a_sas_goes_behind_whatever_query_there_is() {
    for (before, after) in [
        (
            "https://a.example/c/k",
            "https://a.example/c/k?sp=r&sig=x%3D",
        ),
        (
            "https://a.example/c/k?comp=list",
            "https://a.example/c/k?comp=list&sp=r&sig=x%3D",
        ),
    ] {
        let uri = with_query(&before.parse().unwrap(), "sp=r&sig=x%3D").unwrap();
        assert_eq!(uri.to_string(), after);
    }
}
