use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use transship_oci::Reference;

use super::{Cli, Command, Format, Span, Storage, TagTarget};

#[test]
fn the_table_of_arguments_is_sound() {
    let mut table = Cli::command();
    table.build();
    table.clone().debug_assert();
    // An option of one command must not have the name of one that all commands know. The one exception is meant: what signs
    // has values of its own for --format, of the same type (see `what_signs_has_values_of_its_own_for_format`).
    let meant =
        |command: &str, name: &str| matches!((command, name), ("sign" | "attest", "format"));
    let common: Vec<String> = table
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.get_id().to_string())
        .collect();
    assert!(common.contains(&"config".to_owned()));
    for command in Cli::command().get_subcommands() {
        for argument in command.get_arguments() {
            let name = argument.get_id().to_string();
            let meant = meant(command.get_name(), &name);
            assert!(
                meant || !common.contains(&name),
                "{}: {name}",
                command.get_name()
            );
        }
    }
}

#[test]
fn what_signs_has_values_of_its_own_for_format() {
    let parse = |words: &[&str]| Cli::try_parse_from([&["transship"], words].concat());
    for (words, output, storage) in [
        (&["sign", "r.example/a"][..], Format::Text, Storage::Bundle),
        (
            &["sign", "r.example/a", "--format=cosign"],
            Format::Text,
            Storage::Cosign,
        ),
        (
            &["sign", "r.example/a", "--format=json,cosign"],
            Format::Json,
            Storage::Cosign,
        ),
        (
            &["sign", "r.example/a", "--format=json"],
            Format::Json,
            Storage::Bundle,
        ),
        (
            &["--format=json", "sign", "r.example/a"],
            Format::Json,
            Storage::Bundle,
        ),
    ] {
        let cli = parse(&[words, &["--key=k"]].concat()).unwrap();
        let Command::Sign(sign) = cli.command else {
            panic!("{words:?}")
        };
        assert_eq!(
            (cli.global.format.output, sign.storage()),
            (output, storage),
            "{words:?}"
        );
    }
    let said = parse(&["sign", "r.example/a", "--key=k", "--format=yaml"]).unwrap_err();
    assert!(
        said.to_string()
            .contains("none of bundle, cosign, text and json"),
        "{said}"
    );
    // Nobody else has them.
    assert!(parse(&["tags", "r.example/a", "--format=cosign"]).is_err());
}

#[test]
fn spans_are_read_and_shown() {
    for (text, seconds, shown) in [
        ("90s", 90, "1m30s"),
        ("10m", 600, "10m"),
        ("1h30m", 5400, "1h30m"),
        ("7d", 604_800, "7d"),
        ("2w", 1_209_600, "14d"),
        ("0s", 0, "0s"),
    ] {
        let span: Span = text.parse().unwrap();
        assert_eq!(span.0, Duration::from_secs(seconds), "{text}");
        assert_eq!(span.to_string(), shown);
    }
    for bad in [
        "",
        "7",
        "d",
        "-1d",
        "1.5h",
        "7 d",
        "7y",
        "99999999999999999999s",
        "9999999999999999999w",
    ] {
        let error = bad.parse::<Span>().unwrap_err().to_string();
        assert!(error.contains("is not a length of time"), "{bad}: {error}");
    }
}

#[test]
fn targets_take_what_they_leave_out_from_the_source() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let tagged = "docker.io/acme/app:1.4".to_owned();
    let pinned = format!("docker.io/acme/app:1.4@{digest}");
    let by_digest = format!("docker.io/acme/app@{digest}");
    for (source, target, repository, tag) in [
        (&tagged, "r.example/x", "r.example/x", Some("1.4")),
        (&tagged, "r.example/x:2", "r.example/x", Some("2")),
        (&tagged, "r.example/", "r.example/app", Some("1.4")),
        (
            &tagged,
            "docker://r.example/team/",
            "r.example/team/app",
            Some("1.4"),
        ),
        (&pinned, "r.example/x", "r.example/x", Some("1.4")),
        (&by_digest, "r.example/x", "r.example/x", None),
        (&by_digest, "r.example/x:kept", "r.example/x", Some("kept")),
    ] {
        let source: Reference = source.parse().unwrap();
        let target: TagTarget = target.parse().unwrap();
        let (found, found_tag) = target.fill(&source).unwrap();
        assert_eq!(found.to_string(), repository);
        assert_eq!(found_tag.map(|tag| tag.to_string()).as_deref(), tag);
    }
    let error = by_digest.parse::<TagTarget>().unwrap_err();
    assert!(error.contains("names a digest"), "{error}");
}
