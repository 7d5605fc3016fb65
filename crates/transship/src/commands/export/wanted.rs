//! What is to be exported: references of the command line and what a list selects, with the names behind the gap.

use std::collections::BTreeMap;

use transship_oci::{Error, ErrorKind, Reference, Repository, Result, Tag};

use super::far::Far;
use crate::{
    app::App,
    args::ExportArtifacts,
    commands::sync::choose_all,
    files,
    list::{Decision, Entry, List, Targets, Template, Why, check_collisions},
    names::carried,
    yaml,
};

/// One artifact, with its name behind the gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What to look up.
    pub(super) source: Reference,
    /// Its path behind the gap.
    pub(super) path: String,
    /// Its tag behind the gap; none for what is wanted by digest alone.
    pub(super) tag: Option<Tag>,
}

/// All that is to be exported, and what a list could not be asked about.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) wanted: Vec<Wanted>,
    /// Repositories whose tags cannot be had.
    pub(super) away: Vec<Error>,
}

impl Selection {
    /// Adds what a request asks for, if nothing else was: by digest alone, as the tags come with the archive that asked.
    ///
    /// # Errors
    /// `Invalid` when names make no sense.
    pub(super) fn answer(&mut self, far: &Far, map: Option<&Template>) -> Result<()> {
        let Some(request) = far.request.as_ref().filter(|_| self.wanted.is_empty()) else {
            return Ok(());
        };
        for incomplete in &request.artifacts {
            let reference = Reference {
                repository: incomplete.source.clone(),
                tag: None,
                digest: Some(incomplete.digest),
            };
            add(&mut self.wanted, named(&reference, map)?);
        }
        Ok(())
    }
}

/// What the command line asks for.
///
/// # Errors
/// `Invalid` when names make no sense or collide; as registries say where everything is wanted.
pub(super) async fn select(app: &App, args: &ExportArtifacts) -> Result<Selection> {
    let mut selection = Selection::default();
    for reference in &args.references {
        let wanted = named(reference, args.map.as_ref())?;
        add(&mut selection.wanted, wanted);
    }
    if let Some(file) = &args.file {
        let text = files::read_text(file, yaml::MAX_DOCUMENT)?;
        let list = List::parse(&text, &files::name(file), Targets::Optional)?;
        let (chosen, away) = choose_all(app, &list.entries, !args.continue_on_errors).await?;
        selection.away = away;
        for (entry, decisions) in &chosen {
            for wanted in of_entry(entry, decisions, args.map.as_ref())? {
                add(&mut selection.wanted, wanted);
            }
        }
    }
    refuse_collisions(&selection.wanted)?;
    targets(&selection.wanted)?;
    Ok(selection)
}

/// A reference with its name behind the gap.
pub(super) fn named(reference: &Reference, map: Option<&Template>) -> Result<Wanted> {
    let source = reference.clone();
    let tag = reference.published_tag();
    let repository = &reference.repository;
    let (path, tag) = match (map, tag) {
        (None, tag) => (repository.path().to_owned(), tag),
        (Some(map), Some(tag)) => {
            let (path, tag) = carried(map, repository, &tag)?;
            (path, Some(tag))
        }
        // Wanted by digest alone: the template says where, and its tag is nobody's.
        (Some(map), None) => (carried(map, repository, &nobody()?)?.0, None),
    };
    Ok(Wanted { source, path, tag })
}

fn of_entry(entry: &Entry, decisions: &[Decision], map: Option<&Template>) -> Result<Vec<Wanted>> {
    let template = match (map, entry.targets.as_slice()) {
        (Some(map), _) => Some(map),
        (None, []) => None,
        (None, [one]) => Some(one),
        (None, [_, _, ..]) => {
            let message = format!("{} has several targets", entry.source);
            return Err(Error::new(ErrorKind::Invalid, message).hinting(
                "an archive gives an artifact one name; leave one target, or give --map",
            ));
        }
    };
    let selected = decisions
        .iter()
        .filter(|decision| decision.why == Why::Selected);
    selected
        .map(|decision| {
            let reference = Reference {
                repository: entry.source.clone(),
                tag: Some(decision.tag.clone()),
                digest: None,
            };
            named(&reference, template)
        })
        .collect()
}

fn add(all: &mut Vec<Wanted>, wanted: Wanted) {
    if !all.contains(&wanted) {
        all.push(wanted);
    }
}

/// Two sources under one name: which of them stays would be chance.
fn refuse_collisions(wanted: &[Wanted]) -> Result<()> {
    let pairs: Vec<(String, String)> = wanted
        .iter()
        .filter_map(|one| {
            let tag = one.tag.as_ref()?;
            Some((one.source.to_string(), format!("{}:{tag}", one.path)))
        })
        .collect();
    check_collisions(pairs.iter().map(|(source, target)| (&**source, &**target)))
}

/// A tag for templates where there is none.
fn nobody() -> Result<Tag> {
    let read = "untagged".parse();
    read.map_err(|cause| Error::new(ErrorKind::Internal, "a name is no tag").because(cause))
}

/// The repositories that are called otherwise behind the gap.
///
/// # Errors
/// `Invalid` when one is to be called in two ways: an archive has room for one.
pub(super) fn targets(wanted: &[Wanted]) -> Result<BTreeMap<Repository, String>> {
    let mut targets: BTreeMap<Repository, String> = BTreeMap::new();
    for one in wanted {
        let repository = &one.source.repository;
        let known = targets.entry(repository.clone());
        let known = known.or_insert_with(|| one.path.clone());
        if *known != one.path {
            let message = format!("{repository} would be called {known} and {}", one.path);
            return Err(Error::new(ErrorKind::Invalid, message).hinting(
                "give it one name: a template for archives cannot make the repository of {tag}",
            ));
        }
    }
    targets.retain(|repository, path| repository.path() != path);
    Ok(targets)
}
