//! Azurite: Azure's own emulator of its blob storage, over https.

use std::fmt::Write as _;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::process::Command;

use super::{Home, Process, require};
use crate::tls::Authority;

const ACCOUNT: &str = "transshiptest";
/// 64 bytes, as Azure's keys have.
const KEY: [u8; 64] = *b"a key of sixty-four bytes that opens nothing but this one test..";
const VERSION: &str = "2022-11-02";

/// A running Azurite, with one account. Its memory is gone with it.
#[derive(Debug)]
pub struct Azurite {
    url: String,
    authority: Option<Authority>,
    process: Process,
    _home: Home,
}

impl Azurite {
    /// Starts one on a port of its own, with https; `None` after saying that the program is missing.
    pub async fn start() -> Option<Self> {
        Self::run(Some(Authority::new())).await
    }

    /// The same in plain http, for who wants to stand in between.
    pub async fn plain() -> Option<Self> {
        Self::run(None).await
    }

    async fn run(authority: Option<Authority>) -> Option<Self> {
        let program = require("azurite-blob")?;
        let home = Home::new();
        let mut command = Command::new(program);
        command
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
            .args(["--inMemoryPersistence", "--disableTelemetry"])
            .current_dir(home.path())
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", Self::key()));
        if let Some(authority) = &authority {
            let identity = authority.server();
            let certificate = home.write("cert.pem", &identity.certificate);
            let key = home.write("key.pem", &identity.key);
            command.arg("--cert").arg(certificate).arg("--key").arg(key);
            // Takes tokens, and believes whatever they say.
            command.args(["--oauth", "basic"]);
        }
        let mut process = Process::spawn(command);
        let url = process.wait_for(listening_on).await;
        Some(Self {
            url,
            authority,
            process,
            _home: home,
        })
    }

    /// The storage account.
    pub fn account(&self) -> &'static str {
        ACCOUNT
    }

    /// The account's key, as Azure shows it.
    pub fn key() -> String {
        BASE64_STANDARD.encode(KEY)
    }

    /// What comes before the container in a URL; ends in a slash.
    pub fn endpoint(&self) -> String {
        format!("{}/{ACCOUNT}/", self.url)
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The certificate (PEM) that a client must trust; empty where there is none.
    pub fn certificate(&self) -> &str {
        self.authority.as_ref().map_or("", Authority::certificate)
    }

    /// The process, to look at its log or to kill it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Creates a container.
    pub async fn create(&self, container: &str) {
        let mut client = reqwest::Client::builder().no_proxy();
        if let Some(authority) = &self.authority {
            let certificate = reqwest::Certificate::from_pem(authority.certificate().as_bytes());
            client = client.tls_certs_only([certificate.expect("our own certificate")]);
        }
        let client = client.build().expect("a client");
        let sas = AzureSas::new("c").of_account("c");
        let url = format!(
            "{}{container}?restype=container&{}",
            self.endpoint(),
            sas.sign("")
        );
        let answer = client
            .put(url)
            .header("content-length", "0")
            .send()
            .await
            .expect("an answer of Azurite");
        assert_eq!(answer.status().as_u16(), 201, "container {container}");
    }

    /// A SAS for a container that allows `permissions` for a long time, without a question mark.
    pub fn sas(&self, container: &str, permissions: &str) -> String {
        AzureSas::new(permissions).sign(container)
    }

    /// A token that `--oauth basic` believes.
    pub fn token() -> String {
        let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        let claims = r#"{"aud":"https://storage.azure.com","iss":"https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/","iat":1577836800,"nbf":1577836800,"exp":4070908800}"#;
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"RS256","typ":"JWT"}"#),
            part(claims),
            part("x")
        )
    }
}

/// Azurite takes whatever port is free and says which.
fn listening_on(log: &str) -> Option<String> {
    let (_, after) = log.split_once("successfully listens on ")?;
    Some(after.lines().next()?.trim().to_owned())
}

/// A shared access signature of [`Azurite`]'s account, to be made as a test needs it.
#[derive(Debug, Clone)]
pub struct AzureSas {
    permissions: String,
    starts: String,
    expires: String,
    protocols: String,
    addresses: String,
    /// Resource types, for one of the whole account.
    types: Option<String>,
}

impl AzureSas {
    /// One that allows `permissions` for a long time.
    pub fn new(permissions: &str) -> Self {
        Self {
            permissions: permissions.to_owned(),
            starts: String::new(),
            expires: "2099-01-01T00:00:00Z".to_owned(),
            protocols: String::new(),
            addresses: String::new(),
            types: None,
        }
    }

    /// Not before.
    pub fn starts(mut self, time: &str) -> Self {
        time.clone_into(&mut self.starts);
        self
    }

    /// Not after.
    pub fn expires(mut self, time: &str) -> Self {
        time.clone_into(&mut self.expires);
        self
    }

    /// From these addresses only.
    pub fn addresses(mut self, range: &str) -> Self {
        range.clone_into(&mut self.addresses);
        self
    }

    /// By these protocols only.
    pub fn protocols(mut self, protocols: &str) -> Self {
        protocols.clone_into(&mut self.protocols);
        self
    }

    /// For resources of these types in the whole account.
    pub fn of_account(mut self, types: &str) -> Self {
        self.types = Some(types.to_owned());
        self
    }

    /// Signs it, for a container unless it is for the account.
    pub fn sign(&self, container: &str) -> String {
        let Self {
            permissions: sp,
            starts: st,
            expires: se,
            protocols: spr,
            addresses: sip,
            types,
        } = self;
        let (text, own) = match types {
            Some(srt) => (
                format!("{ACCOUNT}\n{sp}\nb\n{srt}\n{st}\n{se}\n{sip}\n{spr}\n{VERSION}\n\n"),
                vec![("ss", "b"), ("srt", srt.as_str())],
            ),
            None => (
                format!(
                    "{sp}\n{st}\n{se}\n/blob/{ACCOUNT}/{container}\n\n{sip}\n{spr}\n{VERSION}\nc\n\n\n\n\n\n\n"
                ),
                vec![("sr", "c")],
            ),
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
        let signature = BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        let fields = [
            ("sv", VERSION),
            ("sp", sp),
            ("st", st),
            ("se", se),
            ("spr", spr),
            ("sip", sip),
        ];
        let mut query = String::new();
        for (name, value) in fields.into_iter().chain(own) {
            if !value.is_empty() {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                let _ = write!(query, "{name}={value}&");
            }
        }
        format!(
            "{query}sig={}",
            utf8_percent_encode(&signature, NON_ALPHANUMERIC)
        )
    }
}
