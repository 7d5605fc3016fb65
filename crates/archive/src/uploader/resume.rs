//! Taking up an upload that was cut, or beginning anew.

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt as _;
use transship_oci::{ErrorKind, Result};

use super::{
    journal::{BegunUpload, CutUpload, SentPart, UploadPage},
    plan::{Parts, UploadPlan},
    sum::Sum,
};
use crate::store::{Stat, Store, Upload, UploadSpec};

/// Where an upload stands when it is opened.
#[derive(Debug)]
pub(super) struct Standing {
    /// `None` when the object is complete already and only nobody wrote that down.
    pub(super) upload: Option<Arc<dyn Upload>>,
    pub(super) parts: Parts,
    /// What is known to have arrived.
    pub(super) receipts: BTreeMap<u32, String>,
    /// The first part that the stream must bring.
    pub(super) next: u32,
    /// The checksum of all before it.
    pub(super) sum: Sum,
    /// What the producer wished to remember there.
    pub(super) note: Option<String>,
}

/// Takes up what the page remembers, if it is the same upload and its session is still there; begins anew otherwise.
pub(super) async fn stand(
    store: &dyn Store,
    key: &str,
    plan: &UploadPlan,
    page: &dyn UploadPage,
) -> Result<Standing> {
    if let Some(cut) = page.read().await? {
        if is_same(&cut.begun, plan) {
            if let Some(standing) = take_up(store, key, plan, &cut).await? {
                return Ok(standing);
            }
        } else {
            abort(store, key, plan, cut.begun).await;
        }
    }
    begin(store, key, plan, page).await
}

/// Is this what is to be uploaded now? The metadata counts, as some stores take it with the session.
fn is_same(begun: &BegunUpload, plan: &UploadPlan) -> bool {
    begun.fingerprint == plan.fingerprint
        && begun.size == plan.size
        && begun.metadata == plan.metadata
        && begun.part_size > 0
}

fn spec(plan: &UploadPlan, part_size: u64, session: Option<String>) -> UploadSpec {
    UploadSpec {
        size: plan.size,
        part_size,
        overwrite: plan.overwrite,
        metadata: plan.metadata.clone(),
        session,
    }
}

async fn begin(
    store: &dyn Store,
    key: &str,
    plan: &UploadPlan,
    page: &dyn UploadPage,
) -> Result<Standing> {
    let capacity = store.capacity().await?;
    let parts = Parts::choose(plan.size, &capacity)?;
    let upload = store
        .upload(key, &spec(plan, parts.part_size, None))
        .await?;
    let begun = BegunUpload {
        store: store.location().to_owned(),
        key: key.to_owned(),
        session: upload.session().to_owned(),
        fingerprint: plan.fingerprint,
        size: plan.size,
        part_size: parts.part_size,
        metadata: plan.metadata.clone(),
    };
    page.begin(&begun).await?;
    Ok(Standing {
        upload: Some(Arc::from(upload)),
        parts,
        receipts: BTreeMap::new(),
        next: 0,
        sum: Sum::default(),
        note: None,
    })
}

/// Goes on with the session; `None` when it is gone.
async fn take_up(
    store: &dyn Store,
    key: &str,
    plan: &UploadPlan,
    cut: &CutUpload,
) -> Result<Option<Standing>> {
    let parts = Parts {
        size: plan.size,
        part_size: cut.begun.part_size,
    };
    let Some(mut standing) = replay(parts, &cut.sent) else {
        return Ok(None);
    };
    if u64::from(standing.next) == parts.count() && is_complete(store, key, &standing).await? {
        return Ok(Some(standing));
    }
    let session = Some(cut.begun.session.clone());
    let upload = match store
        .upload(key, &spec(plan, parts.part_size, session))
        .await
    {
        Ok(upload) => upload,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if let Some(held) = upload.held().await? {
        // The store's word counts more than ours, in both directions.
        standing.receipts = held
            .into_iter()
            .filter(|held| {
                u64::from(held.part) < parts.count() && held.size == parts.length(held.part)
            })
            .map(|held| (held.part, held.receipt))
            .collect();
        let sent = cut
            .sent
            .iter()
            .filter(|sent| standing.receipts.contains_key(&sent.part));
        let known: Vec<_> = sent.cloned().collect();
        let receipts = standing.receipts;
        standing = match replay(parts, &known) {
            Some(again) => Standing { receipts, ..again },
            None => return Ok(None),
        };
    }
    standing.upload = Some(Arc::from(upload));
    Ok(Some(standing))
}

/// Where the stream goes on: after the last part before the first hole. `None` when what is remembered makes no sense.
fn replay(parts: Parts, sent: &[SentPart]) -> Option<Standing> {
    let sent: BTreeMap<u32, &SentPart> = sent
        .iter()
        .filter(|sent| u64::from(sent.part) < parts.count())
        .map(|sent| (sent.part, sent))
        .collect();
    let next = (0..)
        .zip(sent.keys())
        .take_while(|(wanted, part)| wanted == *part)
        .count();
    let next = u32::try_from(next).ok()?;
    let (sum, note) = match next.checked_sub(1).and_then(|last| sent.get(&last)) {
        Some(last) => (Sum::restore(&last.sum)?, last.note.clone()),
        None => (Sum::default(), None),
    };
    Some(Standing {
        upload: None,
        parts,
        receipts: sent
            .into_values()
            .map(|sent| (sent.part, sent.receipt.clone()))
            .collect(),
        next,
        sum,
        note,
    })
}

/// Did the process that sent all parts die after it had completed the object, and before it could forget the upload?
async fn is_complete(store: &dyn Store, key: &str, standing: &Standing) -> Result<bool> {
    let stat = match store.stat(key).await {
        Ok(Some(stat)) => stat,
        Ok(None) => return Ok(false),
        // Whoever may only write cannot know.
        Err(error) if error.kind() == ErrorKind::Denied => return Ok(false),
        Err(error) => return Err(error),
    };
    if stat.size != standing.parts.size {
        return Ok(false);
    }
    let found = match stat.md5 {
        Some(md5) => md5,
        // A store without checksums: to take another's object for ours would be worse than to read it.
        None => sum_of(store, &stat).await?,
    };
    Ok(found == standing.sum.clone().finish())
}

/// The checksum of an object, by reading it.
pub(super) async fn sum_of(store: &dyn Store, stat: &Stat) -> Result<[u8; 16]> {
    let mut opened = store
        .read(&stat.key, 0..stat.size, stat.etag.as_deref())
        .await?;
    let mut sum = Sum::default();
    while let Some(bytes) = opened.bytes.try_next().await? {
        sum.update(&bytes);
    }
    Ok(sum.finish())
}

/// Throws away what an upload of something else left behind. What cannot be thrown away is the store's to forget: the
/// upload that is wanted now does not depend on it.
async fn abort(store: &dyn Store, key: &str, plan: &UploadPlan, begun: BegunUpload) {
    let spec = UploadSpec {
        size: begun.size,
        part_size: begun.part_size,
        overwrite: plan.overwrite,
        metadata: begun.metadata,
        session: Some(begun.session),
    };
    let aborted = match store.upload(key, &spec).await {
        Ok(upload) => upload.abort().await,
        Err(error) => Err(error),
    };
    match aborted {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(key, %error, "an upload that was cut could not be thrown away");
        }
        _ => {}
    }
}
