use transship_oci::Reference;

use super::{Match, NameSpec};

fn accepts(spec: &NameSpec, asked: &str, signed: &str) -> Result<(), String> {
    let asked: Reference = asked.parse().unwrap();
    spec.accepts(Some(&asked), signed)
}

fn remap(then: Match) -> NameSpec {
    NameSpec::Remap {
        prefix: "mirror.example/vendor".to_owned(),
        signed_prefix: "vendor.example".to_owned(),
        then,
    }
}

#[test]
fn a_remapped_name_may_be_held_against_the_repository_only() {
    // cosign signs the bare repository: no rule of policy.json for mirrors takes that.
    let asked = "mirror.example/vendor/app:1";
    let signed = "vendor.example/app";
    assert_eq!(accepts(&remap(Match::Repository), asked, signed), Ok(()));
    assert_eq!(
        accepts(&remap(Match::DigestOrExact), asked, signed),
        Err(
            "it was signed as vendor.example/app, and wanted is the reference that is asked for, or its repository for a \
             digest, with vendor.example for mirror.example/vendor"
                .to_owned()
        )
    );
    assert!(accepts(&remap(Match::Repository), asked, "vendor.example/other").is_err());
}

#[test]
fn without_a_name_nothing_is_compared() {
    let exact = NameSpec::Match(Match::Repository);
    assert_eq!(
        exact.accepts(None, "vendor.example/app"),
        Err("the artifact is asked for by no name that could be compared".to_owned())
    );
    let fixed = NameSpec::Repository("vendor.example/app".parse().unwrap());
    assert_eq!(fixed.accepts(None, "vendor.example/app:1"), Ok(()));
}

#[test]
fn a_signed_name_is_a_reference_and_nothing_else() {
    let rule = NameSpec::Match(Match::Repository);
    for signed in [
        "",
        "docker://app",
        " app",
        "app ",
        "APP",
        "reg.example/app@sha256:1",
    ] {
        let why = accepts(&rule, "app:1", signed).unwrap_err();
        assert_eq!(why, format!("{signed:?} is no reference"));
    }
    let long = "x".repeat(1000);
    assert!(accepts(&rule, "app:1", &long).unwrap_err().len() < 200);
}
