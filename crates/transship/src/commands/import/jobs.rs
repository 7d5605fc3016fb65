//! From what is in an archive, and where it is to go, to jobs for the engine.

use std::{collections::HashSet, sync::Arc};

use transship_engine::{Job, Target};
use transship_oci::{Digest, Error, ErrorKind, Name, Repository, Result, Side, Tag};

use crate::{app::App, archives::Cargo, list::check_collisions, names::Destination};

/// One artifact, and its place at the target.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) cargo: Cargo,
    pub(super) repository: Repository,
    pub(super) tags: Vec<Tag>,
}

/// Where each artifact goes.
///
/// # Errors
/// `Invalid` when names make no sense, when something has none, or when two artifacts would go to one place.
pub(super) fn routes(cargo: Vec<Cargo>, to: &Destination) -> Result<Vec<Route>> {
    let routes = cargo.into_iter().map(|cargo| route(cargo, to));
    let routes: Vec<Route> = routes.collect::<Result<_>>()?;
    let pairs: Vec<(String, String)> = routes
        .iter()
        .flat_map(|route| {
            let targets = route.tags.iter();
            targets.map(|tag| (route.cargo.label(), format!("{}:{tag}", route.repository)))
        })
        .collect();
    check_collisions(pairs.iter().map(|(source, target)| (&**source, &**target)))?;
    Ok(routes)
}

fn route(cargo: Cargo, to: &Destination) -> Result<Route> {
    let (repository, tags) = match (&cargo.source, &cargo.path) {
        (Some(source), Some(path)) => to.of(source, path, &cargo.tags)?,
        _ => to
            .nameless(&cargo.tags)
            .map_err(|error| error.at(cargo.label()))?,
    };
    Ok(Route {
        cargo,
        repository,
        tags,
    })
}

/// The same, with a route of its own for every tag that an artifact has in the archive: whoever judges an artifact is told
/// one name of it, and shall not publish it under others.
///
/// # Errors
/// As [`routes`].
pub(super) fn by_tag(routes: &[Route], to: &Destination) -> Result<Vec<Route>> {
    let mut single = Vec::new();
    for one in routes {
        if one.cargo.tags.len() < 2 {
            single.push(one.clone());
            continue;
        }
        for tag in &one.cargo.tags {
            let cargo = Cargo {
                tags: vec![tag.clone()],
                ..one.cargo.clone()
            };
            single.push(route(cargo, to)?);
        }
    }
    Ok(single)
}

/// The jobs, each label once.
///
/// # Errors
/// As the client says.
pub(super) fn jobs(app: &App, routes: &[Route]) -> Result<Vec<Job>> {
    routes.iter().map(|route| job(app, route)).collect()
}

fn job(app: &App, route: &Route) -> Result<Job> {
    let Route {
        cargo,
        repository,
        tags,
    } = route;
    let label = match tags.first() {
        Some(tag) => format!("{repository}:{tag}"),
        None => repository.to_string(),
    };
    // By tag where there is one: a policy may speak of the names that artifacts had.
    let name = match cargo.tags.first() {
        Some(tag) => Name::Tag(tag.clone()),
        None => Name::Digest(cargo.digest),
    };
    Ok(Job {
        label: cargo.label(),
        source: Arc::clone(&cargo.from),
        name,
        targets: vec![Target {
            label,
            sink: Arc::new(app.target(repository)?),
            tags: tags.clone(),
        }],
        expect: Some(cargo.digest),
    })
}

/// Leaves out what cannot be had, and says of each why.
pub(super) fn leave_out(routes: &mut Vec<Route>, whole: &HashSet<Digest>) -> Vec<Error> {
    let (kept, lost): (Vec<Route>, Vec<Route>) = std::mem::take(routes)
        .into_iter()
        .partition(|route| whole.contains(&route.cargo.digest));
    *routes = kept;
    let lost = lost.into_iter();
    lost.map(|route| {
        let message = format!("{} is not whole: a volume is missing", route.cargo.label());
        Error::new(ErrorKind::NotFound, message).on(Side::Source)
    })
    .collect()
}
