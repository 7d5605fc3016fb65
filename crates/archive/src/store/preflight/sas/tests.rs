use std::time::{Duration, SystemTime};

use super::{super::State, Check, Place, Purpose, Topic, check};
use crate::store::Sas;

fn found(sas: &str, purpose: Purpose, topic: Topic) -> Vec<(State, String)> {
    let sas: Sas = format!("{sas}&sig=x").parse().unwrap();
    let place = Place {
        purpose,
        key: "app.oci.tar",
        https: true,
    };
    // 2027-01-15T08:00:00Z
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
    let checks = check(sas.terms(), &place, now).into_iter();
    let ours = checks.filter(|check| check.topic == topic);
    ours.map(|Check { state, says, .. }| (state, says))
        .collect()
}

fn one(sas: &str, purpose: Purpose, topic: Topic) -> (State, String) {
    let mut found = found(sas, purpose, topic);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn letters_that_are_left_out_are_named() {
    for (letters, purpose, state, says) in [
        (
            "racwl",
            Purpose::Export,
            State::Good,
            "the SAS allows `racwl`; wanted is `alrw`",
        ),
        (
            "rl",
            Purpose::Export,
            State::Bad,
            "the SAS allows `rl`; of `alrw` it leaves out a (to add, which only Azure's own transfer asks for) and w (to write)",
        ),
        (
            "wr",
            Purpose::Export,
            State::Doubtful,
            "the SAS allows `wr`; of `alrw` it leaves out a (to add, which only Azure's own transfer asks for) and l (to list)",
        ),
        (
            "alrc",
            Purpose::Export,
            State::Doubtful,
            "the SAS allows `alrc`; of `alrw` it leaves out w (to write)",
        ),
        (
            "rld",
            Purpose::Import,
            State::Good,
            "the SAS allows `rld`; wanted is `dlr`",
        ),
        (
            "rl",
            Purpose::Import,
            State::Doubtful,
            "the SAS allows `rl`; of `dlr` it leaves out d (to delete what was imported)",
        ),
        (
            "dl",
            Purpose::Import,
            State::Bad,
            "the SAS allows `dl`; of `dlr` it leaves out r (to read)",
        ),
    ] {
        let found = one(&format!("sr=c&sp={letters}"), purpose, Topic::Permissions);
        assert_eq!(found, (state, says.to_owned()), "{letters}");
    }
    let (state, _) = one("sr=c&si=mine", Purpose::Export, Topic::Permissions);
    assert_eq!(state, State::Good);
}

#[test]
fn times_are_compared() {
    for (times, state) in [
        ("se=2028-01-01", State::Good),
        ("se=2027-01-15T12:00:00Z", State::Doubtful),
        ("se=2027-01-15T07:59:59Z", State::Bad),
        ("st=2027-01-15T08:00:01Z&se=2028-01-01", State::Bad),
        ("se=2028-01-01&ske=2027-01-01", State::Bad),
    ] {
        assert_eq!(
            one(times, Purpose::Export, Topic::Lifetime).0,
            state,
            "{times}"
        );
    }
}

#[test]
fn kinds_are_explained() {
    for (sas, states) in [
        ("sr=c", vec![State::Good]),
        ("sr=c&skoid=1", vec![State::Good]),
        ("sr=b", vec![State::Doubtful]),
        ("sr=d", vec![State::Bad]),
        ("ss=b&srt=sco", vec![State::Doubtful]),
        ("ss=b&srt=o", vec![State::Doubtful]),
        ("ss=b&srt=s", vec![State::Bad, State::Doubtful]),
        ("ss=q&srt=co", vec![State::Bad]),
    ] {
        let found: Vec<State> = found(sas, Purpose::Export, Topic::Scope)
            .into_iter()
            .map(|it| it.0)
            .collect();
        assert_eq!(found, states, "{sas}");
    }
}

#[test]
fn protocols_and_addresses_are_told() {
    assert_eq!(
        one("sr=c&spr=https", Purpose::Export, Topic::Protocol).0,
        State::Good
    );
    assert_eq!(
        one("sr=c&spr=https,http", Purpose::Export, Topic::Protocol).0,
        State::Doubtful
    );
    assert_eq!(
        one("sr=c&sip=10.0.0.1", Purpose::Export, Topic::Addresses).0,
        State::Doubtful
    );
    assert_eq!(found("sr=c", Purpose::Export, Topic::Addresses), []);
}
