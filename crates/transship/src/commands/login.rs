//! `login HOST`

use std::{
    io::{self, Read as _},
    sync::Arc,
};

use serde_json::json;
use transship_oci::{Error, ErrorKind, Repository, Result, Side};
use transship_registry_client::{
    Client,
    credentials::{Credential, LoginFile, MemoryCredentials},
};

use crate::{
    app::App,
    args::{Format, Login},
    exit::Exit,
    output,
};

/// The longest password that is read, in bytes: cloud tokens have a few kilobytes.
const MAX_PASSWORD: u64 = 64 * 1024;

pub(super) async fn run(app: &App, args: &Login) -> Result<Exit> {
    let registry = host(&args.host)?;
    let credential = Credential::Password {
        user: args.username.clone(),
        password: password().await?.into(),
    };
    let mut context = app.context()?;
    let known = MemoryCredentials::default().with(&registry, credential.clone(), "standard input");
    context.credentials = Arc::new(known);
    let ping = Client::new(context)?.ping(&registry).await?;
    if ping.who.is_none() {
        app.output.say(format_args!(
            "note: {registry} did not ask who we are, so the credential was not tried"
        ));
    }
    let kept = if args.dry_run {
        None
    } else {
        let file = LoginFile::of_machine(&app.variables())?;
        Some(file.store(&registry, &credential).await?)
    };
    app.progress.end();
    match app.output.format() {
        Format::Json => output::json(&json!({
            "registry": registry,
            "user": args.username,
            "tried": ping.who.is_some(),
            "keptIn": kept,
        }))?,
        Format::Text => output::line(match kept {
            Some(kept) => format!(
                "logged in at {registry} as {}; kept in {kept}",
                args.username
            ),
            None => format!("{registry} accepts {}; nothing was stored", args.username),
        })?,
    }
    Ok(Exit::Done)
}

/// A registry's name as the rest of the program has it.
pub(super) fn host(text: &str) -> Result<String> {
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message).on(Side::Local);
    if text.contains('/') {
        return Err(invalid(format!("{text:?} is not a registry host"))
            .hinting("write the host alone, such as registry.example.com or localhost:5000"));
    }
    Repository::new(text, "any")
        .map(|repository| repository.registry().to_owned())
        .map_err(|cause| invalid(cause.to_string()))
}

/// Reads the password, without the line end that `echo` puts there.
async fn password() -> Result<String> {
    let invalid = |message: &str| Error::new(ErrorKind::Invalid, message).on(Side::Local);
    let read = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(MAX_PASSWORD + 1)
            .read_to_string(&mut text)
            .map(|_| text)
    });
    let text = read
        .await
        .map_err(io::Error::other)
        .and_then(|read| read)
        .map_err(|cause| invalid("standard input cannot be read as a password").because(cause))?;
    if text.len() as u64 > MAX_PASSWORD {
        return Err(invalid(
            "what stands on standard input is too long for a password",
        ));
    }
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(invalid("there is no password on standard input")
            .hinting("pipe it in: `transship login HOST -u USER --password-stdin < FILE`"));
    }
    Ok(password.to_owned())
}
