//! Nothing secret is shown, whatever goes wrong.

use std::sync::Arc;

use transship_oci::{Name, Source as _};
use transship_registry_client::{
    Client, Context, Environment, Proxies,
    credentials::{Credential, MemoryCredentials, of_machine},
};

use super::fake::{Fake, json, status, with};

const SECRETS: [&str; 4] = ["pl4nted", "dXNlcjpwbDRudGVk", "t0ken", "s1gned"];

fn check(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} shows in {text}");
    }
}

#[tokio::test]
async fn errors_and_debug_texts_are_clean() {
    let storage = Fake::start(|_| status(403)).await;
    let place = format!("http://user:pl4nted@{}/x?sig=s1gned", storage.host());
    let fake = Fake::start(
        move |seen| match (seen.path.as_str(), &seen.authorization) {
            ("/token", _) => json(200, r#"{"token":"t0ken"}"#),
            (_, None) => with(
                401,
                &[("www-authenticate", "Bearer realm=\"/token?key=s1gned\"")],
            ),
            ("/v2/app/manifests/moved", _) => with(307, &[("location", &place)]),
            ("/v2/app/manifests/loop", _) => {
                with(307, &[("location", "/v2/app/manifests/loop?sig=s1gned")])
            }
            _ => status(403),
        },
    )
    .await;
    let password = || Credential::Password {
        user: "user".to_owned(),
        password: "pl4nted".into(),
    };
    let credentials = MemoryCredentials::default().with(&fake.host(), password(), "the test");
    check(&format!("{credentials:?} {:?}", password()));
    let context = Context {
        credentials: Arc::new(credentials),
        max_attempts: 1,
        ..Context::default()
    };
    let client = Client::new(context).unwrap();
    let source = fake.source(&client, "app");
    for tag in ["1", "moved", "loop"] {
        let error = source
            .fetch(&Name::Tag(tag.parse().unwrap()))
            .await
            .unwrap_err();
        check(&format!("{error} {error:?} {:?}", error.hint()));
    }
    assert_eq!(
        storage.seen()[0].authorization,
        None,
        "user information in a redirect is no credential"
    );
    check(&format!("{client:?} {source:?}"));
}

#[test]
fn settings_are_clean() {
    let environment = Environment::from_iter([
        ("HTTPS_PROXY", "http://user:pl4nted@proxy.example:3128"),
        ("TRANSSHIP_REGISTRY_PASSWORD", "pl4nted"),
    ]);
    let proxies = Proxies::of_environment(&environment);
    check(&format!(
        "{environment:?} {proxies:?} {:?}",
        of_machine(&environment)
    ));
    let broken = Environment::from_iter([("HTTPS_PROXY", "http://user:pl4nted@[")]);
    let context = Context {
        proxies: Proxies::of_environment(&broken),
        ..Context::default()
    };
    let error = Client::new(context).unwrap_err();
    assert_eq!(error.message(), "the address of a proxy is not a URL");
    check(&format!("{error} {error:?}"));
}
