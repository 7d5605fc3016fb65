use transship_oci::ErrorKind;

use super::{super::Lookups, Settings};

fn file(name: &str, text: &str) -> Settings {
    Settings::parse(text, name).unwrap()
}

fn wanted() -> Lookups {
    Lookups::of(["a.example/app", "b.example"], false)
}

const OWN: &str = "\
# written by transship, and by hand
default-docker:
  # the old place
  lookaside: https://old.example
docker:
  c.example/kept: {lookaside: https://c.example} # for gpg
  b.example:
    # as it was
    future-setting: [1, 2]
future: true # whatever it is
";

#[test]
fn what_is_in_our_file_stays_with_its_comments() {
    let own = file("transship.yaml", OWN);
    let merged = wanted().merge(Some(&own), &[]).unwrap();
    let expected = OWN
        .replace(
            "    future-setting: [1, 2]\n",
            "    future-setting: [1, 2]\n    use-sigstore-attachments: true\n",
        )
        .replace(
            "docker:\n  c.example",
            "docker:\n  a.example/app:\n    use-sigstore-attachments: true\n  c.example",
        );
    let says = |text: &str| file("x", text).whole;
    assert_eq!(says(&merged.text), says(&expected));
    for comment in OWN.lines().filter(|line| line.contains('#')) {
        assert!(merged.text.contains(comment), "{comment}\n{}", merged.text);
    }
    assert_eq!(merged.notes, [""; 0]);
    // Once more changes nothing.
    let again = file("transship.yaml", &merged.text);
    let twice = wanted().merge(Some(&again), &[]).unwrap();
    assert_eq!(twice.text, merged.text);
}

#[test]
fn a_new_file_and_an_empty_one() {
    let all = wanted().to_yaml();
    assert_eq!(wanted().merge(None, &[]).unwrap().text, all);
    let empty = file("transship.yaml", "");
    assert_eq!(wanted().merge(Some(&empty), &[]).unwrap().text, all);
    let remark = file("transship.yaml", "# nothing yet\n");
    let merged = wanted().merge(Some(&remark), &[]).unwrap();
    assert_eq!(merged.text, format!("# nothing yet\n{all}"));
    let nothing = Lookups::default().merge(Some(&remark), &[]).unwrap();
    assert_eq!(nothing.text, "# nothing yet\n");
    for text in [
        "{}\n",
        "# a remark\n---\n{} # nothing\n",
        "null\n",
        "--- ~\n...\n",
    ] {
        let own = file("transship.yaml", text);
        let merged = wanted().merge(Some(&own), &[]).unwrap().text;
        assert_eq!(file("x", &merged).whole, file("x", &all).whole, "{merged}");
        assert_eq!(merged.contains("# a remark"), text.contains("# a remark"));
    }
}

#[test]
fn what_another_file_says_is_not_said_again() {
    let other = file(
        "other.yaml",
        "default-docker: {use-sigstore-attachments: true}\ndocker: {b.example: {use-sigstore-attachments: true}}\n",
    );
    let merged = Lookups::of(["a.example/app", "b.example"], true)
        .merge(None, &[other])
        .unwrap();
    assert_eq!(merged.text, Lookups::of(["a.example/app"], false).to_yaml());
}

#[test]
fn a_place_in_two_files_is_refused_with_the_file_named() {
    let refused = |wanted: &Lookups, own: Option<&Settings>, text: &str| {
        let error = wanted.merge(own, &[file("redhat.yaml", text)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        (error.to_string(), error.hint().map(str::to_owned))
    };
    let lookaside = "docker:\n  b.example: {lookaside: https://b.example}\n";
    let (message, hint) = refused(&wanted(), None, lookaside);
    assert_eq!(
        message,
        "redhat.yaml: \"b.example\" has other settings here, and nodes refuse a place that is in two files"
    );
    assert_eq!(
        hint.as_deref(),
        Some("add `use-sigstore-attachments: true` to it there")
    );
    let (message, _) = refused(
        &Lookups::of([], true),
        None,
        "default-docker: {use-sigstore-attachments: false}\n",
    );
    assert!(
        message.contains("\"default-docker\" has other settings"),
        "{message}"
    );
    let own = file("transship.yaml", OWN);
    let (message, _) = refused(
        &wanted(),
        Some(&own),
        "docker: {c.example/kept: {use-sigstore-attachments: true}}\n",
    );
    assert_eq!(
        message,
        "redhat.yaml: \"c.example/kept\" is in transship.yaml too, and nodes refuse a place that is in two files"
    );
}

#[test]
fn a_place_below_that_hides_ours_is_told() {
    let other = file(
        "other.yaml",
        "docker:\n  b.example/gpg: {lookaside: https://b.example}\n  b.example/ok: {use-sigstore-attachments: true}\n  c.example:\n",
    );
    let merged = wanted().merge(None, std::slice::from_ref(&other)).unwrap();
    assert_eq!(
        merged.notes,
        [
            "stricter: b.example/gpg: other.yaml has settings of its own for it without use-sigstore-attachments, so signatures there are not looked for"
        ]
    );
    let merged = Lookups::of([], true).merge(None, &[other]).unwrap();
    assert_eq!(merged.notes.len(), 2, "{:?}", merged.notes);
}

#[test]
fn what_nodes_could_not_read_is_refused() {
    for text in [
        "[",
        "docker: [a]\n",
        "docker: {a.example: b}\n",
        "a: 1\na: 2\n",
        "- a\n",
    ] {
        let error = Settings::parse(text, "odd.yaml").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        assert!(error.to_string().starts_with("odd.yaml:"), "{error}");
    }
}
