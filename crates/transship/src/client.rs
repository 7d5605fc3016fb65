//! From settings to what the registry client is made of.

use std::{path::Path, sync::Arc};

use transship_oci::{Error, ErrorKind, Result, Side};
use transship_registry_client::{
    ClientCertificate, Context, Environment as ClientEnvironment, HostSettings, Mirrors, Proxies,
    TlsMaterial,
    credentials::{self, Chain, Credentials, EnvCredentials, FileCredentials},
};

use crate::{
    environment::Environment,
    files,
    settings::{HostEntry, Settings},
};

/// The largest certificate, key or `registries.conf` that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The client's surroundings as the settings say; clock, onlookers and journal are the caller's to add.
///
/// # Errors
/// `Invalid` when a file that the settings name cannot be used.
pub(crate) fn context(settings: &Settings, environment: &Environment) -> Result<Context> {
    let variables = variables(settings, environment);
    let mut context = Context {
        credentials: Arc::new(credentials(settings, &variables)),
        hosts: hosts(settings, &variables)?,
        mirrors: match &settings.registries_conf {
            Some(path) => Mirrors::parse(&files::read_text(path, MAX_FILE)?)
                .map_err(|error| error.on(Side::Local).at(path.display()))?,
            None => Mirrors::default(),
        },
        proxies: Proxies::of_environment(&variables),
        ..Context::default()
    };
    if let Some(max_wait) = settings.max_wait {
        context.max_wait = max_wait.0;
    }
    if let Some(connections) = settings.connections {
        context.max_connections = usize::from(connections);
    }
    Ok(context)
}

/// The variables of the process as the client knows them, with the flag `--authfile` in its place among them.
pub(crate) fn variables(settings: &Settings, environment: &Environment) -> ClientEnvironment {
    let mut variables = environment.to_map();
    if let Some(authfile) = &settings.authfile {
        let authfile = authfile.display().to_string();
        variables.insert("REGISTRY_AUTH_FILE".to_owned(), authfile);
    }
    variables.into_iter().collect()
}

/// Where credentials are found: the usual places, or the environment and the one file that was named.
pub(crate) fn credentials(settings: &Settings, variables: &ClientEnvironment) -> Chain {
    if settings.authfile.is_none() {
        return credentials::of_machine(variables);
    }
    let mut places: Vec<Arc<dyn Credentials>> = vec![Arc::new(EnvCredentials::new(variables))];
    for file in FileCredentials::containers(variables) {
        places.push(Arc::new(file));
    }
    Chain(places)
}

fn hosts(settings: &Settings, variables: &ClientEnvironment) -> Result<HostSettings> {
    let mut hosts = HostSettings::of_machine(variables);
    hosts
        .plain_http
        .extend(settings.plain_http.iter().flatten().cloned());
    if let Some(path) = &settings.ca_file {
        hosts.authorities.push(pem(path)?);
    }
    for (host, entry) in settings.hosts.iter().flatten() {
        hosts.tls.insert(host.clone(), material(host, entry)?);
    }
    Ok(hosts)
}

fn material(host: &str, entry: &HostEntry) -> Result<TlsMaterial> {
    let client = match (&entry.client_cert, &entry.client_key) {
        (Some(chain), Some(key)) => Some(ClientCertificate {
            chain: pem(chain)?,
            key: pem(key)?.into(),
        }),
        (None, None) => None,
        _ => {
            let message =
                format!("host {host} has a client certificate without its key, or a key alone");
            return Err(Error::new(ErrorKind::Invalid, message)
                .hinting("give both client-cert and client-key"));
        }
    };
    Ok(TlsMaterial {
        authorities: entry
            .ca_file
            .iter()
            .map(|path| pem(path))
            .collect::<Result<_>>()?,
        client,
    })
}

fn pem(path: &Path) -> Result<Vec<u8>> {
    Ok(files::read_text(path, MAX_FILE)?.into_bytes())
}
