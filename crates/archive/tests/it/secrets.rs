//! What is secret is in no debugging output of a store.

use transship_archive::store::{Address, CloudSettings, Environment};

/// The text, and its bytes as a list of numbers.
fn shows(debug: &str, secret: &str) -> bool {
    let numbers = format!("{:?}", secret.as_bytes());
    debug.contains(secret) || debug.contains(numbers.trim_matches(['[', ']']))
}

#[test]
fn a_store_shows_none_of_its_credentials() {
    let account_key = "c2VjcmV0LWtleQ==";
    let environments = [
        (
            "az://account1/transfer/k",
            vec![("AZURE_STORAGE_KEY", account_key)],
            "secret-key",
        ),
        (
            "az://account1/transfer/k",
            vec![("AZURE_STORAGE_TOKEN", "secret-token")],
            "secret-token",
        ),
        (
            "az://account1/transfer/k",
            vec![("AZURE_STORAGE_SAS_TOKEN", "sp=r&sig=secret-sig")],
            "secret-sig",
        ),
        (
            "s3://transfer/k",
            vec![
                ("AWS_ACCESS_KEY_ID", "AKIA"),
                ("AWS_SECRET_ACCESS_KEY", "secret-access"),
                ("AWS_SESSION_TOKEN", "secret-session"),
            ],
            "secret",
        ),
    ];
    for (address, environment, secret) in environments {
        let settings = CloudSettings::new(Environment::from_iter(environment));
        let address: Address = address.parse().unwrap();
        let store = address.open(&settings).unwrap();
        for debug in [format!("{store:?}"), format!("{settings:?} {address:?}")] {
            assert!(!shows(&debug, secret), "{debug}");
        }
    }
}
