//! `registry serve DIR` and `registry serve ARCHIVE`

mod archive;

use std::path::Path;

use transship_oci::{Error, ErrorKind, Result, Side};
use transship_registry_server::{Auth, Disk, Registry, Server, Settings, Tls, Users};

use crate::{app::App, args::Serve, exit::Exit, files, output, signals::Signals};

/// The largest certificate, key or htpasswd file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

pub(super) async fn serve(app: &App, args: &Serve) -> Result<Exit> {
    check_exposure(args)?;
    // Before anybody can know that we are there.
    let signals = Signals::listen();
    let settings = Settings {
        read_only: args.read_only,
        ..Settings::default()
    };
    let (shown, registry) = match archive::folder(&args.what) {
        Some(folder) => {
            let store = Disk::open(&folder).await?;
            (folder.display().to_string(), Registry::new(store))
        }
        None => archive::registry(app, &args.what).await?,
    };
    let mut registry = registry.settings(settings);
    if let Some(path) = &args.htpasswd {
        registry = registry.auth(Auth::basic(users(path)?));
    }
    let router = registry.router();
    let (scheme, server) = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let tls = Tls::from_pem(
                &files::read_text(certificate, MAX_FILE)?,
                &files::read_text(key, MAX_FILE)?,
            )
            .map_err(|error| error.on(Side::Local).at(certificate.display()))?;
            ("https", Server::bind_tls(args.listen, router, tls).await?)
        }
        _ => ("http", Server::bind(args.listen, router).await?),
    };
    let address = server.local_addr();
    output::line(format_args!("{scheme}://{address}"))?;
    app.output
        .say(format_args!("serving {shown} at {address}; Ctrl-C ends it"));
    // Being told to end is how a server ends: no matter by which signal, it is done.
    signals.stop().await;
    app.output
        .say("ending: requests that are under way may finish, a second signal cuts them off");
    server.shutdown().await;
    Ok(Exit::Done)
}

/// Nobody shall put a registry before the world by leaving a flag out.
fn check_exposure(args: &Serve) -> Result<()> {
    if args.listen.ip().is_loopback() || args.allow_insecure_listen {
        return Ok(());
    }
    let missing = match (&args.tls_cert, &args.htpasswd) {
        (Some(_), Some(_)) => return Ok(()),
        (None, Some(_)) => "TLS",
        (Some(_), None) => "passwords",
        (None, None) => "TLS and passwords",
    };
    let message = format!(
        "{} is reached from other machines, and there is no {missing}",
        args.listen
    );
    Err(Error::new(ErrorKind::Invalid, message).on(Side::Local).hinting(
        "give --tls-cert, --tls-key and --htpasswd, listen on 127.0.0.1, or say --allow-insecure-listen",
    ))
}

fn users(path: &Path) -> Result<Users> {
    let text = files::read_text(path, MAX_FILE)?;
    Users::htpasswd(&text).map_err(|cause| {
        Error::new(ErrorKind::Invalid, "the file of passwords cannot be used")
            .on(Side::Local)
            .at(path.display())
            .because(cause)
            .hinting("make it with `htpasswd -B -c FILE USER`")
    })
}
