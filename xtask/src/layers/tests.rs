use super::*;

fn one(name: &str, sees: &[&str]) -> Crate {
    let list: Vec<_> = sees
        .iter()
        .map(|other| format!("{other}.workspace = true"))
        .collect();
    parse(&format!(
        "[package]\nname = \"{name}\"\n[dependencies]\n{}",
        list.join("\n")
    ))
    .unwrap()
}

#[test]
fn downward_is_fine() {
    let fine = [
        one("transship-oci", &["serde"]),
        one("transship-registry-client", &["transship-oci", "reqwest"]),
        one("transship-engine", &["transship-oci"]),
        one(
            "transship",
            &["transship-engine", "transship-registry-client"],
        ),
        one(
            "transship-testkit",
            &["transship", "transship-registry-server"],
        ),
    ];
    let none: Vec<String> = Vec::new();
    assert_eq!(fine.iter().flat_map(complaints).collect::<Vec<_>>(), none);
}

#[test]
fn upward_sideways_and_out_of_bounds_are_not() {
    let table = [
        (
            "transship-oci",
            "transship-engine",
            "which is on layer 2, not below layer 0",
        ),
        (
            "transship-registry-client",
            "transship-registry-server",
            "which is on layer 1, not below layer 1",
        ),
        (
            "transship-engine",
            "transship-registry-client",
            "but may see only transship-oci",
        ),
        (
            "transship",
            "transship-testkit",
            "which is for tests and chores only",
        ),
    ];
    for (name, other, reason) in table {
        let said = complaints(&one(name, &[other]));
        assert_eq!(said, [format!("{name} depends on {other}, {reason}")]);
    }
    let said = complaints(&one("transship-new", &[]));
    assert_eq!(
        said,
        ["transship-new has no layer; give it one in xtask/src/layers.rs"]
    );
}

#[test]
fn every_way_to_depend_is_seen() {
    let found = parse(
        r#"
        [package]
        name = "x"
        [dependencies]
        other = { path = "…", package = "renamed" }
        [build-dependencies]
        build = "1"
        [target.'cfg(unix)'.dependencies]
        unix.workspace = true
        [dev-dependencies]
        transship-testkit.workspace = true
        "#,
    )
    .unwrap();
    let sees: Vec<_> = found.sees.iter().map(String::as_str).collect();
    assert_eq!(sees, ["build", "renamed", "unix"]);
    assert!(parse("[dependencies]").is_err());
}

#[test]
fn sources_are_read_without_their_comments() {
    let source = "//! transship_engine::x\nuse transship_oci::Digest;\nlet transship_oci = transship_registry_client::y();";
    let named: Vec<_> = names(source).collect();
    assert_eq!(named, ["transship-oci", "transship-registry-client"]);
    let mut found = one("transship-engine", &[]);
    found
        .names
        .insert(("a.rs".to_owned(), "transship-registry-client".to_owned()));
    assert_eq!(
        complaints(&found),
        ["a.rs names transship-registry-client, but may see only transship-oci"]
    );
    assert!(is_test(Path::new("crates/x/src/a/tests.rs")));
    assert!(!is_test(Path::new("crates/x/src/contests.rs")));
}

#[test]
fn this_workspace_keeps_its_layers() {
    run(crate::root()).unwrap();
}
