//! The stores of this machine keep the same contract.

use transship_archive::store::{FileStore, Memory};

use crate::contract::{self, Traits};

#[tokio::test]
async fn the_contract_is_kept_by_a_folder() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let traits = Traits {
        md5: false,
        metadata: false,
        times: true,
        held: false,
        sessions: true,
    };
    contract::check(&store, traits).await;
}

#[tokio::test]
async fn the_contract_is_kept_by_memory() {
    let traits = Traits {
        md5: true,
        metadata: true,
        times: false,
        held: true,
        sessions: true,
    };
    contract::check(&Memory::new("memory"), traits).await;
}
