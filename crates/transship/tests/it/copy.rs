//! `copy`: everything arrives, nothing is rewritten, and every end has its code.

use transship_oci::{Source as _, Tag};
use transship_testkit::{
    fault::{Answer, Route, on},
    peers::{Cosign, Distribution, DockerRegistry, Home, Options, Version},
};

use crate::world::{
    at_home, expect, faulty, guarded, image_under, json, registry, remote, signed_app, transship,
};

#[tokio::test]
async fn everything_arrives_with_its_digest() {
    let (from, to) = (registry().await, registry().await);
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&from.repository("acme/app")))
        .await
        .unwrap();
    let source = format!("{}/acme/app:1.4", from.host());
    let target = format!("{}/mirror/app", to.host());

    let run = transship().run(["copy", &source, &target]).await;
    expect(&run, 0);
    graph.assert_in(&remote(&to.repository("mirror/app"))).await;
    let blobs = graph.blobs().len();
    let bytes = graph.blob_bytes();
    assert_eq!(
        run.stdout,
        format!(
            "copied     {source} → {target}:1.4\n           {}  {} in {blobs} blobs, 6 manifests, 3 of them referrers\n\
             1 copied, 0 unchanged, 0 failed; {} sent\n",
            app.digest,
            shown(bytes),
            shown(bytes)
        )
    );
    assert!(
        !run.stderr.contains('\x1b'),
        "no colours and bars without a terminal: {}",
        run.stderr
    );

    from.forget();
    to.forget();
    let again = transship()
        .run(["copy", &source, &target, "--format", "json"])
        .await;
    expect(&again, 0);
    let report = json(&again);
    assert_eq!(report["unchanged"], 1);
    assert_eq!(report["bytes"], 0);
    assert_eq!(report["items"][0]["outcome"], "unchanged");
    assert_eq!(report["items"][0]["digest"], app.digest.to_string());
    assert_eq!(
        to.count(Route::PutManifest) + to.count(Route::PostUpload),
        0
    );
}

/// Bytes as the program shows them.
fn shown(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let tenths = (bytes + 50) / 100;
    format!("{}.{} kB", tenths / 10, tenths % 10)
}

#[tokio::test]
async fn one_read_feeds_several_targets() {
    let (from, to) = (registry().await, registry().await);
    let graph = image_under(&["1"]);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    from.forget();
    let source = format!("{}/app:1", from.host());
    let run = transship()
        .run([
            "copy",
            &source,
            &format!("{}/", to.host()),
            "--also",
            &format!("{}/second:named", to.host()),
        ])
        .await;
    expect(&run, 0);
    graph.assert_in(&remote(&to.repository("app"))).await;
    let second = remote(&to.repository("second"));
    let named: Tag = "named".parse().unwrap();
    let found = second
        .resolve(&transship_oci::Name::Tag(named))
        .await
        .unwrap();
    assert_eq!(found.digest, graph.tags()[0].1);
    assert_eq!(
        from.count(Route::GetBlob),
        graph.blobs().len(),
        "each blob is read once"
    );
}

