use super::super::PolicyFile;

const OLD: &str = "\
# The platform team owns this file.

version: 1
signers:
  acme: {key: acme.pub, tlog: ignore} # in the vault
default:
  refuse: nobody vouches for it
rules:
  # tools come last by habit
  - scope: b.example/tools
    signed-by: acme
  # the base
  - scope: [a.example/base, a.example/os]
    # until they sign
    unsigned: allow
    reason: they do not sign yet
denied:
  # the break-in of May
  - digest: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    reason: it was withdrawn
";

#[test]
fn rules_stay_where_they_are_with_their_comments() {
    let mut policy = PolicyFile::parse(OLD, "old").unwrap();
    policy.rules.reverse();
    assert_eq!(policy.rewrite(OLD, "policy.yaml").unwrap(), OLD);

    policy.rules[0].unsigned = None;
    policy.rules[0].reason = None;
    policy.rules[0].signed_by = policy.rules[1].signed_by.clone();
    let mut new = policy.rules[1].clone();
    new.scope = Some("c.example".into());
    policy.rules.insert(0, new);
    policy.denied[0].reason = "it was stolen".to_owned();
    let written = policy.rewrite(OLD, "policy.yaml").unwrap();
    let expected = OLD
        .replace(
            "    # until they sign\n    unsigned: allow\n    reason: they do not sign yet\n",
            "    signed-by: acme\n  - scope: c.example\n    signed-by: acme\n",
        )
        .replace("it was withdrawn", "it was stolen");
    assert_eq!(written, expected);
}

#[test]
fn what_cannot_be_taken_apart_is_refused_with_its_place() {
    let policy = PolicyFile::parse(OLD, "old").unwrap();
    let old = "version: 1\ndefault: &all {refuse: a}\n";
    let error = policy.rewrite(old, "policy.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "policy.yaml: line 2 has an anchor, and with that its comments cannot be kept"
    );
    let error = policy.rewrite("version: 1\n", "policy.yaml").unwrap_err();
    assert_eq!(error.message(), "key \"default\" is missing");
}
