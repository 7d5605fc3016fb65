//! No inventory makes its parser panic; what is read agrees with itself, and is written in one way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_archive::Inventory;

fuzz_target!(|bytes: &[u8]| {
    let Ok(inventory) = Inventory::parse(bytes) else {
        return;
    };
    let json = inventory.to_json().expect("what was read can be written");
    assert_eq!(Inventory::parse(&json).expect("an inventory"), inventory);
    for piece in inventory.blobs.iter().flat_map(|blob| &blob.pieces) {
        let volume = &inventory.volumes[piece.volume as usize - 1];
        assert!(piece.offset + piece.size <= volume.body);
    }
});
