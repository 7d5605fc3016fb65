//! What may be written on the command line. Nothing here decides: `settings` resolves, `commands` act.

mod archive;
mod conformance;
mod copy;
mod export;
mod form;
mod import;
mod login;
mod policy;
mod read;
mod registry;
mod sign;
mod statement;
mod store;
mod sync;
#[cfg(feature = "tuf")]
mod trust;
mod value;
mod verify;
mod who;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{EnumValueParser, TypedValueParser as _},
    error::{ContextKind, ContextValue},
};

pub(crate) use self::{
    archive::{
        ArchiveCommand, ArchiveTool, CopyArchive, DiffArchives, ExpandArchive, InspectArchive,
        JoinArchive, Rewriting, SplitArchive, TreeArchive, TrustFiles, VerifyArchive, WriteReceipt,
    },
    conformance::{Conformance, ConformanceCommand, VerifyBundle},
    copy::{Apply, Choices, Copy},
    export::{ExportArtifacts, InventoryKey, Succession},
    form::{Forms, SignerKey, Storage},
    import::{Admission, ImportArchive, Reply},
    login::{Login, Logout},
    policy::{Explain, Export, Import, Lint, Policy, PolicyCommand},
    read::{Doctor, Errand, Inspect, Patient, Tags, Tree},
    registry::{Registry, RegistryCommand, Serve},
    sign::{Attest, GenerateKey, KeyCommand, KeyTool, Sign, SigningKey},
    statement::{Record, ShowStatement, Statement, StatementCommand, VerifyStatement},
    store::{Amount, Written},
    sync::Sync,
    value::{Span, TagTarget},
    verify::Verify,
    who::{Keyless, Who},
};

#[cfg(feature = "tuf")]
pub(crate) use self::trust::{Refresh, TrustCommand, TrustTool};

/// Moves container images and OCI artifacts, with everything that belongs to them, between registries.
#[derive(Debug, Parser)]
#[command(
    name = "transship",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Results go to standard output, everything else to standard error.\n\
                  Exit codes: 0 done, 1 error, 2 usage, 3 nothing to do (with --exit-nothing), 4 partly done,\n\
                  5 refused by policy, 6 signature missing, 7 cannot check, 8 authentication or permission,\n\
                  9 rate limited, 10 drift, 130/143 stopped by a signal."
)]
pub(crate) struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line of this process; ends it where there is nothing to run.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| without_sas(without_login(error)).exit())
    }
}

/// The error, without a password that somebody put before a host: what is wrong is said elsewhere in it.
fn without_login(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue)
        && let Some((_, after)) = value.rsplit_once('@')
        && after.contains('/')
    {
        let hidden = ContextValue::String(format!("…@{after}"));
        error.insert(ContextKind::InvalidValue, hidden);
    }
    error
}

/// The error, without the query of a URL that stands where none is expected: a SAS has its signature there.
fn without_sas(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(value)) = error.get(kind)
            && let Some((before, _)) = value.split_once('?')
        {
            let hidden = ContextValue::String(format!("{before}?…"));
            error.insert(kind, hidden);
        }
    }
    error
}

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Global {
    /// Settings file (YAML).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where credentials are kept, instead of the usual docker and containers files.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,

    /// Certificates (PEM) to trust for every registry and store, beside the system's.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Speak plain http to this registry; may be given several times.
    #[arg(long, global = true, value_name = "HOST[:PORT]")]
    pub(crate) plain_http: Vec<String>,

    /// The longest that a registry may make us wait for one request, such as 90s or 10m.
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) max_wait: Option<Span>,

    /// How many artifacts to work on at once.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,

    /// The most connections to one registry.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: Option<u16>,

    /// Form of the results.
    #[arg(long, global = true, default_value = "text", value_name = "FORM",
          value_parser = EnumValueParser::<Format>::new().map(Forms::from))]
    pub(crate) format: Forms,

    /// Write every event as a line of JSON to standard error, in place of bars and lines.
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub(crate) events: Option<EventForm>,

    /// Write every event as a line of JSON to this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) events_file: Option<PathBuf>,

    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    /// Log what goes on inside; twice for every request.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Form of the results on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// Form of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventForm {
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Copy an artifact, whole and unchanged, with its signatures and all other referrers.
    Copy(Copy),
    /// Do exactly what a plan says, or refuse.
    Apply(Apply),
    /// Copy what a list selects.
    Sync(Sync),
    /// Write artifacts, with everything that belongs to them, into an archive: for the way across a gap.
    Export(ExportArtifacts),
    /// Read an archive, judge it, and put what it holds into a registry.
    Import(ImportArchive),
    /// Archives: look at them, check them, carry them, cut them.
    Archive(ArchiveTool),
    /// Verify the signatures or statements of an artifact, and say of every one how it stands.
    Verify(Verify),
    /// Policies: what must lie beside which artifact.
    Policy(Policy),
    /// Show what a reference points at.
    Inspect(Inspect),
    /// Show an artifact as a tree, with everything that belongs to each part of it.
    Tree(Tree),
    /// List the tags of a repository.
    Tags(Tags),
    /// Store a credential for a registry, after trying it.
    Login(Login),
    /// Forget the credential for a registry.
    Logout(Logout),
    /// Find out by trying what a repository allows and supports.
    Doctor(Doctor),
    /// Sign an artifact with a key.
    Sign(Sign),
    /// Say something about an artifact, signed with a key: provenance, an SBOM, the result of a scan.
    Attest(Attest),
    /// Read the signed record of a run.
    Statement(Statement),
    /// Make keys to sign with.
    Key(KeyTool),
    /// Trust roots: by what keyless signatures are judged.
    #[cfg(feature = "tuf")]
    Trust(TrustTool),
    /// The registry built into this program.
    Registry(Registry),
    /// Answer the questions of the sigstore-conformance suite.
    #[command(hide = true)]
    Conformance(Conformance),
    /// See it work: two registries and a signed sample image, all inside this process.
    Quickstart,
    /// Print the completions for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Does it wait for signals by itself, and end in its own way?
    pub(crate) fn ends_itself(&self) -> bool {
        matches!(self, Self::Registry(_))
    }
}

#[cfg(test)]
mod tests;
