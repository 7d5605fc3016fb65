//! Removing an archive that was read.

use std::{collections::BTreeMap, sync::Arc};

use transship_oci::ErrorKind;
use transship_testkit::image::sample;

use super::{REPOSITORY, draft::Draft, stored, stored_set};
use crate::{Archive, Store as _};

#[tokio::test]
async fn every_volume_that_was_read_goes_and_nothing_else() {
    let mut draft = Draft::of(&sample(), REPOSITORY);
    draft.lay(40_960);
    let (store, names) = stored_set(&draft);
    assert!(names.len() > 2);
    // Neither is of the set, whatever their names say.
    let others = ["x.oci.tar", "x.oci.v001of001.tar"];
    for other in others {
        store.insert(other, "another", BTreeMap::new());
    }
    let archive = Archive::open(Arc::new(store.clone()), &names[1])
        .await
        .expect("an archive");
    let removed = archive.remove().await.expect("removed");
    let places = names.iter().map(|name| format!("memory://store/{name}"));
    assert_eq!(removed, places.collect::<Vec<_>>());
    for name in &names {
        assert_eq!(store.stat(name).await.unwrap(), None, "{name}");
    }
    for other in others {
        assert!(store.stat(other).await.unwrap().is_some(), "{other}");
    }
    // Somebody was faster: that is no error.
    assert!(archive.remove().await.is_ok());
}

#[tokio::test]
async fn what_took_its_name_stays() {
    let draft = Draft::of(&sample(), REPOSITORY);
    let store = stored(&draft);
    let archive = Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    store.insert("x.oci.tar", draft.volume(1), BTreeMap::new());
    let error = archive.remove().await.expect_err("another object");
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert_eq!(
        error.message(),
        "x.oci.tar was replaced since it was read, and is not deleted"
    );
    assert!(store.stat("x.oci.tar").await.unwrap().is_some());
}
