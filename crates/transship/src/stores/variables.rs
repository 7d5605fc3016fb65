//! Credentials and endpoints of stores, in the words of the clouds' own tools.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;
use transship_archive::store::Address;
use transship_oci::Result;

use crate::{
    app::App,
    settings::{Settings, StoreEntry, secret},
};

/// What the settings say of an address: of the entries that it begins with, the longest.
pub(super) fn entry<'a>(settings: &'a Settings, address: &Address) -> Option<&'a StoreEntry> {
    let shown = address.to_string();
    let fits = |prefix: &str| {
        let prefix = prefix.trim_end_matches('/');
        shown
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let fitting = settings
        .stores
        .iter()
        .flatten()
        .filter(|(prefix, _)| fits(prefix));
    let longest = fitting.max_by_key(|(prefix, _)| prefix.len());
    longest.map(|(_, entry)| entry)
}

/// The variables of the process, with what the entry says over them. Who names a credential means that one: others of the
/// same cloud are taken away.
///
/// # Errors
/// `Invalid` when a file or variable that is to hold a secret is not there.
pub(super) fn of(app: &App, entry: Option<&StoreEntry>) -> Result<BTreeMap<String, String>> {
    let mut variables = app.environment.to_map();
    // What `az` calls it.
    if let Some(key) = app.environment.get("AZURE_STORAGE_KEY") {
        let known = variables.entry(ACCOUNT_KEY.to_owned());
        known.or_insert_with(|| key.to_owned());
    }
    let Some(entry) = entry else {
        return Ok(variables);
    };
    let said = said(app, entry)?;
    if said.iter().any(|(name, _)| CREDENTIALS.contains(name)) {
        variables.retain(|name, _| !CREDENTIALS.contains(&name.as_str()));
    }
    let said = said.into_iter();
    variables.extend(said.map(|(name, value)| (name.to_owned(), value)));
    Ok(variables)
}

/// What the libraries call the key of a storage account.
const ACCOUNT_KEY: &str = "AZURE_STORAGE_ACCOUNT_KEY";

/// Every variable that holds a credential or chooses one.
const CREDENTIALS: [&str; 14] = [
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_SAS_KEY",
    ACCOUNT_KEY,
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

/// An entry in the words of the clouds' tools.
fn said(app: &App, entry: &StoreEntry) -> Result<Vec<(&'static str, String)>> {
    let secret = |what, file: &Option<std::path::PathBuf>, variable: &Option<String>| {
        secret(&app.environment, what, file.as_deref(), variable.as_deref())
            .map(|secret| secret.map(|secret| secret.expose_secret().to_owned()))
    };
    let sas = secret("a SAS", &entry.sas_file, &entry.sas_env)?;
    let key = secret(
        "the account's key",
        &entry.account_key_file,
        &entry.account_key_env,
    )?;
    let client = secret(
        "the client's secret",
        &entry.client_secret_file,
        &entry.client_secret_env,
    )?;
    let aws = secret(
        "the access key's secret",
        &entry.secret_access_key_file,
        &entry.secret_access_key_env,
    )?;
    let account = entry.service_account_file.as_ref();
    let account = account.map(|path| path.display().to_string());
    let pairs = [
        ("AZURE_STORAGE_SAS_TOKEN", sas),
        (ACCOUNT_KEY, key),
        ("AZURE_CLIENT_ID", entry.client_id.clone()),
        ("AZURE_TENANT_ID", entry.tenant_id.clone()),
        ("AZURE_CLIENT_SECRET", client),
        ("AWS_REGION", entry.region.clone()),
        ("AWS_ACCESS_KEY_ID", entry.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", aws),
        ("GOOGLE_APPLICATION_CREDENTIALS", account),
        ("AZURE_STORAGE_ENDPOINT", entry.endpoint.clone()),
        ("AWS_ENDPOINT_URL_S3", entry.endpoint.clone()),
        ("STORAGE_EMULATOR_HOST", entry.endpoint.clone()),
    ];
    let pairs = pairs.into_iter();
    Ok(pairs
        .filter_map(|(name, value)| Some((name, value?)))
        .collect())
}
