//! What one run of one program costs: wall time, processor time of the whole process, peak memory.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};

use super::Result;

/// The cost of one run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// From start to exit.
    pub(crate) wall: Duration,
    /// User and system time of the program and what it started.
    pub(crate) cpu: Duration,
    /// Peak resident memory of the program itself, in bytes.
    pub(crate) memory: u64,
    /// Processor time that the registries spent meanwhile.
    pub(crate) registries: Duration,
}

/// Runs `command` to its end; its output goes to `log`.
pub(crate) fn run(command: &mut Command, log: &Path) -> Result<Usage> {
    watched(command, log, &mut || ())
}

/// The same; `watch` is called again and again meanwhile.
pub(crate) fn watched(command: &mut Command, log: &Path, watch: &mut dyn FnMut()) -> Result<Usage> {
    let out = std::fs::File::create(log)?;
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let before = children_cpu()?;
    let start = Instant::now();
    let mut child = command.spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let exit = loop {
        memory = memory.max(peak(&status));
        watch();
        if let Some(exit) = child.try_wait()? {
            break exit;
        }
        pause(Duration::from_millis(1));
    };
    let wall = start.elapsed();
    if !exit.success() {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let tail: String = said
            .chars()
            .rev()
            .take(2000)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        return Err(format!("{command:?} ended with {exit}: {tail}").into());
    }
    Ok(Usage {
        wall,
        cpu: children_cpu()?.saturating_sub(before),
        memory,
        registries: Duration::ZERO,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measuring loop of its own, with nothing else on this thread"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Processor time of all children that have been waited for.
fn children_cpu() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_micros(
            u64::try_from(value.tv_sec() * 1_000_000 + value.tv_usec()).unwrap_or(0),
        )
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// The high-water mark of a process's resident memory; 0 once it is gone.
fn peak(status: &str) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Processor time that a running process has spent so far.
pub(crate) fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    // The kernel counts in hundredths of a second on every Linux we know.
    Duration::from_millis(ticks * 10)
}
