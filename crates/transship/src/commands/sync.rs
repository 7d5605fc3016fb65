//! `sync -f LIST`

mod age;
mod choose;

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use serde_json::json;
use transship_engine::Job;
use transship_oci::{Error, ErrorKind, Reference, Repository, Result, Tag};

use super::{
    copy,
    transfer::{self, Mode},
};
use crate::{
    app::App,
    args::{Choices, Format, Sync},
    exit::Exit,
    files,
    list::{Decision, Entry, List, Targets, Values, Why, check_collisions},
    output, trust, yaml,
};

/// How many repositories are asked for their tags at once.
const AT_ONCE: usize = 16;

/// A repository, and the tags to publish there.
type Place = (Repository, Vec<Tag>);

/// One source and the places where it goes.
struct Route {
    source: Reference,
    targets: Vec<Place>,
}

pub(super) async fn run(app: &App, args: &Sync) -> Result<Exit> {
    let text = files::read_text(&args.file, yaml::MAX_DOCUMENT)?;
    let list = List::parse(&text, &files::name(&args.file), Targets::Required)?;
    let whole = args.explain || args.plan.is_some() || args.choices.dry_run;
    let (chosen, away) = choose_all(app, &list.entries, whole).await?;
    if args.explain {
        return explain(app, &chosen);
    }
    let routes = routes(&chosen)?;
    let jobs = routes
        .iter()
        .map(|route| copy::job(app, &route.source, &route.targets))
        .collect::<Result<Vec<Job>>>()?;
    let any = !jobs.is_empty();
    if !any {
        app.progress.end();
        app.output.say("the list selects nothing");
    }
    let mut choices: Choices = args.choices.clone();
    choices.require_platform.extend(list.require_platforms);
    let guard = trust::guard(app, choices.policy.as_deref())?;
    let engine = app.engine(&choices, &guard, |_| {});
    let mode = Mode {
        plan: args.plan.as_deref(),
        choices: &choices,
        platforms: &[],
        guard: &guard,
        source: None,
    };
    let exit = transfer::run(app, &engine, jobs, mode).await?;
    Ok(match exit {
        Exit::Done | Exit::Nothing if !away.is_empty() => Exit::of_run(any.into(), &away),
        exit => exit,
    })
}

/// What every entry selects, and the errors of those whose tags cannot be had: one source that is away must not keep all
/// others from being copied. Where the answer is to be `whole`, the first error is all of it.
pub(super) async fn choose_all<'a>(
    app: &App,
    entries: &'a [Entry],
    whole: bool,
) -> Result<(Vec<(&'a Entry, Vec<Decision>)>, Vec<Error>)> {
    let mut outcomes = stream::iter(entries)
        .map(|entry| async move { (entry, choose::run(app, entry).await) })
        .buffered(AT_ONCE);
    let (mut chosen, mut away) = (Vec::new(), Vec::new());
    while let Some((entry, outcome)) = outcomes.next().await {
        match outcome {
            Ok(decisions) => {
                let selected = |decision: &Decision| decision.why == Why::Selected;
                if !whole && !decisions.iter().any(selected) {
                    app.output.say(format_args!(
                        "{}: none of {} tags is selected; --explain says why",
                        entry.source,
                        decisions.len()
                    ));
                }
                chosen.push((entry, decisions));
            }
            Err(error) if whole => return Err(error),
            Err(error) => {
                app.output.error(&error);
                away.push(error);
            }
        }
    }
    Ok((chosen, away))
}

/// Every selected tag with its targets, once all of them are known to fit together.
fn routes(chosen: &[(&Entry, Vec<Decision>)]) -> Result<Vec<Route>> {
    // By source, so that one read feeds the targets of every entry that names it.
    let mut places: BTreeMap<(Repository, Tag), Vec<Place>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (entry, decisions) in chosen {
        for decision in decisions
            .iter()
            .filter(|decision| decision.why == Why::Selected)
        {
            let values = Values {
                source: &entry.source,
                tag: &decision.tag,
            };
            let to = places
                .entry((entry.source.clone(), decision.tag.clone()))
                .or_default();
            for template in &entry.targets {
                let (repository, tag) = template
                    .fill(values)
                    .map_err(|cause| Error::new(ErrorKind::Invalid, cause.to_string()))?;
                pairs.push((
                    format!("{}:{}", entry.source, decision.tag),
                    format!("{repository}:{tag}"),
                ));
                let place = (repository, vec![tag]);
                if !to.contains(&place) {
                    to.push(place);
                }
            }
        }
    }
    check_collisions(pairs.iter().map(|(source, target)| (&**source, &**target)))?;
    Ok(places
        .into_iter()
        .map(|((repository, tag), targets)| Route {
            source: Reference {
                repository,
                tag: Some(tag),
                digest: None,
            },
            targets,
        })
        .collect())
}

fn explain(app: &App, chosen: &[(&Entry, Vec<Decision>)]) -> Result<Exit> {
    app.progress.end();
    let selected = |decision: &Decision| decision.why == Why::Selected;
    match app.output.format() {
        Format::Text => {
            for (entry, decisions) in chosen {
                for decision in decisions {
                    let mark = if selected(decision) { "+" } else { "-" };
                    let (tag, why) = (&decision.tag, &decision.why);
                    output::line(format_args!("{mark} {}:{tag}  {why}", entry.source))?;
                }
            }
        }
        Format::Json => {
            let rows: Vec<_> = chosen
                .iter()
                .flat_map(|(entry, decisions)| decisions.iter().map(move |d| (entry, d)))
                .map(|(entry, decision)| {
                    json!({
                        "source": entry.source.to_string(),
                        "tag": decision.tag.as_str(),
                        "selected": selected(decision),
                        "why": decision.why.to_string(),
                    })
                })
                .collect();
            output::json(&rows)?;
        }
    }
    Ok(Exit::Done)
}
