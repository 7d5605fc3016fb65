use super::*;

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

#[test]
fn platforms_are_read_and_written() {
    for text in [
        "linux/amd64",
        "linux/arm/v7",
        "windows/amd64",
        "wasip1/wasm",
    ] {
        assert_eq!(platform(text).to_string(), text);
    }
    for text in [
        "",
        "linux",
        "linux/",
        "/amd64",
        "linux/arm/v7/x",
        "linux/amd 64",
        "linux//v7",
    ] {
        let error = text.parse::<Platform>().unwrap_err();
        let wanted = format!(
            "{text:?} is not a platform; write os/architecture or os/architecture/variant, such as linux/arm64"
        );
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn a_wanted_platform_is_served_or_not() {
    // Found, wanted, served.
    let table = [
        ("linux/amd64", "linux/amd64", true),
        ("linux/amd64", "linux/arm64", false),
        ("windows/amd64", "linux/amd64", false),
        ("linux/arm/v7", "linux/arm", true),
        ("linux/arm/v7", "linux/arm/v7", true),
        ("linux/arm/v6", "linux/arm/v7", false),
        ("linux/arm", "linux/arm/v7", false),
        ("linux/arm64/v8", "linux/arm64", true),
        ("linux/arm64", "linux/arm64/v8", true),
    ];
    for (found, wanted, served) in table {
        assert_eq!(
            platform(found).serves(&platform(wanted)),
            served,
            "{found} for {wanted}"
        );
    }
}

#[test]
fn windows_has_versions() {
    let at = |version: Option<&str>| Platform {
        os_version: version.map(str::to_owned),
        ..platform("windows/amd64")
    };
    assert!(at(Some("10.0.1")).serves(&at(None)));
    assert!(at(Some("10.0.1")).serves(&at(Some("10.0.1"))));
    assert!(!at(Some("10.0.2")).serves(&at(Some("10.0.1"))));
    assert!(!at(None).serves(&at(Some("10.0.1"))));
    let json = serde_json::to_string(&at(Some("10.0.1"))).unwrap();
    assert_eq!(
        json,
        r#"{"os":"windows","architecture":"amd64","os.version":"10.0.1"}"#
    );
    assert_eq!(
        serde_json::from_str::<Platform>(&json).unwrap(),
        at(Some("10.0.1"))
    );
    let bare: Platform = serde_json::from_str("{}").unwrap();
    assert_eq!(bare.to_string(), "/");
}
