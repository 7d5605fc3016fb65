//! An archive from one store to another, in however many volumes it comes.

use std::{collections::BTreeSet, sync::Arc};

use futures::TryStreamExt as _;
use transship_oci::{Error, ErrorKind, Result, Side};

use super::copy::{Copied, CopyOptions, copy, look};
use crate::{
    inventory::MAX_VOLUMES,
    layout::{parse_volume_key, volume_key},
    store::Store,
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
    let count = count(from, name).await.map_err(place)?;
    let mut copied = Vec::new();
    for volume in 1..=count {
        let (key, to_key) = (
            volume_key(name, volume, count),
            volume_key(&to_name, volume, count),
        );
        copied.push(copy(from, &key, to, &to_key, options).await?);
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

/// How many volumes the archive called `name` has; none is missing.
async fn count(from: &dyn Store, name: &str) -> Result<u32> {
    let found = volumes(from, name).await?;
    let Some((count, _)) = found.first().copied() else {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("there is neither {name} nor a volume of it"),
        ));
    };
    if found.iter().any(|(other, _)| *other != count) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("there are volumes of more than one archive called {name}"),
        )
        .hinting("copy the volumes one by one, or remove those of the other archive"));
    }
    let missing: Vec<_> = (1..=count)
        .filter(|volume| !found.contains(&(count, *volume)))
        .map(|volume| volume_key(name, volume, count))
        .collect();
    if missing.is_empty() {
        return Ok(count);
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!("of {name} there is no {}", listing(&missing)),
    )
    .hinting("bring the missing volumes, or copy those that are there one by one"))
}

/// What is named like a volume of the archive called `name`: of how many, and which.
async fn volumes(from: &dyn Store, name: &str) -> Result<BTreeSet<(u32, u32)>> {
    let prefix = format!("{}.v", name.strip_suffix(".tar").unwrap_or(name));
    let mut listed = from.list(&prefix);
    let mut found = BTreeSet::new();
    while let Some(stat) = listed.try_next().await? {
        if let Some((whole, volume, count)) = parse_volume_key(&stat.key)
            && whole == name
            && count as usize <= MAX_VOLUMES
        {
            found.insert((count, volume));
        }
        if found.len() > MAX_VOLUMES {
            break;
        }
    }
    Ok(found)
}

/// The names, as many as fit into a message.
fn listing(missing: &[String]) -> String {
    const SHOWN: usize = 10;
    let names = missing[..missing.len().min(SHOWN)].join(", ");
    match missing.len().saturating_sub(SHOWN) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
