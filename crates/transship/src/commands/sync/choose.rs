//! Choosing the tags of one entry: by name first, then by age where that is asked for.

use futures::TryStreamExt as _;
use transship_oci::{Result, Source as _, Tag};

use super::age;
use crate::{
    app::App,
    args::Span,
    list::{Decision, Entry, Why},
};

/// What becomes of each tag of an entry's repository.
pub(super) async fn run(app: &App, entry: &Entry) -> Result<Vec<Decision>> {
    let source = app.source(&entry.source)?;
    let selection = &entry.selection;
    let listed: Vec<Tag> = if selection.needs_listing() {
        source.tags().try_collect().await?
    } else {
        Vec::new()
    };
    let mut decisions = selection.judge(&listed);
    let mut taken = 0;
    // One after the other, the newest first: an age costs a request, and after enough are found nobody asks.
    for decision in &mut decisions {
        if decision.why != Why::Selected {
            continue;
        }
        if !selection.has_room(&decision.tag, taken) {
            decision.why = Why::Older(taken);
            continue;
        }
        if let Some(wanted) = selection.min_age {
            decision.why = match age::created(&source, &decision.tag).await? {
                None => Why::AgeUnknown,
                Some(created) => judge(app, created, wanted),
            };
        }
        if decision.why == Why::Selected && selection.counts(&decision.tag) {
            taken += 1;
        }
    }
    Ok(decisions)
}

fn judge(app: &App, created: std::time::SystemTime, wanted: Span) -> Why {
    // An artifact from the future is no older than one made now.
    let age = app.clock.now().duration_since(created).unwrap_or_default();
    let age = Span(std::time::Duration::from_secs(age.as_secs()));
    if age >= wanted {
        Why::Selected
    } else {
        Why::TooYoung { age, wanted }
    }
}
