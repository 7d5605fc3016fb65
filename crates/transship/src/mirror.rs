//! Where a TUF repository is read: on the web, or in a folder that was carried here.

use std::{io, path::PathBuf, time::Duration};

use async_trait::async_trait;
use reqwest::{Certificate, Client, StatusCode, Url};
use transship_oci::{Error, ErrorKind, Result, SafeUrl, Side};
use transship_trust::refresh::Mirror;

use crate::{app::App, files};

/// How long a connection, and how long a silence, may last: a mirror that dawdles keeps us from what is new.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest certificate authority that is read, in bytes.
const MAX_AUTHORITY: u64 = 1024 * 1024;

/// A mirror on the web.
#[derive(Debug)]
pub(crate) struct Web {
    base: Url,
    client: Client,
}

impl Web {
    /// A mirror at this address, with the proxies of the environment and the authority that the settings name.
    pub(crate) fn new(app: &App, address: &str) -> Result<Self> {
        let invalid = |why: &str| {
            let error = Error::new(ErrorKind::Invalid, why.to_owned());
            error.on(Side::Local).at("--mirror")
        };
        let mut base: Url = address
            .parse()
            .map_err(|cause| invalid("it is no URL").because(cause))?;
        if !matches!(base.scheme(), "https" | "http") || base.query().is_some() {
            return Err(invalid("it is no URL of a folder on the web"));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut builder = Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE);
        if let Some(path) = &app.settings.ca_file {
            let unfit = |cause| {
                let error = Error::new(ErrorKind::Invalid, "it is no certificate authority");
                error.on(Side::Local).at(files::name(path)).because(cause)
            };
            let pem = files::read(path, MAX_AUTHORITY)?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(unfit)?;
            builder = builder.tls_certs_merge(authorities);
        }
        let client = builder.build().map_err(|cause| {
            Error::new(ErrorKind::Internal, "there is no HTTP client").because(cause)
        })?;
        Ok(Self { base, client })
    }
}

#[async_trait]
impl Mirror for Web {
    async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let at = self.base.join(path).map_err(|cause| {
            Error::new(ErrorKind::Invalid, "the mirror names no path").because(cause)
        })?;
        let shown = SafeUrl(at.clone());
        let error = |kind, message: &str| {
            let error = Error::new(kind, message.to_owned());
            error.on(Side::Source).at(&shown)
        };
        let away = |cause: reqwest::Error| {
            let error = error(ErrorKind::Unavailable, "the mirror does not answer");
            error.because(cause.without_url())
        };
        let mut answer = self.client.get(at).send().await.map_err(away)?;
        match answer.status() {
            StatusCode::OK => {}
            // Object stores say "forbidden" of what is not there.
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN => return Ok(None),
            status => {
                let message = format!("the mirror answers {status}");
                return Err(error(ErrorKind::Unavailable, &message));
            }
        }
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(away)? {
            if (bytes.len() + piece.len()) as u64 > limit {
                let message = format!("the file is longer than the limit of {limit} bytes");
                return Err(error(ErrorKind::Corrupt, &message));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Some(bytes))
    }
}

/// A mirror in a folder.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

#[async_trait]
impl Mirror for Folder {
    async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let file = self.0.join(path);
        match tokio::fs::metadata(&file).await {
            Ok(_) => files::read(&file, limit).map(Some),
            // A folder that is not there is a slip; a file that is not is the end of a chain.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && self.0.is_dir() => Ok(None),
            Err(cause) => Err(Error::new(ErrorKind::Invalid, "the mirror cannot be read")
                .on(Side::Local)
                .at(self.0.display())
                .because(cause)),
        }
    }
}
