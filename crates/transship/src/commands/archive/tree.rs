//! `archive tree ARCHIVE [REF]`

use serde::Serialize;
use transship_oci::{Error, ErrorKind, Name, Reference, Result, Side};

use crate::{
    app::App,
    archives::{self, Cargo, Opened},
    args::{Format, TreeArchive},
    exit::Exit,
    output,
    tree::{self, Drawing, Node},
};

#[derive(Serialize)]
struct Document {
    reference: String,
    #[serde(flatten)]
    root: Node,
}

pub(super) async fn run(app: &App, args: &TreeArchive) -> Result<Exit> {
    let cargo = match archives::open(app, &args.archive).await? {
        Opened::Own(archive, _) => Cargo::own(&archive)?,
        Opened::Foreign(archive) => Cargo::foreign(&archive)?,
    };
    let wanted = |one: &&Cargo| {
        args.reference
            .as_ref()
            .is_none_or(|reference| is(one, reference))
    };
    let mut documents = Vec::new();
    for one in cargo.iter().filter(wanted) {
        let root = one.from.fetch(&Name::Digest(one.digest)).await?;
        documents.push(Document {
            reference: one.label(),
            root: tree::walk(&*one.from, &root).await?,
        });
    }
    app.progress.end();
    if let (Some(reference), []) = (&args.reference, documents.as_slice()) {
        let message = format!("{reference} is not in this archive");
        return Err(Error::new(ErrorKind::NotFound, message)
            .on(Side::Source)
            .hinting("`transship archive inspect` lists what is"));
    }
    match app.output.format() {
        Format::Json => output::json(&documents)?,
        Format::Text => {
            for document in &documents {
                output::text(Drawing {
                    title: &document.reference,
                    root: &document.root,
                })?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Is it the artifact that somebody means?
fn is(one: &Cargo, reference: &Reference) -> bool {
    let digest = reference.digest.is_none_or(|digest| digest == one.digest);
    let tag = reference.tag.as_ref();
    let tag = tag.is_none_or(|tag| one.tags.contains(tag));
    one.source.as_ref() == Some(&reference.repository) && digest && tag
}
