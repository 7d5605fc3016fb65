//! From an address to the store behind it.

use std::{path::Path, sync::Arc};

use transship_oci::Result;

use super::{Address, AzureStore, CloudSettings, FileStore, GcsStore, S3Store, Store};

impl Address {
    /// The container or folder that it is in; [`Address::key`] is the name within. Asks nobody yet.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense; what a folder that cannot be used says.
    pub fn open(&self, settings: &CloudSettings) -> Result<Arc<dyn Store>> {
        Ok(match self {
            Self::Azure(azure) => Arc::new(AzureStore::open(azure, settings)?),
            Self::S3(bucket) => Arc::new(S3Store::open(bucket, settings)?),
            Self::Gcs(bucket) => Arc::new(GcsStore::open(bucket, settings)?),
            Self::File(path) => Arc::new(FileStore::open(folder(self, path))?),
        })
    }
}

/// The folder of a path: itself, or the one that the file is in.
fn folder<'a>(address: &Address, path: &'a Path) -> &'a Path {
    if address.is_folder() {
        return path;
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
