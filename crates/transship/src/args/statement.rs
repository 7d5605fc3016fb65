//! Statements: the signed record of a run.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::{SignerKey, SigningKey, Who};

/// What to state of a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Statement")]
pub(crate) struct Record {
    /// Write a signed statement of what was moved into this file: an in-toto statement in a Sigstore bundle.
    #[arg(long, value_name = "FILE", requires = "statement_key")]
    pub(crate) statement: Option<PathBuf>,

    /// The private key to sign the statement with: a file, or `env://VARIABLE`.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) statement_key: Option<SignerKey>,

    /// Read the passphrase of that key from this file.
    #[arg(long, value_name = "FILE", requires = "statement_key")]
    pub(crate) statement_password_file: Option<PathBuf>,

    /// Put the statement beside each artifact at each target too.
    #[arg(long, requires = "statement_key")]
    pub(crate) attach_statement: bool,
}

impl Record {
    /// The key, if a statement is wanted.
    pub(crate) fn key(&self) -> Option<SigningKey> {
        Some(SigningKey {
            key: self.statement_key.clone()?,
            password_file: self.statement_password_file.clone(),
        })
    }
}

/// `statement`
#[derive(Debug, Args)]
pub(crate) struct Statement {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: StatementCommand,
}

/// What can be done with a statement.
#[derive(Debug, Subcommand)]
pub(crate) enum StatementCommand {
    /// Show what a statement says. Its signature is not looked at.
    Show(ShowStatement),
    /// Check who signed a statement, and show what it says.
    Verify(Box<VerifyStatement>),
}

/// `statement show FILE`
#[derive(Debug, Args)]
pub(crate) struct ShowStatement {
    /// The statement; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// `statement verify FILE --key KEY`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("signer-of-statement").required(true).multiple(true)
    .args(["policy", "key", "certificate_identity", "certificate_identity_regexp"])))]
pub(crate) struct VerifyStatement {
    /// The statement; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// One of the signers of this policy must have signed: the one that --signer names.
    #[arg(long, value_name = "FILE", requires = "signer", conflicts_with_all = Who::ALL)]
    pub(crate) policy: Option<PathBuf>,

    /// Who of the policy's signers.
    #[arg(long, value_name = "NAME", requires = "policy")]
    pub(crate) signer: Option<String>,

    /// Who must have signed. No log is asked about a statement that was signed with a key.
    #[command(flatten)]
    pub(crate) who: Who,
}
