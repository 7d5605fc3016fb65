use super::*;

fn file(count: usize, name: &str) -> (usize, String) {
    (count, name.to_owned())
}

#[test]
fn one_line_too_many_is_too_many() {
    let fine = vec![file(700, "a.rs"), file(10, "b.rs"), file(20, "c.rs")];
    assert_eq!(
        judge(fine).unwrap(),
        "lines: 3 files, median 20, longest 700 (a.rs)"
    );
    let long = vec![file(701, "a.rs"), file(10, "b.rs"), file(900, "c.rs")];
    assert_eq!(
        judge(long).unwrap_err(),
        "a.rs has 701 lines, more than 700\nc.rs has 900 lines, more than 700"
    );
    assert_eq!(judge(Vec::new()).unwrap_err(), "no sources found");
}

#[test]
fn this_workspace_is_readable() {
    run(crate::root()).unwrap();
    let own = sources(&crate::root().join("xtask/src")).unwrap();
    assert!(own.iter().any(|file| file.ends_with("lines/tests.rs")));
    assert!(sources(Path::new("nowhere")).unwrap().is_empty());
}
