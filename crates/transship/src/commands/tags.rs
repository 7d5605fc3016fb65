//! `tags REPOSITORY`

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use transship_oci::{Result, Source as _, Tag};

use crate::{
    app::App,
    args::{Format, Tags},
    exit::Exit,
    output,
};

pub(super) async fn run(app: &App, args: &Tags) -> Result<Exit> {
    let repository = app.source(&args.repository)?;
    let mut tags = repository.tags().try_filter(|tag| {
        let shown = args.all || tag.subject().is_none();
        std::future::ready(shown)
    });
    match app.output.format() {
        // Page by page: whoever pipes the first ten into something need not wait for the last.
        Format::Text => {
            while let Some(tag) = tags.next().await {
                output::line(tag?)?;
            }
        }
        Format::Json => {
            let tags: Vec<Tag> = tags.try_collect().await?;
            let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
            output::json(&json!({"repository": args.repository.to_string(), "tags": names}))?;
        }
    }
    Ok(Exit::Done)
}
