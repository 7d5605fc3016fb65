//! What a command works with: output, settings, clock, and one client for the whole process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jiff::Timestamp;
use transship_engine::{Engine, Options};
use transship_oci::{Clock, Journal, NoJournal, Repository, Result, Side, SystemClock};
use transship_registry_client::{Client, Context, RemoteRepository};

use crate::{
    args::{Choices, Global},
    client,
    environment::Environment,
    journal::FileJournal,
    output::Output,
    progress::Progress,
    settings::Settings,
    trust::Guard,
};

/// How many artifacts are worked on at once where nobody says otherwise.
const JOBS: usize = 32;

/// The surroundings of a command, built once in `main`.
#[derive(Debug)]
pub(crate) struct App {
    /// Where results go.
    pub(crate) output: Output,
    /// Who looks on.
    pub(crate) progress: Progress,
    /// The variables of the process.
    pub(crate) environment: Environment,
    /// File, environment and flags put together.
    pub(crate) settings: Settings,
    /// The time of day.
    pub(crate) clock: Arc<dyn Clock>,
    client: OnceLock<Client>,
    repositories: Mutex<HashMap<(Repository, Side), RemoteRepository>>,
}

impl App {
    /// What the flags and the environment say.
    ///
    /// # Errors
    /// `Invalid` when a file that they name cannot be used.
    pub(crate) fn new(global: &Global, environment: Environment, output: Output) -> Result<Self> {
        Ok(Self {
            output,
            progress: Progress::new(global)?,
            settings: Settings::gather(global, &environment)?,
            environment,
            clock: Arc::new(SystemClock),
            client: OnceLock::new(),
            repositories: Mutex::default(),
        })
    }

    /// The client, made when the first command needs it.
    pub(crate) fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = Client::new(self.context()?)?;
        Ok(self.client.get_or_init(|| made))
    }

    /// What a client is made from.
    pub(crate) fn context(&self) -> Result<Context> {
        let mut context = client::context(&self.settings, &self.environment)?;
        context.clock = Arc::clone(&self.clock);
        context.observer = Arc::new(self.progress.clone());
        context.journal = self.journal();
        Ok(context)
    }

    /// The time of day, as trust reckons with it. A clock beyond all calendars counts as the beginning of time, when no
    /// certificate was valid.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::try_from(self.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The variables of the process as the client knows them.
    pub(crate) fn variables(&self) -> transship_registry_client::Environment {
        client::variables(&self.settings, &self.environment)
    }

    /// A repository to read from. The same one for the same name, so that what is learnt about it is learnt once.
    pub(crate) fn source(&self, name: &Repository) -> Result<RemoteRepository> {
        self.repository(name, Side::Source)
    }

    /// A repository to write to.
    pub(crate) fn target(&self, name: &Repository) -> Result<RemoteRepository> {
        self.repository(name, Side::Target)
    }

    /// The engine, with the choices that commands share, behind a guard.
    pub(crate) fn engine(
        &self,
        choices: &Choices,
        guard: &Guard,
        with: impl FnOnce(&mut Options),
    ) -> Engine {
        let mut options = Options {
            move_tags: choices.move_tags,
            require_platforms: choices.require_platform.clone(),
            include_foreign: choices.include_foreign,
            referrers: !choices.no_referrers,
            recheck: choices.recheck,
            parallel: self.settings.jobs.map_or(JOBS, usize::from),
            ..Options::default()
        };
        with(&mut options);
        Engine::new(options, Arc::new(self.progress.clone()), guard.gate())
    }

    fn repository(&self, name: &Repository, side: Side) -> Result<RemoteRepository> {
        let client = self.client()?;
        let mut known = self
            .repositories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(repository) = known.get(&(name.clone(), side)) {
            return Ok(repository.clone());
        }
        let repository = client.repository(name, side)?;
        known.insert((name.clone(), side), repository.clone());
        Ok(repository)
    }

    /// Without a home there is nowhere to keep a journal: an upload that is cut off then starts anew.
    fn journal(&self) -> Arc<dyn Journal> {
        let Some(state) = self.environment.state_dir() else {
            tracing::debug!("no HOME and no XDG_STATE_HOME: uploads are not journalled");
            return Arc::new(NoJournal);
        };
        let name = format!("{:032x}", rand::random::<u128>());
        Arc::new(FileJournal::new(state.join("uploads"), name))
    }
}
