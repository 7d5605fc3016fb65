//! Azure, as Azurite plays it: over https, with SAS of every kind.

mod identity;
mod permissions;
mod resume;

use transship_archive::store::{Address, AzureStore, CloudSettings, Environment};
use transship_testkit::peers::Azurite;

use crate::contract::{self, Traits};

pub(crate) const CONTAINER: &str = "transfer";

/// A running Azurite with an empty container.
pub(crate) async fn azurite() -> Option<Azurite> {
    let azurite = Azurite::start().await?;
    azurite.create(CONTAINER).await;
    Some(azurite)
}

pub(crate) fn settings<const N: usize>(
    azurite: &Azurite,
    environment: [(&str, String); N],
) -> CloudSettings {
    let mut settings = CloudSettings::new(Environment::from_iter(environment));
    settings.authorities.push(azurite.certificate().to_owned());
    settings
}

/// The container by a URL with this behind it.
pub(crate) fn signed(azurite: &Azurite, sas: &str) -> AzureStore {
    let address = format!("{}{CONTAINER}?{sas}", azurite.endpoint());
    open(&address, &settings(azurite, []))
}

pub(crate) fn open(address: &str, settings: &CloudSettings) -> AzureStore {
    match address.parse() {
        Ok(Address::Azure(address)) => AzureStore::open(&address, settings).expect("a store"),
        other => panic!("{other:?} is no address of Azure"),
    }
}

const TRAITS: Traits = Traits {
    md5: true,
    metadata: true,
    times: true,
    held: true,
    sessions: true,
};

#[tokio::test]
async fn the_contract_is_kept_with_a_sas() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let store = signed(&azurite, &azurite.sas(CONTAINER, "racwdl"));
    contract::check(&store, TRAITS).await;
}

#[tokio::test]
async fn the_contract_is_kept_with_the_accounts_key() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let environment = [
        ("AZURE_STORAGE_KEY", Azurite::key()),
        ("AZURE_STORAGE_ENDPOINT", azurite.endpoint()),
    ];
    let address = format!("az://{}/{CONTAINER}", azurite.account());
    contract::check(&open(&address, &settings(&azurite, environment)), TRAITS).await;
}

#[tokio::test]
async fn the_contract_is_kept_with_a_token() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let address = format!("{}{CONTAINER}", azurite.endpoint());
    let settings = settings(&azurite, [("AZURE_STORAGE_TOKEN", Azurite::token())]);
    contract::check(&open(&address, &settings), TRAITS).await;
}
