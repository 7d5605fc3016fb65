use transship_oci::{Repository, Tag};

use super::Destination;

fn of(to: &str, map: Option<&str>, path: &str, tags: &[&str]) -> Result<String, String> {
    let map = map.map(|text| text.parse().unwrap());
    let source: Repository = "quay.io/acme/app".parse().unwrap();
    let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    let made = Destination::new(to, map.as_ref()).and_then(|to| to.of(&source, path, &tags));
    let (repository, tags) = made.map_err(|error| error.to_string())?;
    let tags: Vec<_> = tags.iter().map(Tag::as_str).collect();
    Ok(format!("{repository} {}", tags.join(" ")))
}

#[test]
fn the_registry_and_the_prefix_stand_before_the_name() {
    for (to, map, made) in [
        ("r.example", None, "r.example/acme/app 1 2"),
        ("r.example/", None, "r.example/acme/app 1 2"),
        (
            "r.example:5000/mirror",
            None,
            "r.example:5000/mirror/acme/app 1 2",
        ),
        ("docker://r.example/a/b", None, "r.example/a/b/acme/app 1 2"),
        // A name without a dot is a registry here, whatever docker makes of it elsewhere.
        ("registry/mirror", None, "registry/mirror/acme/app 1 2"),
        ("r.example", Some("{name}"), "r.example/app 1 2"),
        (
            "r.example/m",
            Some("{registry}/{name}:v{tag}"),
            "r.example/m/quay.io/app v1 v2",
        ),
        ("r.example", Some("{name}:stable"), "r.example/app stable"),
    ] {
        assert_eq!(
            of(to, map, "acme/app", &["1", "2"]).as_deref(),
            Ok(made),
            "{to} {map:?}"
        );
    }
    assert_eq!(
        of("r.example", Some("{name}"), "acme/app", &[]).as_deref(),
        Ok("r.example/app ")
    );
}

#[test]
fn what_is_no_place_is_refused() {
    for (to, map) in [
        ("", None),
        ("UPPER CASE", None),
        ("r.example/UPPER", None),
        ("r.example/a:tag", None),
        ("r.example", Some("UPPER/{name}")),
        ("r.example", Some("{name}-{tag}")),
    ] {
        let made = of(to, map, "acme/app", &["1", "2"]);
        assert!(made.is_err(), "{to} {map:?}: {made:?}");
    }
}
