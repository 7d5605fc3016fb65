use super::*;

const A: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// The contract with readers: a line changes only by a new field at its end, or by a new version.
#[test]
#[expect(clippy::too_many_lines, reason = "one line an event")]
fn every_event_has_its_line() {
    let digest: Digest = A.parse().unwrap();
    let text = |text: &str| text.to_owned();
    let table = [
        (
            Event::RunStarted { artifacts: 2 },
            r#"{"v":1,"event":"run-started","artifacts":2}"#,
        ),
        (
            Event::Resolved {
                source: text("s"),
                digest,
            },
            r#"{"v":1,"event":"resolved","source":"s","digest":"@A"}"#,
        ),
        (
            Event::Planned {
                source: text("s"),
                bytes: 1,
                blobs: 2,
                manifests: 3,
                referrers: 4,
            },
            r#"{"v":1,"event":"planned","source":"s","bytes":1,"blobs":2,"manifests":3,"referrers":4}"#,
        ),
        (
            Event::BlobStarted {
                source: text("s"),
                target: text("t"),
                digest,
                size: 9,
            },
            r#"{"v":1,"event":"blob-started","source":"s","target":"t","digest":"@A","size":9}"#,
        ),
        (
            Event::BlobProgress { digest, bytes: 5 },
            r#"{"v":1,"event":"blob-progress","digest":"@A","bytes":5}"#,
        ),
        (
            Event::BlobPlaced {
                target: text("t"),
                digest,
                how: "sent",
                sent: 9,
            },
            r#"{"v":1,"event":"blob-placed","target":"t","digest":"@A","how":"sent","sent":9}"#,
        ),
        (
            Event::ManifestPut {
                target: text("t"),
                digest,
                role: "root",
            },
            r#"{"v":1,"event":"manifest-put","target":"t","digest":"@A","role":"root"}"#,
        ),
        (
            Event::ReadBack {
                target: text("t"),
                digest,
                referrers: 3,
            },
            r#"{"v":1,"event":"read-back","target":"t","digest":"@A","referrers":3}"#,
        ),
        (
            Event::Tagged {
                target: text("t:1"),
                digest,
            },
            r#"{"v":1,"event":"tagged","target":"t:1","digest":"@A"}"#,
        ),
        (
            Event::Retry {
                host: text("h"),
                attempt: 2,
                wait_ms: 150,
                reason: text("429"),
            },
            r#"{"v":1,"event":"retry","host":"h","attempt":2,"waitMs":150,"reason":"429"}"#,
        ),
        (
            Event::Held {
                host: text("h"),
                wait_ms: 1000,
            },
            r#"{"v":1,"event":"held","host":"h","waitMs":1000}"#,
        ),
        (
            Event::Quota {
                host: text("h"),
                remaining: 7,
                limit: 100,
            },
            r#"{"v":1,"event":"quota","host":"h","remaining":7,"limit":100}"#,
        ),
        (
            Event::Notice {
                about: text("a"),
                message: text("m \"q\"\n"),
            },
            r#"{"v":1,"event":"notice","about":"a","message":"m \"q\"\n"}"#,
        ),
        (
            Event::ArtifactDone {
                source: text("s"),
                target: text("t"),
                digest,
                outcome: "copied",
            },
            r#"{"v":1,"event":"artifact-done","source":"s","target":"t","digest":"@A","outcome":"copied"}"#,
        ),
        (
            Event::ArtifactFailed {
                source: text("s"),
                target: text("t"),
                kind: "denied",
                error: text("e"),
                hint: Some(text("h")),
            },
            r#"{"v":1,"event":"artifact-failed","source":"s","target":"t","kind":"denied","error":"e","hint":"h"}"#,
        ),
        (
            Event::ArtifactFailed {
                source: text("s"),
                target: text("t"),
                kind: "denied",
                error: text("e"),
                hint: None,
            },
            r#"{"v":1,"event":"artifact-failed","source":"s","target":"t","kind":"denied","error":"e"}"#,
        ),
        (
            Event::RunFinished {
                copied: 1,
                unchanged: 2,
                failed: 3,
                bytes: 4,
            },
            r#"{"v":1,"event":"run-finished","copied":1,"unchanged":2,"failed":3,"bytes":4}"#,
        ),
    ];
    for (event, line) in table {
        assert_eq!(event.to_json(), line.replace("@A", A));
    }
}
