//! What goes on inside, for whoever asks for it with `--verbose`.

use std::io;

use tracing_subscriber::{EnvFilter, fmt::time::uptime};

/// Logs to standard error: once for what our own parts do, twice for every step of theirs. Libraries underneath are never
/// logged: they would print requests with everything that is in them.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
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
        .with_timer(uptime())
        .try_init();
}
