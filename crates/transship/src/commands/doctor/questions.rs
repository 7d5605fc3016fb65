//! The questions, in the order in which they make sense.

use futures::StreamExt as _;
use transship_oci::{Error, ErrorKind, Repository, Result, Source as _};
use transship_registry_client::{
    Ping,
    probe::{Deleting, Finding, Probe, Referring, clock_skew},
};

use super::{SIDE, findings::Diagnosis};
use crate::{amount::Bytes, app::App};

/// Clocks that are this many seconds apart make tokens look expired.
const SKEW: u64 = 60;

/// Is it a registry, and does it let us in? Says whether to go on.
pub(super) async fn reach(app: &App, at: &Repository, found: &mut Diagnosis) -> Result<bool> {
    let plain = app.context()?.hosts.is_plain(at.registry());
    match app.client()?.ping(at.registry()).await {
        Err(error) => {
            found.problem("reach", &error.on(SIDE).at(at.registry()));
            Ok(false)
        }
        Ok(ping) => {
            found.ok("reach", if plain { "in plain http" } else { "over TLS" });
            login(&ping, found);
            clock(app, &ping, found);
            Ok(true)
        }
    }
}

fn login(ping: &Ping, found: &mut Diagnosis) {
    match &ping.who {
        Some(who) => found.ok("login", format!("as {who}")),
        None => found.ok("login", "the registry did not ask who we are"),
    }
}

fn clock(app: &App, ping: &Ping, found: &mut Diagnosis) {
    let Some(date) = ping.date else {
        return found.ok("clock", "the registry does not tell the time");
    };
    let skew = clock_skew(date, app.clock.now());
    if skew.unsigned_abs() < SKEW {
        return found.ok("clock", "both clocks agree");
    }
    let side = if skew > 0 { "ahead of" } else { "behind" };
    found.note(
        "clock",
        format!(
            "the registry is {} s {side} this machine",
            skew.unsigned_abs()
        ),
        "set the clock that is wrong; tokens may be taken for expired",
    );
}

/// May we read? Says whether to go on.
pub(super) async fn pull(app: &App, at: &Repository, found: &mut Diagnosis) -> Result<bool> {
    let repository = app.target(at)?;
    let first = repository.tags().next().await;
    match first {
        Some(Ok(tag)) => found.ok("pull", format!("tags are listed, {tag} among them")),
        None => found.ok("pull", "there is nothing here yet"),
        Some(Err(error)) if error.kind() == ErrorKind::NotFound => {
            found.ok("pull", "there is nothing here yet");
        }
        Some(Err(error)) => {
            found.problem("pull", &error);
            return Ok(false);
        }
    }
    if let Some(quota) = app.client()?.quota(at.registry())? {
        found.note(
            "pull quota",
            format!("{} of {} pulls are left", quota.remaining, quota.limit),
            "log in for a larger one; unchanged artifacts cost nothing",
        );
    }
    Ok(true)
}

/// May we write, and what is special about it?
pub(super) async fn write(app: &App, at: &Repository, found: &mut Diagnosis) -> Result<()> {
    let repository = app.target(at)?;
    let mut probe = Probe::new(&repository);
    let push = probe.push().await;
    if let Some(error) = refusal(&push, at) {
        found.problem("push", &error);
        return Ok(());
    }
    found.ok("push", "uploads are taken");
    deleting(&probe.delete().await, found);
    referring(probe.referrers().await, found);
    ability(
        found,
        "mount",
        &probe.mount().await,
        "blobs are mounted, not sent again",
        "blobs that other repositories have are sent once more",
    );
    ability(
        found,
        "sparse index",
        &probe.sparse_index().await,
        "an index may come without all its children",
        "an index is copied with all its platforms, or written anew with --platform",
    );
    ability(
        found,
        "move tags",
        &probe.moves_tags().await,
        "a tag can be moved",
        "--move-tags cannot work here; publish under new tags",
    );
    if let Some(limit) = probe.size_limit() {
        found.note(
            "size limit",
            format!("a body of {} was refused", Bytes(limit)),
            "raise the limit at the registry or at the proxy before it",
        );
    }
    let cleanup = probe.finish().await;
    if cleanup.left_behind.is_empty() {
        found.ok("left behind", "nothing");
    } else {
        found.note(
            "left behind",
            cleanup.left_behind.join(", "),
            "remove it at the registry; it is a few bytes of ours",
        );
    }
    Ok(())
}

fn refusal(push: &Finding, at: &Repository) -> Option<Error> {
    let (kind, why) = match push {
        Finding::Yes => return None,
        Finding::No(why) => (ErrorKind::Denied, why),
        Finding::Unknown(why) => (ErrorKind::Unavailable, why),
    };
    Some(Error::new(kind, why.clone()).on(SIDE).at(at))
}

fn deleting(deleting: &Deleting, found: &mut Diagnosis) {
    let parts = [
        ("manifests", &deleting.manifests),
        ("tags", &deleting.tags),
        ("blobs", &deleting.blobs),
    ];
    let can: Vec<&str> = parts
        .iter()
        .filter(|(_, one)| one.is_yes())
        .map(|(what, _)| *what)
        .collect();
    let cannot = parts.iter().find_map(|(what, one)| match one {
        Finding::Yes => None,
        Finding::No(why) | Finding::Unknown(why) => Some(format!("{what} not: {why}")),
    });
    match (can.is_empty(), cannot) {
        (_, None) => found.ok("delete", can.join(", ")),
        (true, Some(cannot)) => found.note("delete", cannot, "copies need no right to delete"),
        (false, Some(cannot)) => found.note(
            "delete",
            format!("{}; {cannot}", can.join(", ")),
            "copies need no right to delete",
        ),
    }
}

fn referring(referring: Referring, found: &mut Diagnosis) {
    let check = "referrers";
    match referring {
        Referring::Api => found.ok(check, "the registry has the API and lists what is pushed"),
        Referring::ApiUnproven => found.ok(check, "the registry has the API"),
        Referring::FallbackTag => found.note(
            check,
            "the registry has no API",
            "they are kept in an index under a tag, which every client can read",
        ),
        Referring::Lies => found.note(
            check,
            "the registry says that it lists them, and does not",
            "they are kept in an index under a tag all the same",
        ),
        Referring::Unknown(why) => found.note(check, why, "it is found out again with every copy"),
    }
}

fn ability(found: &mut Diagnosis, check: &'static str, finding: &Finding, yes: &str, no: &str) {
    match finding {
        Finding::Yes => found.ok(check, yes),
        Finding::No(why) => found.note(check, why.clone(), no),
        Finding::Unknown(why) => {
            found.note(check, why.clone(), "it is found out when it is needed");
        }
    }
}
