//! moto: S3 in memory, with signatures that are really checked.

use tokio::process::Command;

use super::{Process, require};

/// A running moto with one user who may do anything with S3.
#[derive(Debug)]
pub struct Moto {
    endpoint: String,
    key_id: String,
    secret: String,
    process: Process,
}

/// Calls that need no signature: those that make the user and the bucket.
const FREE: usize = 4;

impl Moto {
    /// Starts one on a port of its own, with a bucket; `None` after saying that the program is missing.
    pub async fn start(bucket: &str) -> Option<Self> {
        let program = require("moto_server")?;
        let mut command = Command::new(program);
        command
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", FREE.to_string());
        let mut process = Process::spawn(command);
        let endpoint = process.wait_for(running_on).await;
        let call = async |action: &str| iam(&endpoint, action).await;
        call("CreateUser&UserName=tester").await;
        let made = call("CreateAccessKey&UserName=tester").await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
        let policy =
            percent_encoding::utf8_percent_encode(policy, percent_encoding::NON_ALPHANUMERIC);
        call(&format!(
            "PutUserPolicy&UserName=tester&PolicyName=all&PolicyDocument={policy}"
        ))
        .await;
        let answer = client()
            .put(format!("{endpoint}/{bucket}"))
            .send()
            .await
            .expect("an answer of moto");
        assert_eq!(answer.status().as_u16(), 200, "bucket {bucket}");
        Some(Self {
            key_id: between(&made, "<AccessKeyId>", "<"),
            secret: between(&made, "<SecretAccessKey>", "<"),
            endpoint,
            process,
        })
    }

    /// Its URL, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The environment that lets a client in.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &self.key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The process, to look at its log or to kill it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// moto takes whatever port is free and says which.
fn running_on(log: &str) -> Option<String> {
    let (_, after) = log.split_once("Running on ")?;
    Some(after.lines().next()?.trim().to_owned())
}

/// One of the free calls. Which service it is for is read from the scope of a signature that nobody checks.
async fn iam(endpoint: &str, action: &str) -> String {
    let scope = "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    let answer = client()
        .post(endpoint)
        .header("authorization", scope)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("Version=2010-05-08&Action={action}"))
        .send()
        .await
        .expect("an answer of moto");
    let status = answer.status();
    let text = answer.text().await.expect("the text of an answer");
    assert!(status.is_success(), "{action}: {status}\n{text}");
    text
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text.split_once(before).expect("a field of an answer");
    rest.split(after).next().unwrap_or_default().to_owned()
}
