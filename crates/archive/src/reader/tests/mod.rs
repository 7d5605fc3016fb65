mod contract;
mod draft;
mod head;
mod inspect;
mod mutation;
mod relay;
mod remove;
mod set;
mod ties;
mod verify;

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt as _;
use transship_oci::{Descriptor, Repository, Result, Source};

use self::draft::Draft;
use super::Archive;
use crate::store::Memory;

const REPOSITORY: &str = "registry.example/team/app";

fn repository() -> Repository {
    REPOSITORY.parse().unwrap()
}

/// A store with the only volume of an archive.
fn stored(draft: &Draft) -> Memory {
    let store = Memory::new("memory://store");
    store.insert("x.oci.tar", draft.volume(1), BTreeMap::new());
    store
}

/// A store with a set.
fn stored_set(draft: &Draft) -> (Memory, Vec<String>) {
    let store = Memory::new("memory://store");
    let of = draft.inventory.volumes.len();
    let name = |volume: usize| format!("x.oci.v{volume:03}of{of:03}.tar");
    let names: Vec<String> = (1..=of).map(name).collect();
    for (number, name) in (1..).zip(&names) {
        store.insert(name, draft.volume(number), BTreeMap::new());
    }
    (store, names)
}

async fn open(draft: &Draft) -> Result<Archive> {
    Archive::open(Arc::new(stored(draft)), "x.oci.tar").await
}

async fn read(source: &dyn Source, node: &Descriptor, from: u64) -> Result<Vec<u8>> {
    let bytes = source.blob(node, from).await?;
    let pieces: Vec<_> = bytes.try_collect().await?;
    Ok(pieces.concat())
}

/// Whoever runs these in a task of his own needs them to be so; not every compiler error would tell.
#[test]
fn futures_can_be_sent() {
    fn sent<T: Send>(_: T) {}
    let store: Arc<dyn crate::Store> = Arc::new(Memory::new("memory://store"));
    sent(Archive::open(Arc::clone(&store), "x"));
    sent(Archive::of_volumes(Vec::new()));
    sent(crate::foreign::Foreign::tar(
        store,
        "x",
        crate::tar::read::Limits::default(),
    ));
    sent(async {
        Archive::open(Arc::new(Memory::new("x")), "x")
            .await?
            .verify(&|_| {})
            .await
    });
}
