//! The story, step by step.

use std::sync::Arc;

use transship_engine::{Job, Moved, Target};
use transship_oci::{Digest, Error, ErrorKind, Name, Platform, Repository, Result, Source, Tag};
use transship_registry_server::{Memory, Registry, Server};
use transship_trust::sign::PrivateKey;

use super::{refuse, sample, sign, verify};
use crate::{
    amount::{Bytes, Count},
    app::App,
    args::Choices,
    exit::Exit,
    output,
    tree::{self, Drawing},
    trust::Guard,
};

/// Tells the story.
pub(crate) async fn run(app: &App) -> Result<Exit> {
    let (from, to) = (registry().await?, registry().await?);
    output::line(format_args!(
        "1. Two empty registries, inside this process, in memory: {} and {}.\n",
        from.local_addr(),
        to.local_addr()
    ))?;
    let source = repository(&from, "sample/hello")?;
    let target = repository(&to, "mirror/hello")?;
    let tag: Tag = "1.0".parse().map_err(said)?;

    let key = PrivateKey::generate()?;
    let guard = Guard::of(app, verify::policy(&key)?);
    let root = publish(app, &source, &tag, &key).await?;
    refuse::publish(app, &source, &key).await?;
    output::line(format_args!(
        "2. A sample image for two platforms at {source}:{tag}, with an SBOM, and signed the way cosign signs:\n   \
         the index and the image of each platform, with a key made a moment ago.\n"
    ))?;
    let moved = copy(app, &guard, &source, &target, &tag).await?;
    app.progress.end();
    told(&guard, moved, &source, &target, &tag)?;

    let there = app.target(&target)?;
    let manifest = Source::fetch(&there, &Name::Tag(tag.clone())).await?;
    let copied = tree::walk(&there, &manifest).await?;
    output::line("4. What a reader of the target finds, read back from there:\n")?;
    let title = format!("{target}:{tag}");
    let drawing = Drawing {
        title: &title,
        root: &copied,
    }
    .to_string();
    output::line(indented(&drawing))?;

    let here = app.source(&source)?;
    let original = tree::walk(&here, &Source::fetch(&here, &Name::Tag(tag.clone())).await?).await?;
    let digests = verify::same(&original, &copied)?;
    output::line(format_args!(
        "5. Checked: {} at the target, each with the digest that it has at the source (the index is {}…).\n",
        Count(digests, "manifest"),
        &root.to_string()[..19],
    ))?;
    refuse::refusals(app, &guard, &source, &target).await?;
    from.shutdown().await;
    to.shutdown().await;
    output::line(NEXT)?;
    Ok(Exit::Done)
}

const NEXT: &str = "\
7. Both registries are gone, and nothing was written to disk. Three commands to try next:

   transship tree docker.io/library/alpine:latest        what belongs to an image, and how it is stored
   transship registry serve ./registry                   a registry of your own at 127.0.0.1:5000
   transship copy docker.io/library/alpine 127.0.0.1:5000/   a copy into it, from a second terminal";

async fn registry() -> Result<Server> {
    let app = Registry::new(Memory::new()).router();
    Server::bind(([127, 0, 0, 1], 0).into(), app).await
}

fn repository(at: &Server, path: &str) -> Result<Repository> {
    Repository::new(&at.local_addr().to_string(), path).map_err(said)
}

/// Makes the sample and pushes it; returns the index's digest.
async fn publish(app: &App, to: &Repository, tag: &Tag, key: &PrivateKey) -> Result<Digest> {
    let sink = app.target(to)?;
    let mut images = Vec::new();
    for platform in ["linux/amd64", "linux/arm64"] {
        let platform: Platform = platform.parse().map_err(said)?;
        let image = sample::image(&platform)?;
        image.push(&sink).await?;
        images.push((platform, image));
    }
    let index = sample::index(&images)?;
    let root = index.manifest.digest();
    // The order that the engine keeps too: what belongs to it first, the tag last.
    index.push(&sink).await?;
    sample::sbom(&index.manifest)?.push(&sink).await?;
    for subject in images.iter().map(|(_, image)| image).chain([&index]) {
        sign::sign(key, subject.manifest.digest(), to, &sink).await?;
    }
    index.push_as(tag, &sink).await?;
    Ok(root)
}

/// Copies under the guard's policy, and says what was moved.
///
/// # Errors
/// Whatever stands in the way, a refusal among it.
pub(super) async fn copy(
    app: &App,
    guard: &Guard,
    source: &Repository,
    target: &Repository,
    tag: &Tag,
) -> Result<Moved> {
    let job = Job {
        label: format!("{source}:{tag}"),
        source: Arc::new(app.source(source)?),
        name: Name::Tag(tag.clone()),
        targets: vec![Target {
            label: format!("{target}:{tag}"),
            sink: Arc::new(app.target(target)?),
            tags: vec![tag.clone()],
        }],
        expect: None,
    };
    let engine = app.engine(&Choices::default(), guard, |_| {});
    let report = Box::pin(engine.run(futures::stream::iter([job]))).await;
    if let Some((_, error)) = report.errors().next() {
        return Err(error.share());
    }
    let item = report.items.first();
    Ok(item.map(|item| item.moved).unwrap_or_default())
}

/// Tells of the copy, and of the verdict on what is at the target.
fn told(
    guard: &Guard,
    moved: Moved,
    source: &Repository,
    target: &Repository,
    tag: &Tag,
) -> Result<()> {
    output::line(format_args!(
        "3. Copied: {} in {} and {}, {} of them signatures and the SBOM. A policy wants all of it signed with that\n   \
         key, and was asked twice: at the source before anything moved, and at the target before the tag came.\n",
        Bytes(moved.bytes),
        Count(moved.blobs, "blob"),
        Count(moved.manifests, "manifest"),
        moved.referrers,
    ))?;
    let there = target.to_string();
    let assessments = guard.assessments();
    let Some(verdict) = assessments.iter().find(|said| said.location == there) else {
        return Err(said("nobody judged what is at the target"));
    };
    output::line("   The verdict on the target:")?;
    for reason in &verdict.reasons {
        output::line(format_args!("   + {reason}"))?;
    }
    output::line(format_args!(
        "\n   By hand: transship copy {source}:{tag} {target}:{tag} --policy policy.yaml\n"
    ))
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("   {line}")).collect();
    lines.join("\n") + "\n"
}

pub(super) fn said(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}
