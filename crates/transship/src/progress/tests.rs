use std::sync::{Arc, Mutex};

use transship_oci::{Digest, Event, Observer as _};

use super::{bars::Bars, json::JsonLines, lines::line, tally::Tally};

fn planned(bytes: u64, manifests: u64) -> Event {
    Event::Planned {
        source: "r.example/app:1".to_owned(),
        bytes,
        blobs: 7,
        manifests,
        referrers: 0,
    }
}

fn placed(sent: u64) -> Event {
    Event::BlobPlaced {
        target: "t.example/app".to_owned(),
        digest: Digest::sha256(b"x"),
        how: if sent == 0 { "present" } else { "sent" },
        sent,
    }
}

#[test]
fn lines_are_few() {
    assert_eq!(
        line(&planned(533_000_000, 1)).as_deref(),
        Some("r.example/app:1: 533.0 MB to send in 7 blobs, 1 manifest to put")
    );
    assert_eq!(line(&planned(0, 0)), None);
    assert_eq!(line(&placed(3)), None);
    let held = Event::Held {
        host: "r.example".to_owned(),
        wait_ms: 90_000,
    };
    assert_eq!(
        line(&held).as_deref(),
        Some("r.example: the registry asked for a pause of 1m30s")
    );
    let retry = Event::Retry {
        host: "r.example".to_owned(),
        attempt: 2,
        wait_ms: 250,
        reason: "connection reset".to_owned(),
    };
    assert_eq!(
        line(&retry).as_deref(),
        Some("r.example: connection reset; attempt 2 in 250 ms")
    );
}

#[test]
fn the_tally_adds_up() {
    let tally = Tally::default();
    for event in [placed(500), placed(0), placed(1500)] {
        tally.on(&event);
    }
    for outcome in ["copied", "unchanged", "unchanged"] {
        tally.on(&Event::ArtifactDone {
            source: "a".to_owned(),
            target: "b".to_owned(),
            digest: Digest::sha256(b"x"),
            outcome,
        });
    }
    assert_eq!(
        tally.to_string(),
        "1 artifact copied, 2 unchanged, 0 failed; 2.0 kB of whole blobs sent"
    );
}

#[test]
fn every_event_is_one_line_of_json() {
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared::default();
    let json = JsonLines::new(shared.clone());
    json.on(&planned(1, 1));
    json.on(&Event::Notice {
        about: "a\nb".to_owned(),
        message: "c".to_owned(),
    });
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], "planned");
    assert_eq!(lines[0]["v"], 1);
    assert_eq!(lines[1]["about"], "a\nb");
}

#[test]
fn bars_take_any_order_of_events() {
    let bars = Bars::new();
    let digest = Digest::sha256(b"x");
    bars.on(&placed(1));
    bars.on(&Event::BlobProgress { digest, bytes: 5 });
    bars.on(&planned(4_000_000, 1));
    for target in ["a", "b"] {
        bars.on(&Event::BlobStarted {
            source: "r.example/app:1".to_owned(),
            target: target.to_owned(),
            digest,
            size: 2_000_000,
        });
    }
    bars.on(&Event::BlobProgress {
        digest,
        bytes: 1_500_000,
    });
    bars.on(&placed(1));
    bars.on(&placed(1));
    bars.on(&placed(1));
    bars.clear();
}
