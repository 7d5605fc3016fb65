use super::*;

fn finding(outcome: Outcome, claim: Claim) -> Finding {
    Finding {
        subject: Digest::sha256(b"x"),
        manifest: None,
        blob: None,
        form: Form::Bundle,
        outcome,
        claim,
        detail: String::new(),
        signed_by: SignedBy::default(),
        proof: Proof::default(),
        predicate_type: None,
        signed_name: None,
    }
}

const ALL: [Outcome; 14] = [
    Outcome::Accepted,
    Outcome::None,
    Outcome::UntrustedSigner,
    Outcome::BadSignature,
    Outcome::SubjectMismatch,
    Outcome::WrongPredicateType,
    Outcome::Expired,
    Outcome::NoTrustedTime,
    Outcome::NoLogEntry,
    Outcome::LogEntry,
    Outcome::TrustRoot,
    Outcome::UnsupportedFormat,
    Outcome::TooLarge,
    Outcome::PolicyRefuses,
];

#[test]
fn names_are_the_same_everywhere() {
    for outcome in ALL {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
    }
}

#[test]
fn a_class_stops_a_run_with_its_own_kind() {
    let kinds =
        [Class::Good, Class::Bad, Class::Missing, Class::CannotCheck].map(Class::error_kind);
    assert_eq!(
        kinds,
        [
            None,
            Some(ErrorKind::PolicyRefused),
            Some(ErrorKind::SignatureMissing),
            Some(ErrorKind::CannotCheck)
        ]
    );
}

#[test]
fn nothing_rescues_an_alarm() {
    let good = finding(Outcome::Accepted, Claim::Asked);
    for outcome in ALL {
        for claim in [Claim::Asked, Claim::Another, Claim::Unknown] {
            let other = finding(outcome, claim);
            let verdicts = [conclude([&good, &other]), conclude([&other, &good])];
            let wanted = if other.is_alarm() {
                (Class::Bad, outcome)
            } else {
                (Class::Good, Outcome::Accepted)
            };
            assert_eq!(verdicts, [wanted, wanted], "{outcome:?} {claim:?}");
        }
    }
    assert!(finding(Outcome::LogEntry, Claim::Asked).is_alarm());
    assert!(!finding(Outcome::NoLogEntry, Claim::Asked).is_alarm());
}

#[test]
fn without_a_good_one_bad_goes_before_cannot_check_before_missing() {
    let bad = finding(Outcome::UntrustedSigner, Claim::Another);
    let cannot = finding(Outcome::TooLarge, Claim::Unknown);
    let missing = finding(Outcome::WrongPredicateType, Claim::Unknown);
    assert_eq!(
        conclude([&missing, &cannot, &bad]),
        (Class::Bad, Outcome::UntrustedSigner)
    );
    assert_eq!(
        conclude([&missing, &cannot]),
        (Class::CannotCheck, Outcome::TooLarge)
    );
    assert_eq!(
        conclude([&missing]),
        (Class::Missing, Outcome::WrongPredicateType)
    );
    assert_eq!(conclude([]), (Class::Missing, Outcome::None));
}

#[test]
fn of_equals_the_first_decides() {
    let one = finding(Outcome::PolicyRefuses, Claim::Asked);
    let two = finding(Outcome::Expired, Claim::Asked);
    assert_eq!(conclude([&one, &two]).1, Outcome::PolicyRefuses);
    assert_eq!(conclude([&two, &one]).1, Outcome::Expired);
}

#[test]
fn all_of_and_any_of_combine() {
    let all = [Class::Good, Class::Missing, Class::CannotCheck, Class::Bad];
    for (i, a) in all.into_iter().enumerate() {
        for (j, b) in all.into_iter().enumerate() {
            assert_eq!(a.and(b), all[i.max(j)]);
            let either = if i == 0 || j == 0 {
                Class::Good
            } else {
                all[i.max(j)]
            };
            assert_eq!(a.or(b), either);
        }
    }
}

#[test]
fn of_bad_ones_the_one_that_was_asked_for_gives_the_reason() {
    let asked = finding(Outcome::PolicyRefuses, Claim::Asked);
    let unknown = finding(Outcome::BadSignature, Claim::Unknown);
    let another = finding(Outcome::UntrustedSigner, Claim::Another);
    let reason = |findings: [&Finding; 3]| conclude(findings).1;
    assert_eq!(reason([&another, &unknown, &asked]), Outcome::PolicyRefuses);
    assert_eq!(conclude([&another, &unknown]).1, Outcome::BadSignature);
    assert_eq!(conclude([&unknown, &another]).1, Outcome::BadSignature);
}
