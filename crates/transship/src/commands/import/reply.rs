//! What goes back across the gap: a receipt of what the target has now, or a request for what it lacks.

use std::collections::{BTreeSet, HashMap};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use transship_archive::{
    Archive, Holdings, Request, receipt,
    request::{Incomplete, Missing},
};
use transship_engine::Report;
use transship_oci::{Repository, Result};
use transship_trust::sign::PrivateKey;

use super::jobs::Route;
use crate::{
    app::App,
    archives::{self, GENERATOR},
    args::Reply,
    letter,
    names::Destination,
};

/// How many repositories are looked at at once.
const AT_ONCE: usize = 4;

/// Writes what was asked for. `whole` says that all of the archive is at the target.
///
/// # Errors
/// As the registry says, or when a file cannot be written.
pub(super) async fn write(
    app: &App,
    asked: &Reply,
    key: Option<&PrivateKey>,
    (archive, routes): (Option<&Archive>, &[Route]),
    (report, to): (&Report, &Destination),
    whole: bool,
) -> Result<()> {
    if let (Some(path), Some(archive)) = (&asked.request, archive)
        && let Some(request) = request(archive, routes, report, to)?
    {
        letter::write(app, path, &request.to_json()?, key)?;
    }
    if let Some(path) = &asked.receipt {
        let repositories: BTreeSet<Repository> = routes
            .iter()
            .map(|route| route.repository.clone())
            .collect();
        let mut holdings = scan(app, repositories).await?;
        // What was not taken whole was not taken: what a volume that is lost has cost is no failure of the report.
        if let Some(archive) = archive.filter(|_| whole)
            && let Some((lineage, mark)) = archives::place(archive)
        {
            holdings.took(&lineage, mark.sequence, mark.inventory);
        }
        let receipt = holdings.receipt(GENERATOR, &to.shown())?;
        letter::write(app, path, &receipt.to_json()?, key)?;
    }
    Ok(())
}

/// What these repositories hold, looked up there.
///
/// # Errors
/// As the registry says.
pub(crate) async fn scan(
    app: &App,
    repositories: impl IntoIterator<Item = Repository>,
) -> Result<Holdings> {
    let looks = stream::iter(repositories).map(|name| async move {
        let source = app.target(&name)?;
        Box::pin(receipt::scan(&name, &source)).await
    });
    let mut holdings = Holdings::default();
    let mut looks = looks.buffered(AT_ONCE);
    while let Some(holding) = looks.try_next().await? {
        holdings.add(&holding);
    }
    Ok(holdings)
}

/// The request for what is missing, if anything is.
fn request(
    archive: &Archive,
    routes: &[Route],
    report: &Report,
    to: &Destination,
) -> Result<Option<Request>> {
    let by_label: HashMap<String, &Route> = routes
        .iter()
        .map(|route| (route.cargo.label(), route))
        .collect();
    let lacking = report.items.iter().filter(|item| !item.missing.is_empty());
    let artifacts = lacking.filter_map(|item| {
        let route = by_label.get(&item.source)?;
        Some(Incomplete {
            source: route.cargo.source.clone()?,
            digest: route.cargo.digest,
        })
    });
    let mut missing = report
        .items
        .iter()
        .flat_map(|item| &item.missing)
        .peekable();
    if missing.peek().is_none() {
        return Ok(None);
    }
    let missing = missing.map(|node| Missing {
        digest: node.digest,
        size: node.size,
    });
    // Of what is not complete nothing was taken: what the archive has of it is wanted of the answer too, which could
    // not be imported otherwise, as little as the archive that waits for it.
    let carried = archive.inventory().blobs.iter().map(|blob| Missing {
        digest: blob.digest,
        size: blob.size,
    });
    let missing = missing.chain(carried);
    Request::new(GENERATOR, &to.shown(), archive.digest(), artifacts, missing).map(Some)
}
