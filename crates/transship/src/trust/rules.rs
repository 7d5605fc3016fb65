//! Policies as files: our own (YAML) and those of containers/image (JSON), told apart by their first letter.

use std::{path::Path, sync::Arc};

use transship_oci::Result;
use transship_trust::policy::{Beside, Policy, Rules, containers};

use crate::{app::App, files};

/// The longest policy that is read, in bytes.
const MAX_POLICY: u64 = 4 * 1024 * 1024;

/// A policy's text, and which kind it is of.
#[derive(Debug)]
pub(crate) enum Document {
    /// One of our own.
    Own(String),
    /// A `policy.json`.
    Containers(String),
}

/// Reads the text of a policy; `-` is standard input.
///
/// # Errors
/// `Invalid` when it cannot be read.
pub(crate) fn document(path: &Path) -> Result<Document> {
    let text = files::read_text(path, MAX_POLICY)?;
    Ok(if text.trim_start().starts_with('{') {
        Document::Containers(text)
    } else {
        Document::Own(text)
    })
}

/// What a policy names lies in its folder, and in the variables of the process.
pub(crate) fn beside(app: &App, policy: &Path) -> Beside {
    let folder = policy.parent().unwrap_or(Path::new(""));
    let variables = app.environment.clone();
    Beside::new(folder).with_variables(move |name| variables.get(name).map(str::to_owned))
}

/// The rules of a policy, with all that it names.
///
/// # Errors
/// `Invalid` for what is no policy, or names what is not there.
pub(crate) fn rules(app: &App, path: &Path) -> Result<Arc<dyn Rules>> {
    let (origin, materials) = (files::name(path), beside(app, path));
    Ok(match document(path)? {
        Document::Own(text) => Arc::new(Policy::read(&text, &origin, &materials)?),
        Document::Containers(text) => Arc::new(containers::Policy::read(
            text.as_bytes(),
            &origin,
            &materials,
        )?),
    })
}
