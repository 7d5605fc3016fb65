//! Events for logs: a few plain lines.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use transship_oci::{Event, Observer};

use crate::{
    amount::{Bytes, Count},
    args::Span,
    output::Plain,
};

/// Writes a line for what a reader of a log wants to know.
#[derive(Debug)]
pub(super) struct Lines;

impl Observer for Lines {
    fn on(&self, event: &Event) {
        if let Some(line) = line(event) {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// What is worth a line. Ends are not: the results tell them. What comes from outside cannot steer a terminal.
pub(super) fn line(event: &Event) -> Option<String> {
    words(event).map(|line| Plain(&line).to_string())
}

fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Planned {
            source,
            bytes,
            blobs,
            manifests,
            ..
        } if *manifests > 0 => format!(
            "{source}: {} to send in {}, {} to put",
            Bytes(*bytes),
            Count(*blobs, "blob"),
            Count(*manifests, "manifest")
        ),
        Event::Retry {
            host,
            attempt,
            wait_ms,
            reason,
        } => format!("{host}: {reason}; attempt {attempt} in {}", wait(*wait_ms)),
        Event::Held { host, wait_ms } => {
            format!(
                "{host}: the registry asked for a pause of {}",
                wait(*wait_ms)
            )
        }
        Event::Judged {
            source,
            at,
            verdict: "admitted",
            reasons,
            ..
        } => format!("{source}: passes as it is at {at}: {}", first(reasons)),
        Event::Notice { about, message } => format!("note: {about}: {message}"),
        _ => return None,
    })
}

/// The first reason, and how many more there are.
fn first(reasons: &[String]) -> String {
    match reasons {
        [] => "nothing is asked of it".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one}, and {} more", Count(rest.len() as u64, "reason")),
    }
}

fn wait(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        Span(Duration::from_millis(milliseconds + 500)).to_string()
    }
}
