//! What is found out about a store beforehand, and that it leaves nothing behind.

use futures::TryStreamExt as _;
use transship_archive::store::{
    Address, CloudSettings, Environment, Stat, Store as _,
    preflight::{Preflight, Purpose, Refusal, State, Topic},
};
use transship_testkit::{
    fault::{Answer, FaultRegistry, When, proxy},
    peers::{AzureSas, Azurite, Moto},
};

use crate::azure::{azurite, settings, signed};

async fn look(address: &str, settings: &CloudSettings, purpose: Purpose) -> Preflight {
    let address: Address = address.parse().unwrap();
    address.preflight(settings, purpose).await.unwrap()
}

async fn look_at(azurite: &Azurite, sas: &str, purpose: Purpose) -> Preflight {
    let address = format!("{}transfer/app.oci.tar?{sas}", azurite.endpoint());
    look(&address, &settings(azurite, []), purpose).await
}

fn state(report: &Preflight, topic: Topic) -> State {
    let check = report.checks.iter().find(|check| check.topic == topic);
    check
        .unwrap_or_else(|| panic!("no {topic:?} in {report:?}"))
        .state
}

#[tokio::test]
async fn the_letters_that_are_asked_for_are_enough_and_nothing_is_left_behind() {
    let Some(azurite) = azurite().await else {
        return;
    };
    for (letters, purpose, topics) in [
        (
            "alrw",
            Purpose::Export,
            [Topic::List, Topic::Read, Topic::Write],
        ),
        (
            "dlr",
            Purpose::Import,
            [Topic::List, Topic::Read, Topic::Delete],
        ),
    ] {
        let sas = AzureSas::new(letters).protocols("https").sign("transfer");
        let report = look_at(&azurite, &sas, purpose).await;
        assert_eq!(report.verdict(), State::Good, "{report:#?}");
        for topic in topics {
            assert_eq!(state(&report, topic), State::Good);
        }
    }
    let store = signed(&azurite, &azurite.sas("transfer", "l"));
    assert_eq!(store.list("").try_collect::<Vec<Stat>>().await.unwrap(), []);
}

#[tokio::test]
async fn each_letter_that_is_missing_is_found_offline_and_by_trying() {
    let Some(azurite) = azurite().await else {
        return;
    };
    for (letters, purpose, topic, found) in [
        ("alr", Purpose::Export, Topic::Write, State::Bad),
        ("arw", Purpose::Export, Topic::List, State::Doubtful),
        ("alw", Purpose::Export, Topic::Read, State::Doubtful),
        ("dl", Purpose::Import, Topic::Read, State::Bad),
        ("dr", Purpose::Import, Topic::List, State::Bad),
        ("lr", Purpose::Import, Topic::Delete, State::Doubtful),
    ] {
        let report = look_at(&azurite, &azurite.sas("transfer", letters), purpose).await;
        let check = report
            .checks
            .iter()
            .find(|check| check.topic == topic)
            .unwrap();
        assert_eq!(check.state, found, "{letters}: {report:#?}");
        assert_eq!(check.refusal, Some(Refusal::Permission), "{letters}");
        assert_ne!(state(&report, Topic::Permissions), State::Good, "{letters}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_sas_is_said() {
    let Some(azurite) = azurite().await else {
        return;
    };
    azurite.create("other").await;
    let account = AzureSas::new("rl").of_account("o").sign("");
    let report = look_at(&azurite, &account, Purpose::Import).await;
    assert_eq!(state(&report, Topic::Scope), State::Doubtful);
    let list = report
        .checks
        .iter()
        .find(|check| check.topic == Topic::List)
        .unwrap();
    assert_eq!(list.refusal, Some(Refusal::ResourceType), "{report:#?}");
    let ended = AzureSas::new("rl")
        .expires("2020-01-01T00:00:00Z")
        .sign("transfer");
    let report = look_at(&azurite, &ended, Purpose::Import).await;
    assert_eq!(state(&report, Topic::Lifetime), State::Bad);
    let other = azurite.sas("other", "rld");
    let report = look_at(&azurite, &other, Purpose::Import).await;
    assert_eq!(state(&report, Topic::Permissions), State::Good);
    assert_eq!(report.verdict(), State::Bad);
    let text = serde_json::to_string(&report).unwrap();
    let signature = other.split("sig=").nth(1).unwrap();
    assert!(!text.contains(signature), "{text}");
}

#[tokio::test]
async fn refusals_of_the_real_service_are_told_apart() {
    let Some(azurite) = Azurite::plain().await else {
        return;
    };
    azurite.create("transfer").await;
    for (code, refusal) in [
        ("AuthenticationFailed", Refusal::NotBelieved),
        ("AuthorizationFailure", Refusal::Network),
        ("AuthorizationServiceMismatch", Refusal::Service),
        ("AuthorizationProtocolMismatch", Refusal::Protocol),
        ("AuthorizationSourceIPMismatch", Refusal::SourceAddress),
        ("KeyBasedAuthenticationNotPermitted", Refusal::KeysForbidden),
        ("AccountIsDisabled", Refusal::AccountDisabled),
    ] {
        let answer = Answer::new(403)
            .header("x-ms-error-code", code)
            .header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let server = FaultRegistry::start(
            proxy(azurite.host()),
            vec![When::any().first(1).answer(answer)],
        )
        .await;
        let (account, sas) = (azurite.account(), azurite.sas("transfer", "rld"));
        let address = format!("http://{}/{account}/transfer?{sas}", server.host());
        let report = look(
            &address,
            &CloudSettings::new(Environment::default()),
            Purpose::Import,
        )
        .await;
        let list = report
            .checks
            .iter()
            .find(|check| check.topic == Topic::List)
            .unwrap();
        assert_eq!(
            (list.state, list.refusal),
            (State::Bad, Some(refusal)),
            "{code}"
        );
        assert!(list.hint.is_some(), "{code}");
        assert_eq!(state(&report, Topic::Clock), State::Bad);
        assert_eq!(state(&report, Topic::Read), State::Good);
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_is_said() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = closed.local_addr().unwrap();
    drop(closed);
    let mut settings = CloudSettings::new(Environment::default());
    settings.patience.attempts = 1;
    let report = look(
        &format!("http://{host}/account1/transfer?sp=r&sig=x"),
        &settings,
        Purpose::Import,
    )
    .await;
    assert_eq!(state(&report, Topic::Reach), State::Bad);
}

#[tokio::test]
async fn a_bucket_is_looked_at_and_left_as_it_was() {
    let Some(moto) = Moto::start("transfer").await else {
        return;
    };
    let settings = CloudSettings::new(Environment::from_iter(moto.environment()));
    let report = look("s3://transfer/app.oci.tar", &settings, Purpose::Export).await;
    assert_eq!(report.verdict(), State::Good, "{report:#?}");
    let report = look("s3://transfer/app.oci.tar", &settings, Purpose::Import).await;
    assert_eq!(report.verdict(), State::Unknown, "{report:#?}");
    let absent = look("s3://elsewhere", &settings, Purpose::Import).await;
    let list = absent
        .checks
        .iter()
        .find(|check| check.topic == Topic::List)
        .unwrap();
    assert_eq!(list.refusal, Some(Refusal::NoContainer));
    let store = "s3://transfer"
        .parse::<Address>()
        .unwrap()
        .open(&settings)
        .unwrap();
    assert_eq!(store.list("").try_collect::<Vec<Stat>>().await.unwrap(), []);
}
