//! What goes on inside, for whoever asks for it with `--verbose`; and what is wrong inside, for everybody: a server that
//! tells its clients that its log says why must say it there.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt::time::uptime};

/// Logs to standard error: once for what our own parts do, twice for every step of theirs. Libraries underneath are never
/// logged: they would print requests with everything that is in them.
pub(crate) fn start(verbose: u8, quiet: bool, color: bool) {
    let level = match verbose {
        0 if quiet => "error",
        0 => "warn",
        1 => "debug",
        _ => "trace",
    };
    let parts = [
        "transship",
        "transship_engine",
        "transship_registry_client",
        "transship_registry_server",
    ];
    let filter = parts.map(|part| format!("{part}={level}")).join(",");
    // A second subscriber cannot be: this is called once, from main.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(color && io::stderr().is_terminal())
        .with_timer(uptime())
        .try_init();
}
