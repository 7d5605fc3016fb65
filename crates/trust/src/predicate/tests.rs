use proptest::prelude::*;
use serde_json::json;

use super::*;

fn condition(test: Test) -> Condition {
    Condition {
        pointer: "/a/0/b~1c".to_owned(),
        test,
    }
}

fn statement(value: &Value) -> Result<Statement, String> {
    Statement::parse(value.to_string().as_bytes())
}

#[test]
fn names_of_predicate_types_stand_for_uris() {
    assert_eq!(
        predicate_type("slsaprovenance1"),
        "https://slsa.dev/provenance/v1"
    );
    assert_eq!(predicate_type("cyclonedx"), "https://cyclonedx.org/bom");
    assert_eq!(
        predicate_type("https://example.com/x"),
        "https://example.com/x"
    );
}

#[test]
fn conditions_say_what_they_say() {
    let of = |value: Value| json!({"a": [{"b/c": value}]});
    let nothing = json!({"a": []});
    let table = [
        (Test::Equals(json!("x")), json!("x"), json!("y")),
        (Test::Equals(json!(1)), json!(1.0), json!("1")),
        (
            Test::Equals(json!([1, {"k": null}])),
            json!([1, {"k": null}]),
            json!([1]),
        ),
        (Test::In(vec![json!("x"), json!(2)]), json!(2), json!(3)),
        (Test::LessThan(2.0), json!(1), json!(2)),
        (Test::AtMost(2.0), json!(2), json!(2.5)),
        (Test::GreaterThan(2.0), json!(2.5), json!(2)),
        (Test::AtLeast(2.0), json!(2), json!("3")),
    ];
    for (test, good, bad) in table {
        let condition = condition(test);
        assert!(condition.holds(&of(good)), "{condition}");
        assert!(!condition.holds(&of(bad)), "{condition}");
        assert!(!condition.holds(&nothing), "{condition}");
    }
    assert!(condition(Test::Exists(true)).holds(&of(json!(null))));
    assert!(!condition(Test::Exists(true)).holds(&nothing));
    assert!(condition(Test::Exists(false)).holds(&nothing));
    assert!(!condition(Test::Exists(false)).holds(&of(json!(1))));
}

#[test]
fn large_numbers_are_compared_whole() {
    let condition = condition(Test::Equals(json!(9_007_199_254_740_993_u64)));
    let of = |value: u64| json!({"a": [{"b/c": value}]});
    assert!(condition.holds(&of(9_007_199_254_740_993)));
    assert!(!condition.holds(&of(9_007_199_254_740_992)));
}

#[test]
fn a_condition_reads_as_a_sentence() {
    let said = |test| condition(test).to_string();
    assert_eq!(said(Test::Equals(json!("x"))), "\"/a/0/b~1c\" equals \"x\"");
    assert_eq!(
        said(Test::In(vec![json!(1), json!(2)])),
        "\"/a/0/b~1c\" is one of [1,2]"
    );
    assert_eq!(said(Test::Exists(false)), "\"/a/0/b~1c\" does not exist");
    assert_eq!(said(Test::AtLeast(7.5)), "\"/a/0/b~1c\" is at least 7.5");
}

#[test]
fn conditions_are_written_as_people_write_them() {
    let read = |json: &Value| serde_json::from_value::<Condition>(json.clone());
    for (written, test) in [
        (json!({"pointer": "/a", "atLeast": 3.0}), Test::AtLeast(3.0)),
        (json!({"pointer": "", "exists": true}), Test::Exists(true)),
        (
            json!({"pointer": "/a", "in": [1, "x"]}),
            Test::In(vec![json!(1), json!("x")]),
        ),
        (
            json!({"pointer": "/a", "equals": null}),
            Test::Equals(Value::Null),
        ),
    ] {
        let condition = read(&written).unwrap();
        assert_eq!(condition.test, test);
        assert_eq!(serde_json::to_value(condition).unwrap(), written);
    }
    let refused = |json: Value| read(&json).unwrap_err().to_string();
    assert_eq!(
        refused(json!({"pointer": "a", "exists": true})),
        "\"a\" is no JSON pointer; it starts with /"
    );
    assert_eq!(
        refused(json!({"pointer": "/a"})),
        "the condition on \"/a\" has no test"
    );
    assert_eq!(
        refused(json!({"pointer": "/a", "equals": 1, "exists": true})),
        "the condition on \"/a\" has several tests; write a condition for each"
    );
    assert!(refused(json!({"pointer": "/a", "equal": 1})).starts_with("unknown field `equal`"));
}

#[test]
fn statements_of_both_versions_are_read() {
    for version in ["v0.1", "v1"] {
        let read = statement(&json!({
            "_type": format!("https://in-toto.io/Statement/{version}"),
            "subject": [{"name": "a", "digest": {"sha256": "00", "sha512": "11"}}],
            "predicateType": "https://example.com/x",
        }));
        assert_eq!(read.unwrap().predicate, Value::Null);
    }
}

#[test]
fn what_is_no_statement_is_refused_with_the_reason() {
    let whole = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "00"}}],
        "predicateType": "x", "predicate": {},
    });
    let with = |field: &str, value: Value| {
        let mut whole = whole.clone();
        whole[field] = value;
        statement(&whole).unwrap_err()
    };
    assert!(statement(&whole).is_ok());
    assert_eq!(with("subject", json!([])), "the statement names no subject");
    assert_eq!(
        with("_type", json!("https://example.com/")),
        "the payload is no in-toto statement: its _type is another"
    );
    assert!(with("predicateType", json!(1)).starts_with("the payload is no in-toto statement: "));
    // Two readers must not see two subjects.
    let twice = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{}}],"subject":[],"predicateType":"x"}"#;
    assert!(
        Statement::parse(twice)
            .unwrap_err()
            .contains("duplicate field")
    );
}

#[test]
fn a_subject_is_found_by_its_own_algorithm() {
    let digest = Digest::sha256(b"x");
    let of = |algorithm: &str| {
        statement(&json!({
            "_type": "https://in-toto.io/Statement/v1", "predicateType": "x",
            "subject": [{"digest": {"sha256": "00"}}, {"digest": {algorithm: digest.hex()}}],
        }))
        .unwrap()
    };
    assert_eq!(of("sha256").about(&digest), Some(&of("sha256").subject[1]));
    assert_eq!(of("sha512").about(&digest), None);
    assert_eq!(of("SHA256").about(&digest), None);
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Statement::parse(&payload);
    }

    #[test]
    fn no_pointer_makes_it_panic(pointer in ".{0,20}", number in any::<f64>()) {
        let predicate = json!({"a": [1, {"": 2}]});
        for test in [Test::LessThan(number), Test::AtLeast(number), Test::Exists(true), Test::Equals(json!(1))] {
            let _ = Condition { pointer: pointer.clone(), test }.holds(&predicate);
        }
    }
}
