//! Writing what was laid out.

use std::sync::Arc;

use transship_archive::{ArchiveSink, Outline, WriteOptions};
use transship_engine::{Engine, Gathering};
use transship_oci::{Result, Side};

use crate::{
    app::App,
    stores::{self, Spot},
};

/// How to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// May it take the place of another archive?
    pub(crate) overwrite: bool,
    /// Is every byte read back from the medium?
    pub(crate) verify_media: bool,
}

/// Writes an archive, or goes on with it. Nothing is visible before all of a volume is.
///
/// # Errors
/// `Conflict` when something else is there; as sources and the store say. Then the same call goes on where this one stopped.
pub(crate) async fn write(
    app: &App,
    engine: &Engine,
    gathering: &Gathering,
    outline: Arc<Outline>,
    (spot, manner): (&Spot, Manner),
) -> Result<()> {
    let spot = if manner.verify_media {
        spot.clone().verified()?
    } else {
        spot.clone()
    };
    let options = WriteOptions {
        overwrite: manner.overwrite,
        metadata: stores::metadata(),
        ..WriteOptions::default()
    };
    let order = outline.blobs().to_vec();
    let journal = stores::journal(app);
    let sink = ArchiveSink::open(spot.store, &spot.key, outline, options, journal).await?;
    Box::pin(engine.carry(gathering, Arc::new(sink), &order)).await?;
    Ok(())
}

/// Checks that the store takes the archive, and writes nothing.
///
/// # Errors
/// `Invalid`, with a hint, when it does not.
pub(crate) async fn fits(outline: &Outline, spot: &Spot) -> Result<()> {
    let capacity = spot.store.capacity().await;
    let fits = capacity.and_then(|capacity| outline.fit(&capacity));
    fits.map_err(|error| error.on(Side::Target).at(&spot.shown))
}
