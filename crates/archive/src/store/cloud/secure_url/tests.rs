use super::secure_url;

#[test]
fn https_and_this_machine_are_spoken_to() {
    for text in [
        "https://store.corp.example/",
        "http://127.0.0.1:9000/",
        "http://[::1]:9000/",
        "http://localhost/",
    ] {
        assert_eq!(secure_url(text, "X is").unwrap().as_str(), text);
    }
    for text in [
        "http://store.corp.example/",
        "http://10.0.0.5/",
        "ftp://localhost/",
        "store",
        "",
    ] {
        let error = secure_url(text, "X is").unwrap_err();
        assert_eq!(error.message(), "X is no https URL", "{text}");
    }
}
