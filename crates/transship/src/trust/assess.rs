//! What rules say of an artifact at a registry.

use transship_oci::{Reference, Result};
use transship_trust::{
    Judge, Limits,
    policy::{self, Assessment, Rules},
};

use crate::{app::App, commands::suggest};

/// Looks at an artifact and assesses it.
///
/// # Errors
/// As the registry says; `CannotCheck` when no verdict can be reached.
pub(crate) async fn assess(
    app: &App,
    reference: &Reference,
    rules: &dyn Rules,
) -> Result<Assessment> {
    let source = app.source(&reference.repository)?;
    let walked = match policy::walk(rules, &source, Some(reference), &reference.name()).await {
        Ok(walked) => walked,
        Err(error) => return Err(suggest::tag(&source, reference, error).await),
    };
    let judge = Judge::new(app.now());
    policy::assess(rules, &judge, &Limits::default(), &walked, &source).await
}
