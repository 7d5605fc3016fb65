//! The only place that prints: results on standard output, everything else on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use serde::Serialize;
use transship_oci::{Error, ErrorKind, Result};

use crate::args::Format;

/// Where results and errors go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
    color: bool,
}

impl Output {
    /// Output in `format`; `no_color` as the variable `NO_COLOR` has it.
    pub(crate) fn new(format: Format, quiet: bool, no_color: bool) -> Self {
        let color = !no_color && io::stderr().is_terminal();
        Self {
            format,
            quiet,
            color,
        }
    }

    /// In which form results are wanted.
    pub(crate) fn format(self) -> Format {
        self.format
    }

    /// Writes a result in the form that was asked for.
    pub(crate) fn result<T: Serialize + Display>(self, value: &T) -> Result<()> {
        match self.format {
            Format::Text => text(value),
            Format::Json => json(value),
        }
    }

    /// Says something to the person in front, unless they want quiet.
    pub(crate) fn say(self, text: impl Display) {
        if !self.quiet {
            stderr(&text);
        }
    }

    /// Says what went wrong and how to mend it.
    pub(crate) fn error(self, error: &Error) {
        // The reader of our results went away, as `head` does: nobody is left to be told.
        if is_closed(error) {
            return;
        }
        self.problem(&error);
        if let Some(hint) = error.hint() {
            stderr(&format_args!("{} {hint}", self.paint("36", "  hint:")));
        }
    }

    /// Says what went wrong where there is no [`Error`].
    pub(crate) fn problem(self, text: &dyn Display) {
        stderr(&format_args!("{} {text}", self.paint("1;31", "error:")));
    }

    fn paint(self, code: &str, word: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{word}\x1b[0m")
        } else {
            word.to_owned()
        }
    }
}

/// Writes a line of text as a result.
pub(crate) fn line(text: impl Display) -> Result<()> {
    written(writeln!(io::stdout().lock(), "{text}"))
}

/// Writes text that brings its own line ends as a result.
pub(crate) fn text(text: impl Display) -> Result<()> {
    written(write!(io::stdout().lock(), "{text}"))
}

/// Writes a JSON document as a result.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the result has no json form").because(cause)
    })?;
    line(text)
}

/// Writes bytes as they are as a result.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

fn stderr(text: &dyn Display) {
    // Where standard error is closed there is nowhere to say so.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

const CLOSED: &str = "standard output was closed";

/// Did the reader of the results go away? That is no failure of ours.
pub(crate) fn is_closed(error: &Error) -> bool {
    error.kind() == ErrorKind::Cancelled && error.message() == CLOSED
}

fn written(done: io::Result<()>) -> Result<()> {
    done.map_err(|cause| match cause.kind() {
        io::ErrorKind::BrokenPipe => Error::new(ErrorKind::Cancelled, CLOSED),
        _ => Error::new(ErrorKind::Unavailable, "standard output cannot be written").because(cause),
    })
}
