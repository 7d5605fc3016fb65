//! A plan as a file: what the engine planned, and the choices it planned with, so that `apply` makes the same ones.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use transship_engine::Plan;
use transship_oci::{Digest, Error, ErrorKind, Platform, Result};

use super::transfer::Mode;
use crate::{
    app::App,
    args::Choices,
    files, output,
    trust::{self, Guard},
};

/// The longest plan that is read, in bytes: some hundred thousand artifacts.
const MAX_PLAN: u64 = 256 * 1024 * 1024;

/// The document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlanFile {
    /// The choices.
    pub(super) choices: Chosen,
    /// What would be done.
    pub(super) plan: Plan,
}

/// Choices that change what is moved.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of a command line")]
pub(super) struct Chosen {
    move_tags: bool,
    require_platforms: Vec<String>,
    /// Only these platforms.
    pub(super) platforms: Vec<String>,
    no_referrers: bool,
    recheck: bool,
    include_foreign: bool,
    /// The policy that the plan was made under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Under>,
}

/// A policy, and the digest that its text had.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Under {
    file: PathBuf,
    digest: Digest,
}

impl Under {
    /// The guard that the plan was made under, by the file `elsewhere` if that is given.
    ///
    /// # Errors
    /// `Drift` when the policy is another now.
    pub(super) fn guard(
        under: Option<&Self>,
        app: &App,
        elsewhere: Option<&Path>,
    ) -> Result<Guard> {
        let path = elsewhere.or(under.map(|under| under.file.as_path()));
        let guard = trust::guard(app, path)?;
        match under {
            Some(under) if guard.digest() != Some(under.digest) => {
                let message = format!(
                    "the plan was made under the policy {}, which is another now",
                    under.digest
                );
                Err(Error::new(ErrorKind::Drift, message).hinting("make the plan again"))
            }
            _ => Ok(guard),
        }
    }
}

impl Chosen {
    pub(super) fn of(mode: &Mode<'_>) -> Self {
        let texts = |platforms: &[Platform]| platforms.iter().map(ToString::to_string).collect();
        Self {
            move_tags: mode.choices.move_tags,
            require_platforms: texts(&mode.choices.require_platform),
            platforms: texts(mode.platforms),
            no_referrers: mode.choices.no_referrers,
            recheck: mode.choices.recheck,
            include_foreign: mode.choices.include_foreign,
            policy: under(mode),
        }
    }

    /// The choices as flags, and the platforms.
    pub(super) fn to_choices(&self) -> Result<(Choices, Vec<Platform>)> {
        let choices = Choices {
            move_tags: self.move_tags,
            require_platform: platforms(&self.require_platforms)?,
            no_referrers: self.no_referrers,
            recheck: self.recheck,
            include_foreign: self.include_foreign,
            ..Choices::default()
        };
        Ok((choices, platforms(&self.platforms)?))
    }
}

fn under(mode: &Mode<'_>) -> Option<Under> {
    let file = mode.choices.policy.as_ref()?;
    Some(Under {
        // The plan may be applied from another folder.
        file: std::path::absolute(file).unwrap_or_else(|_| file.clone()),
        digest: mode.guard.digest()?,
    })
}

fn platforms(texts: &[String]) -> Result<Vec<Platform>> {
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|cause: transship_oci::PlatformError| {
                Error::new(ErrorKind::Invalid, cause.to_string())
            })
        })
        .collect()
}

/// Writes a plan to `path`; `-` is standard output.
pub(super) fn write(app: &App, path: &Path, file: &PlanFile) -> Result<()> {
    if path == Path::new("-") {
        return output::json(file);
    }
    let text = serde_json::to_string_pretty(file).map_err(|cause| {
        Error::new(ErrorKind::Internal, "the plan has no json form").because(cause)
    })?;
    files::write_text(path, &(text + "\n"))?;
    app.output
        .say(format_args!("the plan is in {}", path.display()));
    Ok(())
}

/// Reads a plan from `path`; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<PlanFile> {
    let text = files::read_text(path, MAX_PLAN)?;
    let invalid = |cause: String| {
        Error::new(ErrorKind::Invalid, format!("this is not a plan: {cause}"))
            .at(files::name(path))
            .hinting(
                "make one with `transship copy --plan FILE …` or `transship sync --plan FILE …`",
            )
    };
    let file: PlanFile = serde_json::from_str(&text).map_err(|cause| invalid(cause.to_string()))?;
    // Once more through the engine's own reader, which knows the versions.
    let again = serde_json::to_string(&file.plan).map_err(|cause| invalid(cause.to_string()))?;
    let plan = Plan::from_json(&again).map_err(|error| error.at(files::name(path)))?;
    Ok(PlanFile { plan, ..file })
}
