//! `tree REF`

use serde::Serialize;
use transship_oci::{Result, Source as _};

use super::suggest;
use crate::{
    app::App,
    args::{Format, Tree},
    exit::Exit,
    output,
    tree::{self, Drawing, Node},
};

#[derive(Serialize)]
struct Document<'a> {
    reference: String,
    #[serde(flatten)]
    root: &'a Node,
}

pub(super) async fn run(app: &App, args: &Tree) -> Result<Exit> {
    let source = app.source(&args.reference.repository)?;
    let root = match source.fetch(&args.reference.name()).await {
        Ok(root) => root,
        Err(error) => return Err(suggest::tag(&source, &args.reference, error).await),
    };
    let root = tree::walk(&source, &root).await?;
    app.progress.end();
    let reference = args.reference.to_string();
    match app.output.format() {
        Format::Json => output::json(&Document {
            reference,
            root: &root,
        })?,
        Format::Text => output::text(Drawing {
            title: &reference,
            root: &root,
        })?,
    }
    Ok(Exit::Done)
}
