//! The second half of the story: what the policy keeps out.

use transship_oci::{ErrorKind, Name, Repository, Result, Source as _, Tag};
use transship_trust::sign::PrivateKey;

use super::{
    sample::{self, Artifact},
    sign,
    story::{copy, said},
};
use crate::{app::App, output, trust::Guard};

/// What is refused, and how.
const REFUSED: [(&str, ErrorKind); 2] = [
    ("unsigned", ErrorKind::SignatureMissing),
    ("tampered", ErrorKind::PolicyRefused),
];

/// Makes an image that nobody signs, and one whose signature is tampered with.
pub(super) async fn publish(app: &App, to: &Repository, key: &PrivateKey) -> Result<()> {
    let sink = app.target(to)?;
    for (name, kind) in REFUSED {
        let tag: Tag = name.parse().map_err(said)?;
        let image = image(name)?;
        image.push(&sink).await?;
        if kind == ErrorKind::PolicyRefused {
            sign::tamper(key, image.manifest.digest(), to, &sink).await?;
        }
        image.push_as(&tag, &sink).await?;
    }
    Ok(())
}

/// Tries to copy them.
pub(super) async fn refusals(
    app: &App,
    guard: &Guard,
    source: &Repository,
    target: &Repository,
) -> Result<()> {
    output::line(
        "6. Two more images, which the policy refuses before the first byte of a layer:\n",
    )?;
    for (name, kind) in REFUSED {
        let tag: Tag = name.parse().map_err(said)?;
        let error = match copy(app, guard, source, target, &tag).await {
            Err(error) if error.kind() == kind => error,
            Err(error) => return Err(error),
            Ok(_) => return Err(said("the policy let it pass")),
        };
        app.progress.end();
        if app.target(target)?.resolve(&Name::Tag(tag)).await.is_ok() {
            return Err(said("what was refused is there"));
        }
        output::line(format_args!(
            "   {name}: {}: {}",
            kind.as_str(),
            error.message()
        ))?;
    }
    output::line("")
}

/// The image for a platform of its own: nothing of the first one's signatures fits it.
fn image(name: &str) -> Result<Artifact> {
    let architecture = if name == "unsigned" {
        "riscv64"
    } else {
        "s390x"
    };
    sample::image(&format!("linux/{architecture}").parse().map_err(said)?)
}
