//! What is said about the command line itself, and about settings.

use transship_testkit::peers::Home;

use crate::world::{at_home, expect, transship};

#[tokio::test]
async fn slips_are_answered_with_the_right_word() {
    let tool = transship();
    for (arguments, said) in [
        (&["cpoy", "a", "b"][..], "copy"),
        (
            &["copy", "a.example/x", "b.example/x", "--dry-rnu"],
            "--dry-run",
        ),
        (
            &["login", "r.example", "-u", "me", "--password", "x"],
            "--password-stdin",
        ),
        (&["tags", "r.example/x", "--format", "jsn"], "json"),
        (
            &["copy", "a.example/x", "b.example/x", "--max-wait", "soon"],
            "is not a length of time",
        ),
        (
            &["copy", "a.example/x", "b.example/x", "--platform", "linux"],
            "is not a platform",
        ),
        (&["copy", "a.example/x", "b.example/x", "--jobs", "0"], "0"),
    ] {
        let run = tool.run(arguments).await;
        expect(&run, 2);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}

#[tokio::test]
async fn help_and_version_are_results() {
    let tool = transship();
    for arguments in [&["--help"][..], &["copy", "--help"], &["--version"]] {
        let run = tool.run(arguments).await;
        expect(&run, 0);
        assert!(run.stderr.is_empty() && !run.stdout.is_empty());
    }
    let run = tool.run(["--help"]).await;
    assert!(run.stdout.contains("Exit codes: 0 done"), "{}", run.stdout);
}

#[tokio::test]
async fn completions_are_written_for_every_shell() {
    let tool = transship();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = tool.run(["completions", shell]).await;
        expect(&run, 0);
        assert!(run.stdout.contains("quickstart"), "{shell}");
    }
}

#[tokio::test]
async fn settings_that_are_wrong_are_named_with_their_place() {
    let home = Home::new();
    home.write("settings.yaml", "jobs: 3\nmax-wiat: 5m\n");
    let run = at_home(&home)
        .run(["tags", "r.example/x", "--config", "settings.yaml"])
        .await;
    expect(&run, 2);
    assert_eq!(
        run.stderr,
        "error: settings.yaml:2:1: unknown key \"max-wiat\"\n  hint: did you mean \"max-wait\"?\n"
    );
    let run = at_home(&home)
        .env("TRANSSHIP__JOBZ", "3")
        .run(["tags", "r.example/x"])
        .await;
    expect(&run, 2);
    assert!(
        run.stderr.starts_with("error: TRANSSHIP__JOBZ:"),
        "{}",
        run.stderr
    );
    let run = at_home(&home)
        .run(["tags", "r.example/x", "--config", "none.yaml"])
        .await;
    expect(&run, 2);
    assert!(
        run.stderr.contains("none.yaml: there is no such file"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn targets_that_make_no_sense_are_refused_before_any_request() {
    let tool = transship();
    let digest = format!("b.example/x@sha256:{}", "0".repeat(64));
    for (target, said) in [
        (&*digest, "names a digest"),
        ("b.example/UPPER", "is not a repository name"),
        ("oci:folder", "oci"),
    ] {
        let run = tool.run(["copy", "a.example/x:1", target]).await;
        assert!(run.code() != 0, "{target}");
        assert!(run.stderr.contains(said), "{target}: {}", run.stderr);
    }
    let twice = tool
        .run([
            "copy",
            "a.example/x:1",
            "b.example/x",
            "--also",
            "b.example/x:1",
        ])
        .await;
    expect(&twice, 2);
    assert!(
        twice
            .stderr
            .contains("b.example/x:1 is given as a target twice"),
        "{}",
        twice.stderr
    );
}
