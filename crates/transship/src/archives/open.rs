//! Opening an archive by what people write for it.

use std::{path::PathBuf, sync::Arc};

use futures::TryStreamExt as _;
use transship_archive::{
    Archive, foreign::Foreign, layout::parse_volume_key, store::FileStore, tar::read::Limits,
};
use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{
    app::App,
    args::Written,
    stores::{self, Spot},
};

/// An archive that can be read.
#[derive(Debug)]
pub(crate) enum Opened {
    /// One of ours, and where it lies.
    Own(Box<Archive>, Spot),
    /// One that another tool wrote.
    Foreign(Foreign),
}

/// The transports of others, by skopeo's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tar,
    Folder,
}

/// Opens an archive: ours by its address, another tool's by its transport or because it is none of ours.
///
/// # Errors
/// As the store says; `Corrupt` for what breaks the rules; `Unsupported` for what is no archive.
pub(crate) async fn open(app: &App, written: &Written) -> Result<Opened> {
    if let Some((transport, rest)) = transport(written.text()) {
        return foreign(transport, rest).await;
    }
    let spot = stores::open(app, written)?;
    if spot.is_folder() {
        return match spot.folder {
            Some(_) => Foreign::folder(&PathBuf::from(&spot.shown))
                .await
                .map(Opened::Foreign),
            None => Err(no_name(&spot)),
        };
    }
    let key = beginning(&spot).await?;
    let spot = Spot { key, ..spot };
    match Archive::open(Arc::clone(&spot.store), &spot.key).await {
        Ok(archive) => Ok(Opened::Own(Box::new(archive), spot)),
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            let store = Arc::clone(&spot.store);
            Foreign::unpacked(store, &spot.key, Limits::default(), &std::env::temp_dir())
                .await
                .map(Opened::Foreign)
        }
        Err(error) => Err(error.on(Side::Source)),
    }
}

/// Opens an archive of ours.
///
/// # Errors
/// As [`open`]; `Unsupported` for an archive of another tool.
pub(crate) async fn own(app: &App, written: &Written) -> Result<(Archive, Spot)> {
    match open(app, written).await? {
        Opened::Own(archive, spot) => Ok((*archive, spot)),
        Opened::Foreign(foreign) => {
            let message = "another tool wrote this archive, and it has no inventory";
            Err(Error::new(ErrorKind::Unsupported, message)
                .on(Side::Source)
                .at(foreign.at())
                .hinting("`transship import` takes what is in it"))
        }
    }
}

/// The object to begin with: of an archive in volumes that is named as a whole, one of its volumes.
async fn beginning(spot: &Spot) -> Result<String> {
    if parse_volume_key(&spot.key).is_some() || spot.store.stat(&spot.key).await?.is_some() {
        return Ok(spot.key.clone());
    }
    let prefix = format!("{}.v", spot.key.strip_suffix(".tar").unwrap_or(&spot.key));
    let mut listed = spot.store.list(&prefix);
    while let Some(stat) = listed.try_next().await? {
        let whole = parse_volume_key(&stat.key).map(|(whole, ..)| whole);
        if whole.as_ref() == Some(&spot.key) {
            return Ok(stat.key);
        }
    }
    let message = format!("there is neither {} nor a volume of it", spot.key);
    Err(Error::new(ErrorKind::NotFound, message)
        .on(Side::Source)
        .at(spot.store.location()))
}

fn transport(text: &str) -> Option<(Transport, &str)> {
    let (name, rest) = text.split_once(':')?;
    match name {
        "oci-archive" | "docker-archive" => Some((Transport::Tar, rest)),
        "oci" => Some((Transport::Folder, rest)),
        _ => None,
    }
}

async fn foreign(transport: Transport, rest: &str) -> Result<Opened> {
    let path = PathBuf::from(rest);
    match transport {
        Transport::Folder => Foreign::folder(&path).await.map(Opened::Foreign),
        Transport::Tar => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let store = FileStore::open(folder.unwrap_or(std::path::Path::new(".")))?;
            let name = path.file_name().and_then(std::ffi::OsStr::to_str);
            let name = name.ok_or_else(|| {
                Error::new(ErrorKind::Invalid, "this names no file")
                    .on(Side::Source)
                    .at(rest)
            })?;
            Foreign::unpacked(
                Arc::new(store),
                name,
                Limits::default(),
                &std::env::temp_dir(),
            )
            .await
            .map(Opened::Foreign)
        }
    }
}

fn no_name(spot: &Spot) -> Error {
    Error::new(
        ErrorKind::Invalid,
        "this is a container or a folder, and no archive",
    )
    .on(Side::Source)
    .at(&spot.shown)
    .hinting("add the archive's name, such as /app.oci.tar")
}
