use std::path::PathBuf;

use transship_oci::ErrorKind;

use super::{Settings, env, file};
use crate::environment::Environment;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_file_sets_what_it_says() {
    let text = "
max-wait: 5m
plain-http: [mirror.local:5000]
hosts:
  registry.corp.example:
    ca-file: /etc/corp.pem
";
    let settings = file::parse(text, "s.yaml").unwrap();
    assert_eq!(settings.max_wait.unwrap().to_string(), "5m");
    assert_eq!(settings.plain_http.unwrap(), ["mirror.local:5000"]);
    let host = &settings.hosts.unwrap()["registry.corp.example"];
    assert_eq!(host.ca_file, Some(PathBuf::from("/etc/corp.pem")));
    assert_eq!(settings.jobs, None);
    assert_eq!(
        file::parse("# nothing\n", "s.yaml").unwrap(),
        Settings::default()
    );
}

#[test]
fn a_slip_is_named_with_its_place_and_the_right_word() {
    let error = file::parse("jobs: 3\nmax-wiat: 5m\n", "s.yaml").unwrap_err();
    assert_eq!(error.to_string(), "s.yaml:2:1: unknown key \"max-wiat\"");
    assert_eq!(error.hint(), Some("did you mean \"max-wait\"?"));
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn a_value_that_does_not_fit_is_named_with_its_place() {
    let error = file::parse("max-wait: soon\n", "s.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "s.yaml:1:11: \"soon\" is not a length of time; write a number and s, m, h, d or w, such as 90s, 1h30m or 7d"
    );
}

#[test]
fn the_environment_speaks_the_same_keys() {
    let settings = env::read(&environment(&[
        ("TRANSSHIP__MAX_WAIT", "90s"),
        ("TRANSSHIP__JOBS", "4"),
        ("TRANSSHIP__PLAIN_HTTP", "a:5000, b:5000"),
        ("TRANSSHIP__HOSTS__REGISTRY.EXAMPLE__CA_FILE", "/ca.pem"),
        ("TRANSSHIP_LOG", "debug"),
        ("HOME", "/nobody"),
    ]))
    .unwrap();
    assert_eq!(settings.max_wait.unwrap().to_string(), "1m30s");
    assert_eq!(settings.jobs, Some(4));
    assert_eq!(settings.plain_http.unwrap(), ["a:5000", "b:5000"]);
    assert!(
        settings.hosts.unwrap()["registry.example"]
            .ca_file
            .is_some()
    );

    let error = env::read(&environment(&[("TRANSSHIP__JOBZ", "4")])).unwrap_err();
    assert!(error.to_string().starts_with("TRANSSHIP__JOBZ:"), "{error}");
    assert_eq!(error.hint(), Some("did you mean \"jobs\"?"));
}

#[test]
fn the_later_goes_over_the_earlier() {
    let below = file::parse(
        "jobs: 3\nconnections: 9\nhosts: {a.example: {}, b.example: {}}\n",
        "s",
    )
    .unwrap();
    let above = file::parse("jobs: 5\nhosts: {b.example: {ca-file: /b}}\n", "s").unwrap();
    let both = below.under(above);
    assert_eq!((both.jobs, both.connections), (Some(5), Some(9)));
    let hosts = both.hosts.unwrap();
    assert_eq!(hosts.len(), 2);
    assert!(hosts["b.example"].ca_file.is_some());
}