#[tokio::test]
async fn a_tag_that_points_elsewhere_is_left_alone() {
    let (from, to) = (registry().await, registry().await);
    let graph = image_under(&["1", "2"]);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    graph.push_to(&remote(&to.repository("app"))).await.unwrap();
    let source = format!("{}/app:2", from.host());
    let target = format!("{}/app:1", to.host());
    let (old, new) = (graph.tags()[0].1, graph.tags()[1].1);

    let run = transship().run(["copy", &source, &target]).await;
    expect(&run, 1);
    assert!(
        run.stderr.contains(&old.to_string()) && run.stderr.contains(&new.to_string()),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("\n  hint: ") && run.stderr.contains("--move-tags"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout
            .starts_with(&format!("failed     {source} → {target}\n")),
        "{}",
        run.stdout
    );

    let moved = transship()
        .run(["copy", &source, &target, "--move-tags"])
        .await;
    expect(&moved, 0);
    let tag = transship_oci::Name::Tag("1".parse().unwrap());
    let found = remote(&to.repository("app")).resolve(&tag).await.unwrap();
    assert_eq!(found.digest, new);
}

#[tokio::test]
async fn exit_codes_tell_what_is_wrong() {
    let empty = registry().await;
    let guarded = guarded("alice", "secret").await;
    let limited = faulty(vec![
        on(Route::GetManifest)
            .or(Route::HeadManifest)
            .answer(Answer::new(429).header("retry-after", "3600")),
    ])
    .await;
    let target = format!("{}/x", empty.host());
    let tool = transship();
    for (source, code, said) in [
        (format!("{}/no/such:1", empty.host()), 1, "source "),
        (format!("{}/app:1", guarded.host()), 8, "hint: "),
        (format!("{}/app:1", limited.host()), 9, "hint: "),
        ("127.0.0.1:1/app:1".to_owned(), 1, "127.0.0.1:1"),
        (
            "registry.example/app:<tag>".to_owned(),
            2,
            "still has a placeholder",
        ),
        (
            "ftp://registry.example/app".to_owned(),
            2,
            "transport \"ftp\" is not known here",
        ),
    ] {
        let run = tool
            .run(["copy", &source, &target, "--max-wait", "1s"])
            .await;
        expect(&run, code);
        assert!(run.stderr.contains(said), "{source}: {}", run.stderr);
        assert!(!run.stderr.contains("failed to"), "{}", run.stderr);
    }
}

#[tokio::test]
async fn a_mistyped_tag_is_answered_with_the_right_one() {
    let (from, to) = (registry().await, registry().await);
    image_under(&["1.4.2", "latest"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let source = format!("{}/app:latets", from.host());
    let run = transship()
        .run(["copy", &source, &format!("{}/", to.host())])
        .await;
    expect(&run, 1);
    let hint = format!("hint: did you mean {}/app:latest?", from.host());
    assert!(run.stderr.contains(&hint), "{}", run.stderr);
}

#[tokio::test]
async fn part_of_the_work_is_a_code_of_its_own() {
    let (from, good) = (registry().await, registry().await);
    let bad = faulty(vec![
        on(Route::PutManifest).answer(Answer::error(403, "DENIED", "no")),
    ])
    .await;
    image_under(&["1"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let source = format!("{}/app:1", from.host());
    let run = transship()
        .run([
            "copy",
            &source,
            &format!("{}/", good.host()),
            "--also",
            &format!("{}/", bad.host()),
        ])
        .await;
    expect(&run, 4);
    assert!(
        run.stdout.contains("1 copied, 0 unchanged, 1 failed"),
        "{}",
        run.stdout
    );
}

#[tokio::test]
async fn nothing_to_do_is_told_to_those_who_ask() {
    let (from, to) = (registry().await, registry().await);
    image_under(&["1"])
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (format!("{}/app:1", from.host()), format!("{}/", to.host()));
    let tool = transship();
    expect(
        &tool.run(["copy", &source, &target, "--exit-nothing"]).await,
        0,
    );
    expect(
        &tool.run(["copy", &source, &target, "--exit-nothing"]).await,
        3,
    );
    expect(&tool.run(["copy", &source, &target]).await, 0);
}

#[tokio::test]
async fn a_pinned_reference_is_that_digest_whatever_the_tag_says() {
    let (from, to) = (registry().await, registry().await);
    let graph = image_under(&["1", "2"]);
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let first = graph.tags()[0].1;
    let source = format!("{}/app:2@{first}", from.host());
    expect(
        &transship()
            .run(["copy", &source, &format!("{}/", to.host())])
            .await,
        0,
    );
    let tag = transship_oci::Name::Tag("2".parse().unwrap());
    assert_eq!(
        remote(&to.repository("app"))
            .resolve(&tag)
            .await
            .unwrap()
            .digest,
        first
    );
}

#[tokio::test]
async fn required_platforms_are_required() {
    let (from, to) = (registry().await, registry().await);
    let (graph, _) = signed_app();
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (
        format!("{}/app:1.4", from.host()),
        format!("{}/", to.host()),
    );
    let tool = transship();
    let run = tool
        .run([
            "copy",
            &source,
            &target,
            "--require-platform",
            "linux/amd64,linux/s390x",
        ])
        .await;
    expect(&run, 2);
    assert!(run.stderr.contains("linux/s390x"), "{}", run.stderr);
    assert_eq!(to.count(Route::PutManifest), 0);
    expect(
        &tool
            .run([
                "copy",
                &source,
                &target,
                "--require-platform",
                "linux/arm64",
            ])
            .await,
        0,
    );
}

#[tokio::test]
async fn a_subset_says_what_it_costs() {
    let (from, to) = (registry().await, registry().await);
    let (graph, app) = signed_app();
    graph
        .push_to(&remote(&from.repository("app")))
        .await
        .unwrap();
    let (source, target) = (
        format!("{}/app:1.4", from.host()),
        format!("{}/", to.host()),
    );
    let run = transship()
        .run(["copy", &source, &target, "--platform", "linux/arm64"])
        .await;
    expect(&run, 0);
    assert!(
        run.stderr.contains("note: ")
            && run
                .stderr
                .contains("signatures of the whole index do not cover it"),
        "{}",
        run.stderr
    );
    let tag = transship_oci::Name::Tag("1.4".parse().unwrap());
    let found = remote(&to.repository("app")).resolve(&tag).await.unwrap();
    assert_ne!(found.digest, app.digest);
}

/// Real registries at both ends, real signatures, and the signer's own word at the target.
#[tokio::test]
async fn cosign_verifies_at_the_target_what_it_signed_at_the_source() {
    let home = Home::new();
    let options = Options::default();
    let (Some(from), Some(to), Some(v2), Some(v3)) = (
        DockerRegistry::start(&options).await,
        Distribution::start(&options).await,
        Cosign::new(Version::V2, &home).await,
        Cosign::new(Version::V3, &home).await,
    ) else {
        return;
    };
    let (graph, app) = signed_app();
    let repository = transship_oci::Repository::new(from.host(), "acme/app").unwrap();
    graph.push_to(&remote(&repository)).await.unwrap();
    let signed = format!("{}/acme/app@{}", from.host(), app.digest);
    v2.sign_recursive(&signed).await;
    v3.sign(&signed).await;
    let source = format!("{}/acme/app:1.4", from.host());
    let run = at_home(&home)
        .run(["copy", &source, &format!("{}/copied/", to.host())])
        .await;
    expect(&run, 0);
    let there = format!("{}/copied/app@{}", to.host(), app.digest);
    for (name, verified) in [
        ("v2", v2.verify(&there).await),
        ("v3", v3.verify(&there).await),
    ] {
        assert_eq!(verified.code(), 0, "{name}: {}", verified.stderr);
    }
}
