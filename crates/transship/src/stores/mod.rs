//! Stores by the address that people write: which store it is, with which credentials, and what is said of it.

mod address;
mod variables;

use std::{collections::BTreeMap, path::Path, sync::Arc};

#[cfg(unix)]
use transship_archive::store::ReadBack;
use transship_archive::{
    Store,
    store::{Address, CloudSettings, FileStore},
    uploader::journal::{FileUploadJournal, NoUploadJournal, UploadJournal},
};
use transship_oci::{Error, ErrorKind, Result, Side};

pub(crate) use self::address::read as address;
use crate::{app::App, args::Written, files};

/// The largest certificate that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// A place in a store.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    /// The store: a container, or a folder.
    pub(crate) store: Arc<dyn Store>,
    /// The object in it; ends in `/`, or is empty, for a folder.
    pub(crate) key: String,
    /// For people: nothing in it is secret.
    pub(crate) shown: String,
    /// The folder, if it is one of this machine.
    pub(crate) folder: Option<FileStore>,
}

impl Spot {
    /// Is it a container or a folder rather than an object?
    pub(crate) fn is_folder(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// The same place, whose files get their names only after the medium was read back.
    ///
    /// # Errors
    /// `Unsupported` for a store that is no folder: a cloud has checked what it acknowledged.
    pub(crate) fn verified(self) -> Result<Self> {
        #[cfg(unix)]
        if let Some(folder) = &self.folder {
            let store = Arc::new(ReadBack::new(folder.clone()));
            return Ok(Self { store, ..self });
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            "only folders can be read back from their medium",
        )
        .on(Side::Target)
        .at(&self.shown)
        .hinting("leave --verify-media out: stores check what they are sent"))
    }

    /// The same place, if it can be that of an archive that is to be written.
    ///
    /// # Errors
    /// `Invalid` for a container or a folder.
    pub(crate) fn named(self) -> Result<Self> {
        if !self.is_folder() {
            return Ok(self);
        }
        let message = "this is a container or a folder, and an archive has a name";
        Err(Error::new(ErrorKind::Invalid, message)
            .on(Side::Target)
            .at(&self.shown)
            .hinting("add a name, such as /app.oci.tar"))
    }
}

/// What is said of an archive where the store can keep it: the triggers of Azure's own transfer pipelines look for it.
pub(crate) fn metadata() -> BTreeMap<String, String> {
    BTreeMap::from([("category".to_owned(), "acr-transfer-blob".to_owned())])
}

/// Where uploads that a crash cut off are remembered.
pub(crate) fn journal(app: &App) -> Arc<dyn UploadJournal> {
    if let Some(state) = app.environment.state_dir() {
        return Arc::new(FileUploadJournal::new(state.join("archives")));
    }
    tracing::debug!("no HOME and no XDG_STATE_HOME: uploads are not journalled");
    Arc::new(NoUploadJournal)
}

/// Opens the store of an address.
///
/// # Errors
/// `Invalid` when the address is none, or when a credential that the settings name is not there.
pub(crate) fn open(app: &App, written: &Written) -> Result<Spot> {
    at(app, &address(app, written)?)
}

/// Opens the store of an address that was read.
///
/// # Errors
/// As [`open`].
pub(crate) fn at(app: &App, address: &Address) -> Result<Spot> {
    let shown = address.to_string();
    if let Address::File(path) = address {
        return file(path, shown);
    }
    let settings = settings(app, address)?;
    let store = address.open(&settings).map_err(|error| error.at(&shown))?;
    Ok(Spot {
        store,
        key: address.key().to_owned(),
        shown,
        folder: None,
    })
}

fn file(path: &Path, shown: String) -> Result<Spot> {
    let is_folder = shown.ends_with('/') || path.is_dir();
    let (folder, name) = if is_folder {
        (path, None)
    } else {
        (path.parent().unwrap_or(Path::new("")), path.file_name())
    };
    let folder = if folder == Path::new("") {
        Path::new(".")
    } else {
        folder
    };
    let key = match name.map(std::ffi::OsStr::to_str) {
        None => String::new(),
        Some(Some(name)) => name.to_owned(),
        Some(None) => {
            let message = "the name of an archive is text";
            return Err(Error::new(ErrorKind::Invalid, message)
                .on(Side::Local)
                .at(shown));
        }
    };
    let folder = FileStore::open(folder)?;
    Ok(Spot {
        store: Arc::new(folder.clone()),
        key,
        shown,
        folder: Some(folder),
    })
}

/// How the cloud of an address is reached.
pub(crate) fn settings(app: &App, address: &Address) -> Result<CloudSettings> {
    let entry = variables::entry(&app.settings, address);
    let variables = variables::of(app, entry)?;
    let mut settings = CloudSettings::new(variables.into_iter().collect());
    settings.clock = Arc::clone(&app.clock);
    settings.observer = Arc::new(app.progress.clone());
    let own = entry.and_then(|entry| entry.ca_file.as_ref());
    for path in app.settings.ca_file.iter().chain(own) {
        settings.authorities.push(files::read_text(path, MAX_FILE)?);
    }
    Ok(settings)
}
