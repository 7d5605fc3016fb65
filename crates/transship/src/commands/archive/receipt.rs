//! `archive receipt REPOSITORY…`: what a target has, looked up there.

use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{
    app::App,
    archives::{self, Cargo, GENERATOR},
    args::WriteReceipt,
    commands::import::scan,
    exit::Exit,
    letter,
    names::Destination,
    private_key,
};

pub(super) async fn run(app: &App, args: &WriteReceipt) -> Result<Exit> {
    let key = args.signing.given();
    let key = key
        .map(|given| private_key::read(app, &given))
        .transpose()?;
    let mut repositories = args.repositories.clone();
    let mut taken = None;
    let to = args
        .to
        .as_deref()
        .map(|to| Destination::new(to, None))
        .transpose()?;
    if let (Some(written), Some(to)) = (&args.archive, &to) {
        let (archive, _) = archives::own(app, written).await?;
        for one in Cargo::own(&archive)? {
            if let (Some(source), Some(path)) = (&one.source, &one.path) {
                repositories.push(to.of(source, path, &one.tags)?.0);
            }
        }
        taken = archives::place(&archive);
    }
    repositories.sort();
    repositories.dedup();
    let Some(first) = repositories.first() else {
        let message = "there is nothing to look at";
        return Err(Error::new(ErrorKind::Invalid, message)
            .on(Side::Local)
            .hinting("name repositories, or --archive and --to"));
    };
    let target = to
        .as_ref()
        .map_or_else(|| first.registry().to_owned(), Destination::shown);
    let mut holdings = scan(app, repositories.clone()).await?;
    if let Some((lineage, mark)) = taken {
        holdings.took(&lineage, mark.sequence, mark.inventory);
    }
    app.progress.end();
    let receipt = holdings.receipt(GENERATOR, &target)?;
    letter::write(app, &args.output, &receipt.to_json()?, key.as_ref())?;
    Ok(Exit::Done)
}
