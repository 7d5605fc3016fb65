//! No file makes the readers of archives panic; one that is taken for ours is what its inventory says, or verify tells.
#![no_main]

use std::{collections::BTreeMap, sync::Arc};

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use transship_archive::{Archive, foreign::Foreign, store::Memory, tar::read::Limits};

fuzz_target!(|bytes: &[u8]| {
    let store = Arc::new(Memory::new("memory://store"));
    store.insert("x", bytes.to_vec(), BTreeMap::new());
    let _ = block_on(Foreign::tar(store.clone(), "x", Limits::default()));
    let Ok(archive) = block_on(Archive::open(store, "x")) else {
        return;
    };
    let _ = archive.summary();
    for fault in block_on(archive.verify(&|_| {})).expect("a store in memory answers") {
        assert_eq!(fault.volume, 1);
    }
});
