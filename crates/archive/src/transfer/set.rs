//! An archive from one store to another, in however many volumes it comes.

use std::{collections::BTreeSet, sync::Arc};

use futures::TryStreamExt as _;
use transship_oci::{Error, ErrorKind, Result, Side};

use super::copy::{Copied, CopyOptions, copy, look};
use crate::{
    store::Store,
    volume_name::{MAX_VOLUMES, VolumeName},
};

/// Copies the archive called `name`: the object of this name, or, where there is none, all volumes of the archive that
/// would have it. The name of one volume means that one alone. At the target it is called `to_name`; the same as at the
/// source, without folders, where that is empty or ends in `/`.
///
/// Volumes that are at the target already are not sent again, so that the same call goes on after a crash.
///
/// # Errors
/// `NotFound` when there is nothing of this name, or when volumes of the set are missing: all are named, before anything is
/// sent; `Invalid` when there are two sets of different numbers of volumes; what [`copy`] says.
pub async fn copy_set(
    from: &dyn Store,
    name: &str,
    to: &Arc<dyn Store>,
    to_name: &str,
    options: &CopyOptions,
) -> Result<Vec<Copied>> {
    let to_name = target_name(name, to_name);
    if look(from, name).await?.is_some() {
        return Ok(vec![copy(from, name, to, &to_name, options).await?]);
    }
    let place = |error: Error| error.on(Side::Source).at(from.location());
    let mut copied = Vec::new();
    for volume in volumes(from, name).await.map_err(place)? {
        let target = VolumeName::new(&to_name, volume.number, volume.of).to_string();
        copied.push(copy(from, &volume.to_string(), to, &target, options).await?);
    }
    Ok(copied)
}

fn target_name(name: &str, to_name: &str) -> String {
    if to_name.is_empty() || to_name.ends_with('/') {
        let (_, file) = name.rsplit_once('/').unwrap_or(("", name));
        format!("{to_name}{file}")
    } else {
        to_name.to_owned()
    }
}

/// All volumes of the archive called `name`, in order; none missing.
async fn volumes(from: &dyn Store, name: &str) -> Result<Vec<VolumeName>> {
    let mut found = BTreeSet::new();
    let mut listed = from.list(&VolumeName::prefix(name));
    while let Some(stat) = listed.try_next().await? {
        let volume = stat.key.parse::<VolumeName>().ok();
        if let Some(volume) = volume.filter(|volume| volume.whole() == name) {
            found.insert(volume);
        }
        if found.len() > MAX_VOLUMES as usize {
            break;
        }
    }
    let Some(first) = found.first() else {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("there is neither {name} nor a volume of it"),
        ));
    };
    if found.iter().any(|volume| volume.of != first.of) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("there are volumes of more than one archive called {name}"),
        )
        .hinting("copy the volumes one by one, or remove those of the other archive"));
    }
    let missing: Vec<_> = first
        .set()
        .filter(|volume| !found.contains(volume))
        .collect();
    if missing.is_empty() {
        return Ok(found.into_iter().collect());
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!("of {name} there is no {}", listing(&missing)),
    )
    .hinting("bring the missing volumes, or copy those that are there one by one"))
}

/// The names, as many as fit into a message.
fn listing(missing: &[VolumeName]) -> String {
    const SHOWN: usize = 10;
    let names: Vec<_> = missing
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = missing.len().saturating_sub(SHOWN);
    match more {
        0 => names.join(", "),
        _ => format!("{} and {more} more", names.join(", ")),
    }
}
