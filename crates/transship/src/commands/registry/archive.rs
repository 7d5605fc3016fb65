//! Serving an archive from where it lies.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use transship_oci::{Digest, Repository, Result, Source};
use transship_registry_server::{Registry, SourceRepository, Sources};

use crate::{
    app::App,
    archives::{self, Cargo, Opened},
    args::Written,
};

/// The folder that is meant, if it is one: whatever is no address, no file, and not called an archive.
pub(super) fn folder(written: &Written) -> Option<PathBuf> {
    let text = written.text();
    let path = Path::new(text);
    let is_archive = text.contains("://")
        || ["oci:", "oci-archive:", "docker-archive:"]
            .iter()
            .any(|it| text.starts_with(it))
        || path.is_file()
        || path.extension().is_some_and(|extension| extension == "tar");
    (!is_archive).then(|| path.to_owned())
}

/// A registry over an archive, and what to call it. Nothing is unpacked; what is asked for is read by ranges.
pub(super) async fn registry(app: &App, written: &Written) -> Result<(String, Registry)> {
    let (shown, cargo) = match archives::open(app, written).await? {
        Opened::Own(archive, _) => (archive.at().to_owned(), Cargo::own(&archive)?),
        Opened::Foreign(archive) => (archive.at().to_owned(), Cargo::foreign(&archive)?),
    };
    // Looked up, not searched: an archive may name a million artifacts.
    let mut sources: HashMap<&str, HashSet<Option<&Repository>>> = HashMap::new();
    for one in &cargo {
        if let Some(path) = &one.path {
            let known = sources.entry(path).or_default();
            known.insert(one.source.as_ref());
        }
    }
    let mut rooms: BTreeMap<String, (Arc<dyn Source>, Vec<Digest>)> = BTreeMap::new();
    for one in &cargo {
        let room = rooms.entry(name(one, &sources));
        let (_, digests) = room.or_insert_with(|| (Arc::clone(&one.from), Vec::new()));
        digests.push(one.digest);
    }
    let mut repositories = Vec::new();
    for (name, (source, roots)) in rooms {
        app.output.say(format_args!("repository {name}"));
        let repository = SourceRepository::with_roots(source, &roots).await?;
        repositories.push((name, repository));
    }
    Ok((shown, Registry::new(Sources::new(repositories))))
}

/// What a repository is called here: by its path behind the gap, with its registry before it where two would have the same.
fn name(one: &Cargo, sources: &HashMap<&str, HashSet<Option<&Repository>>>) -> String {
    let Some(path) = &one.path else {
        return "unnamed".to_owned();
    };
    let alone = sources.get(path.as_str()).is_none_or(|all| all.len() < 2);
    match &one.source {
        Some(source) if !alone => {
            format!("{}/{path}", source.registry().replace([':', '[', ']'], "-"))
        }
        _ => path.clone(),
    }
}
