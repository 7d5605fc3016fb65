//! The story, step by step.

use std::sync::Arc;

use transship_engine::{Job, Target};
use transship_oci::{
    Digest, Error, ErrorKind, Name, Platform, Repository, Result, Sink, Source, Tag,
};
use transship_registry_server::{Memory, Registry, Server};

use super::{
    key::Key,
    sample::{self, Artifact},
    verify,
};
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

    let key = Key::generate()?;
    let root = publish(app, &source, &tag, &key).await?;
    output::line(format_args!(
        "2. A sample image for two platforms at {source}:{tag}, with an SBOM, and signed the way cosign signs:\n   \
         the index and the image of each platform, with a key made a moment ago.\n"
    ))?;

    copy(app, &source, &target, &tag).await?;
    app.progress.end();

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
    let signatures = verify::signatures(&there, &copied, &key).await?;
    output::line(format_args!(
        "5. Checked: {} at the target, each with the digest that it has at the source (the index is {}…);\n   \
         {} read back and verified with the public key.\n",
        Count(digests, "manifest"),
        &root.to_string()[..19],
        Count(signatures, "signature"),
    ))?;
    from.shutdown().await;
    to.shutdown().await;
    output::line(NEXT)?;
    Ok(Exit::Done)
}

const NEXT: &str = "\
6. Both registries are gone, and nothing was written to disk. Three commands to try next:

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
async fn publish(app: &App, to: &Repository, tag: &Tag, key: &Key) -> Result<Digest> {
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
        sign(subject, to, key, &sink).await?;
    }
    index.push_as(tag, &sink).await?;
    Ok(root)
}

async fn sign(subject: &Artifact, at: &Repository, key: &Key, sink: &dyn Sink) -> Result<()> {
    let digest = subject.manifest.digest();
    let [tag, ..] = Tag::legacy(&digest);
    let signature = sample::signature(&digest, &at.to_string(), key)?;
    signature.push_as(&tag, sink).await
}

async fn copy(app: &App, source: &Repository, target: &Repository, tag: &Tag) -> Result<()> {
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
    let engine = app.engine(&Choices::default(), &Guard::default(), |_| {});
    let report = Box::pin(engine.run(futures::stream::iter([job]))).await;
    if let Some((_, error)) = report.errors().next() {
        return Err(error.share());
    }
    let moved = report
        .items
        .first()
        .map(|item| item.moved)
        .unwrap_or_default();
    output::line(format_args!(
        "3. Copied: {} in {} and {}, {} of them signatures and the SBOM. The tag came last:\n   \
         nobody can see it without what belongs to it. By hand this is\n\n   \
         transship copy {source}:{tag} {target}:{tag}\n",
        Bytes(moved.bytes),
        Count(moved.blobs, "blob"),
        Count(moved.manifests, "manifest"),
        moved.referrers,
    ))
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("   {line}")).collect();
    lines.join("\n") + "\n"
}

fn said(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}
