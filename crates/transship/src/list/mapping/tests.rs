use proptest::prelude::*;

use super::{Template, Values};

fn fill(template: &str, source: &str, tag: &str) -> Result<String, String> {
    let template: Template = template
        .parse()
        .map_err(|e: super::TemplateError| e.to_string())?;
    let (source, tag) = (source.parse().unwrap(), tag.parse().unwrap());
    template
        .fill(Values {
            source: &source,
            tag: &tag,
        })
        .map(|(repository, tag)| format!("{repository}:{tag}"))
        .map_err(|error| error.to_string())
}

#[test]
fn places_are_filled() {
    let hub = "docker.io/library/alpine";
    for (template, source, made) in [
        (
            "r.example/mirror/{repository}",
            hub,
            "r.example/mirror/library/alpine:3.20",
        ),
        ("r.example/{name}", hub, "r.example/alpine:3.20"),
        (
            "r.example/{name}:{tag}-mirror",
            hub,
            "r.example/alpine:3.20-mirror",
        ),
        (
            "r.example/{registry}/{repository}",
            hub,
            "r.example/docker.io/library/alpine:3.20",
        ),
        (
            "r.example/{registry}/{name}",
            "localhost:5000/a/b",
            "r.example/localhost-5000/b:3.20",
        ),
        (
            "{registry}/kept/{name}",
            "localhost:5000/a/b",
            "localhost:5000/kept/b:3.20",
        ),
        ("localhost:5000/plain", hub, "localhost:5000/plain:3.20"),
        (
            "docker://r.example/plain:fixed",
            hub,
            "r.example/plain:fixed",
        ),
    ] {
        assert_eq!(
            fill(template, source, "3.20").as_deref(),
            Ok(made),
            "{template}"
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let hub = "docker.io/library/alpine";
    for (template, message) in [
        (
            "r.example/{repo}",
            "target \"r.example/{repo}\" asks for {repo}; it can be {registry}, {repository}, {name} or {tag}",
        ),
        (
            "r.example/{nmae}",
            "target \"r.example/{nmae}\" asks for {nmae}; did you mean {name}?",
        ),
        (
            "r.example/{name",
            "target \"r.example/{name\" has a brace without its partner",
        ),
        (
            "r.example/name}",
            "target \"r.example/name}\" has a brace without its partner",
        ),
        (
            "r.example/UP/{name}",
            "target \"r.example/UP/{name}\" makes \"r.example/UP/alpine\": \"UP/alpine\" is not a repository name",
        ),
        (
            "r.example/a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "names a digest",
        ),
    ] {
        let error = fill(template, hub, "3.20").unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_an_error(text in "[a-z{}:/.@-]{0,40}") {
        let _ = fill(&text, "docker.io/library/alpine", "3.20");
    }
}
