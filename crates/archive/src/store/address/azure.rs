//! Addresses of blobs in Azure: the short form, and URLs with a SAS.

use std::fmt;

use percent_encoding::percent_decode_str;
use transship_oci::Error;
use url::{Host, Url};

use super::{invalid, key};
use crate::store::Sas;

const SHORT: &str = "write az://ACCOUNT/CONTAINER/KEY";
const LONG: &str = "write https://ACCOUNT.blob.core.windows.net/CONTAINER/KEY?SAS";

/// A container, and what is in it.
#[derive(Debug, Clone)]
pub struct AzureAddress {
    account: String,
    container: String,
    key: String,
    endpoint: Option<Url>,
    sas: Option<Sas>,
}

impl AzureAddress {
    /// The storage account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The container.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The blob; empty for the container itself.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the container's name comes after, where the address says so: `https://ACCOUNT.blob.core.windows.net/`.
    pub fn endpoint(&self) -> Option<&Url> {
        self.endpoint.as_ref()
    }

    /// The SAS that came with it.
    pub fn sas(&self) -> Option<&Sas> {
        self.sas.as_ref()
    }

    pub(super) fn with_key(&self, key: String) -> Self {
        Self {
            key,
            ..self.clone()
        }
    }
}

impl fmt::Display for AzureAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            container,
            key,
            ..
        } = self;
        match &self.endpoint {
            Some(endpoint) => write!(f, "{endpoint}{container}")?,
            None => write!(f, "az://{account}/{container}")?,
        }
        if key.is_empty() {
            return Ok(());
        }
        let shown = if self.endpoint.is_some() {
            key::encode(key)
        } else {
            key.clone()
        };
        write!(f, "/{shown}")
    }
}

/// What stands behind `az://`.
pub(super) fn from_short(rest: &str) -> Result<AzureAddress, Error> {
    let (path, sas) = match signed(rest) {
        Some((path, query)) => (path, Some(query.parse()?)),
        None => (rest, None),
    };
    let (account, path) = path.split_once('/').unwrap_or((path, ""));
    let (container, key) = path.split_once('/').unwrap_or((path, ""));
    Ok(AzureAddress {
        account: account_name(account).map_err(|error| error.hinting(SHORT))?,
        container: container_name(container).map_err(|error| error.hinting(SHORT))?,
        key: key::checked(key)?,
        endpoint: None,
        sas,
    })
}

/// What stands before and behind the question mark of a SAS. One may be part of a blob's name; with a signature behind it,
/// it is not, whatever follows: what was taken for a name would be shown.
fn signed(rest: &str) -> Option<(&str, &str)> {
    let first = rest.find('?')?;
    let signature = first + rest[first..].find("sig=")?;
    let (path, _) = rest[..signature].rsplit_once('?')?;
    Some((path, &rest[path.len() + 1..]))
}

/// A URL of a container or a blob.
pub(super) fn from_url(text: &str) -> Result<AzureAddress, Error> {
    let mut url = Url::parse(text).map_err(|cause| {
        invalid("the address is no URL")
            .because(cause)
            .hinting(LONG)
    })?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(
            invalid("the address of a blob has no user, no password and no fragment").hinting(LONG),
        );
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(invalid("the store would be spoken to in the clear").hinting("write https://"));
    }
    let query = url.query().unwrap_or_default();
    let sas = match query {
        "" => None,
        _ if query.contains("X-Amz-") || query.contains("X-Goog-") => {
            return Err(invalid("a signed URL of a single object is no store")
                .hinting("write s3://BUCKET/KEY or gs://BUCKET/KEY, and give a credential"));
        }
        query => Some(query.parse::<Sas>()?),
    };
    let (account, in_path) = account_of(&url, sas.is_some())?;
    let path = url.path().trim_start_matches('/').to_owned();
    let mut parts = path.splitn(if in_path { 3 } else { 2 }, '/');
    let account = match account {
        Some(account) => account,
        None => {
            account_name(parts.next().unwrap_or_default()).map_err(|error| error.hinting(LONG))?
        }
    };
    let container =
        container_name(parts.next().unwrap_or_default()).map_err(|error| error.hinting(LONG))?;
    let key = percent_decode_str(parts.next().unwrap_or_default())
        .decode_utf8()
        .map_err(|cause| invalid("the name of the blob is not UTF-8").because(cause))?;
    let key = key::checked(&key)?;
    url.set_query(None);
    url.set_path(&if in_path {
        format!("/{account}/")
    } else {
        "/".to_owned()
    });
    Ok(AzureAddress {
        account,
        container,
        key,
        endpoint: Some(url),
        sas,
    })
}

/// What the hosts of storage accounts end with: the public cloud, those of China and of the government of the United States.
const CLOUDS: [&str; 4] = [
    ".core.windows.net",
    ".storage.azure.net",
    ".core.chinacloudapi.cn",
    ".core.usgovcloudapi.net",
];

/// The account that the host's name says, and whether the path says it instead, as it does at emulators.
///
/// Without a signature a key or an identity of the environment will speak for us. That goes to Azure and to this machine;
/// any other host is somebody's typing, and whoever means it says so in the settings.
fn account_of(url: &Url, signed: bool) -> Result<(Option<String>, bool), Error> {
    let domain = url.domain().unwrap_or_default();
    let is_azure = CLOUDS.iter().any(|cloud| domain.ends_with(cloud));
    if !signed && !is_azure && !is_loopback(url) {
        return Err(invalid("the https address is not one of Azure, and has no SAS").hinting(
            "write az://, s3:// or gs://, and give the endpoint in the settings; or an https URL with a SAS",
        ));
    }
    let mut labels = domain.split('.');
    let (first, second, third) = (
        labels.next().unwrap_or_default(),
        labels.next(),
        labels.next(),
    );
    // ACCOUNT.blob.…, and for accounts with zones of their own ACCOUNT.z01.blob.….
    if second == Some("blob") || third == Some("blob") {
        return Ok((Some(account_name(first)?), false));
    }
    if second.is_none() || is_loopback(url) {
        return Ok((None, true));
    }
    // A name of one's own. The signature says for which account; the name of it is then asked for by nobody.
    Ok((Some(first.to_owned()), false))
}

/// Does `url` lead to this very machine?
pub(in crate::store) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|it| it.is_loopback())
        }
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// 3 to 24 lower-case letters and digits; a secondary endpoint has `-secondary` behind that.
fn account_name(name: &str) -> Result<String, Error> {
    let stem = name.strip_suffix("-secondary").unwrap_or(name);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if (3..=24).contains(&stem.len()) && stem.bytes().all(fits) {
        return Ok(name.to_owned());
    }
    Err(invalid(
        "the storage account of the address cannot be one: it has 3 to 24 lower-case letters and digits",
    ))
}

/// 3 to 63 lower-case letters, digits and single dashes, or one of the three special ones.
fn container_name(name: &str) -> Result<String, Error> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let regular = (3..=63).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    if regular || matches!(name, "$root" | "$web" | "$logs") {
        return Ok(name.to_owned());
    }
    if name.is_empty() {
        return Err(invalid("the address names no container"));
    }
    Err(invalid(
        "the container of the address cannot be one: it has 3 to 63 lower-case letters, digits and single dashes",
    ))
}
