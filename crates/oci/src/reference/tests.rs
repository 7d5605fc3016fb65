use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn parse(text: &str) -> Reference {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is written; registry, path, tag, pinned or not; the normal form.
const TABLE: &str = "
alpine                                docker.io           library/alpine    -       -       docker.io/library/alpine
alpine:3.20                           docker.io           library/alpine    3.20    -       docker.io/library/alpine:3.20
acme/app                              docker.io           acme/app          -       -       docker.io/acme/app
docker.io/alpine                      docker.io           library/alpine    -       -       docker.io/library/alpine
index.docker.io/acme/app:1            docker.io           acme/app          1       -       docker.io/acme/app:1
registry-1.docker.io/library/alpine   docker.io           library/alpine    -       -       docker.io/library/alpine
registry.hub.docker.com/a/b           docker.io           a/b               -       -       docker.io/a/b
docker://quay.io/a/b:c                quay.io             a/b               c       -       quay.io/a/b:c
localhost/app                         localhost           app               -       -       localhost/app
localhost:5000/app:1                  localhost:5000      app               1       -       localhost:5000/app:1
host:5000/a                           host:5000           a                 -       -       host:5000/a
host:5000                             docker.io           library/host      5000    -       docker.io/library/host:5000
127.0.0.1:5000/a/b/c:d                127.0.0.1:5000      a/b/c             d       -       127.0.0.1:5000/a/b/c:d
[::1]:5000/a:b                        [::1]:5000          a                 b       -       [::1]:5000/a:b
[2001:db8::1]/a                       [2001:db8::1]       a                 -       -       [2001:db8::1]/a
REGISTRY.Example.COM/a                registry.example.com a                -       -       registry.example.com/a
r.example/a@DIGEST                    r.example           a                 -       pinned  r.example/a@DIGEST
r.example:1/a:1.4@DIGEST              r.example:1         a                 1.4     pinned  r.example:1/a:1.4@DIGEST
r.example/a__b/c.d/e---f:_x.Y-Z       r.example           a__b/c.d/e---f    _x.Y-Z  -       r.example/a__b/c.d/e---f:_x.Y-Z
";

#[test]
fn references_are_read_as_people_mean_them() {
    let mut count = 0;
    for line in TABLE.trim().lines() {
        let line = line.replace("DIGEST", DIGEST);
        let cells: Vec<_> = line.split_whitespace().collect();
        let [text, registry, path, tag, pinned, normal] = cells[..] else {
            panic!("{line}")
        };
        let found = parse(text);
        assert_eq!(found.repository.registry(), registry, "{text}");
        assert_eq!(found.repository.path(), path, "{text}");
        assert_eq!(found.tag.as_ref().map_or("-", Tag::as_str), tag, "{text}");
        assert_eq!(found.digest.is_some(), pinned == "pinned", "{text}");
        assert_eq!(found.to_string(), normal, "{text}");
        assert_eq!(parse(normal), found, "{text}");
        count += 1;
    }
    assert_eq!(count, 19);
}

#[test]
fn what_is_no_reference_is_refused_with_the_reason() {
    let table = [
        ("", "the reference is empty; write registry/repository:tag"),
        (" a", r#"reference " a" has white space around it"#),
        ("a\n", r#"reference "a\n" has white space around it"#),
        (
            "r.example/app:<tag>",
            r#""<tag>" still has a placeholder in it; put the real value there"#,
        ),
        (
            "<registry>/app",
            r#""<registry>/app" still has a placeholder in it; put the real value there"#,
        ),
        (
            "r.example/${APP}:1",
            r#""r.example/${APP}" still has a placeholder in it; put the real value there"#,
        ),
        (
            "{{ .Registry }}/app",
            r#""{{ .Registry }}/app" still has a placeholder in it; put the real value there"#,
        ),
        (
            "https://r.example/app",
            r#"transport "https" is not known here; write docker://registry/repository:tag or leave the scheme out"#,
        ),
        (
            "https://u:pw@r.example/a",
            "a reference has no user name or password in it; log in with `transship login HOST`",
        ),
        (
            "u:p/w@r.example/a:1",
            "a reference has no user name or password in it; log in with `transship login HOST`",
        ),
        (
            "r.example:99999/a",
            r#""r.example:99999" is not a registry host; it looks like registry.example.com, host:5000 or [::1]:5000"#,
        ),
    ];
    for (text, message) in table {
        let error = text.parse::<Reference>().unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn kinds_of_nonsense_are_told_apart() {
    let host = [
        "r.example:0/a",
        "r.example:/a",
        "r.example:+5/a",
        "[::g]/a",
        "[::1/a",
        "[::1]x/a",
        "-a.example/b",
        "a..b/c",
        "a_b.c/d",
    ];
    for text in host {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(matches!(error, ReferenceError::Host(_)), "{text}: {error}");
    }
    let path = [
        "UPPER",
        "r.example/",
        "r.example//a",
        "r.example/a/",
        "r.example/-a",
        "r.example/a..b",
        "r.example/a___b",
        "r.example/a._b",
        "r.example/é",
        "a/b c",
    ];
    for text in path {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(matches!(error, ReferenceError::Path(_)), "{text}: {error}");
    }
    let tag = [
        "a:",
        "a:.b",
        "a:-b",
        "a:b c",
        "a:é",
        &format!("a:{}", "x".repeat(129)),
    ];
    for text in tag {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(matches!(error, ReferenceError::Tag(_)), "{text}: {error}");
    }
    for text in ["a@", "a@sha256:0", "a@sha1:00", "a@b@c"] {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(
            matches!(error, ReferenceError::Digest(_)),
            "{text}: {error}"
        );
    }
}

#[test]
fn lengths_are_at_most_what_registries_take() {
    let longest = "a".repeat(255);
    assert_eq!(
        Repository::new("r.example", &longest).unwrap().path(),
        longest
    );
    let error = Repository::new("r.example", &"a".repeat(100_000)).unwrap_err();
    assert!(
        error.to_string().len() < 500,
        "the text is not given back whole"
    );
    assert!("x".repeat(128).parse::<Tag>().is_ok());
    assert!(Repository::new(&"a.".repeat(200), "b").is_err());
    // Docker Hub's `library/` is part of the name.
    let short = "a".repeat(255 - "library/".len());
    let kept = Repository::new("docker.io", &short).unwrap();
    assert_eq!(kept.to_string().parse(), Ok(kept));
    assert!(Repository::new("docker.io", &format!("{short}a")).is_err());
}

#[test]
fn a_reference_says_what_to_look_up_and_what_to_publish() {
    let table = [
        ("r.example/a", "latest", Some("latest")),
        ("r.example/a:1", "1", Some("1")),
        ("r.example/a@DIGEST", DIGEST, None),
        ("r.example/a:1@DIGEST", DIGEST, Some("1")),
    ];
    for (text, name, published) in table {
        let reference = parse(&text.replace("DIGEST", DIGEST));
        assert_eq!(reference.name().to_string(), name, "{text}");
        let tag = reference.published_tag();
        assert_eq!(tag.as_ref().map(Tag::as_str), published, "{text}");
    }
}

#[test]
fn tags_speak_of_their_subject() {
    let digest: Digest = DIGEST.parse().unwrap();
    let stem = DIGEST.replace(':', "-");
    assert_eq!(Tag::fallback(&digest).as_str(), stem);
    assert_eq!(Tag::fallback(&digest).subject(), Some(digest));
    for (tag, kind) in Tag::legacy(&digest).iter().zip(["sig", "att", "sbom"]) {
        assert_eq!(tag.as_str(), format!("{stem}.{kind}"));
        assert_eq!(tag.subject(), Some(digest));
    }
    let long = Digest::of(crate::Algorithm::Sha512, b"abc");
    let fallback = Tag::fallback(&long);
    assert_eq!(fallback.as_str(), format!("sha512-{}", &long.hex()[..64]));
    assert_eq!(fallback.subject(), None, "half a digest is none");
    for other in ["1.4", "sha256-abc", "sha256-", "md5-00", "sha256"] {
        assert_eq!(other.parse::<Tag>().unwrap().subject(), None, "{other}");
    }
}

#[test]
fn a_repository_without_a_host_is_docker_hubs() {
    assert_eq!(
        "acme/app".parse::<Repository>().unwrap().to_string(),
        "docker.io/acme/app"
    );
    assert_eq!("app".parse::<Repository>().unwrap().path(), "library/app");
    assert_eq!("h:1/app".parse::<Repository>().unwrap().registry(), "h:1");
    assert_eq!("".parse::<Repository>(), Err(ReferenceError::Empty));
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){1,3}",
        "[a-z0-9]{1,8}(\\.[a-z]{1,8}){0,2}:[1-9][0-9]{0,3}",
        "127\\.0\\.0\\.[1-9]:[1-9][0-9]{3}",
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]:443")),
    ]
}

proptest! {
    #[test]
    fn the_normal_form_is_read_as_itself(
        host in host(),
        path in "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,6}){0,3}",
        tag in proptest::option::of("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}"),
        pinned: bool,
    ) {
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = if pinned { format!("@{DIGEST}") } else { String::new() };
        let text = format!("{host}/{path}{tag}{digest}");
        prop_assert_eq!(parse(&text).to_string(), text);
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}|[a-z:/@.\\[\\]-]{0,40}") {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(parse(&reference.to_string()), reference);
        }
    }
}
