//! Users and their passwords, hashed as `htpasswd -B` does.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{sync::Semaphore, task::spawn_blocking};
use transship_oci::Digest;

/// How many passwords are checked at once: bcrypt is slow on purpose, and must not take all processors.
const CHECKS: usize = 2;

/// Everybody who can log in.
#[derive(Clone)]
pub struct Users {
    hashes: Arc<HashMap<String, String>>,
    /// Who has shown the right password, as a salted hash that is quick to check.
    known: Arc<Mutex<HashMap<String, Digest>>>,
    salt: [u8; 32],
    checks: Arc<Semaphore>,
}

/// Why a text is no list of users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsersError {
    /// A line is not `user:hash`.
    #[error("line {0} of the password file is not of the form user:hash")]
    Line(usize),
    /// A hash of another kind than bcrypt.
    #[error("the password of {0} is not hashed with bcrypt; make it with `htpasswd -B`")]
    NotBcrypt(String),
    /// Nothing in it.
    #[error("the password file names nobody")]
    Nobody,
    /// The password cannot be hashed.
    #[error("the password of {0} cannot be hashed: bcrypt takes no more than 72 bytes")]
    Password(String),
}

impl Users {
    /// Reads the text of an htpasswd file: lines of `user:bcrypt-hash`.
    ///
    /// # Errors
    /// For a line that is neither that nor a remark, and for an empty list.
    pub fn htpasswd(text: &str) -> Result<Self, UsersError> {
        let mut hashes = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (user, hash) = line.split_once(':').ok_or(UsersError::Line(number + 1))?;
            if !["$2y$", "$2a$", "$2b$"]
                .iter()
                .any(|kind| hash.starts_with(kind))
            {
                return Err(UsersError::NotBcrypt(user.to_owned()));
            }
            hashes.insert(user.to_owned(), hash.to_owned());
        }
        if hashes.is_empty() {
            return Err(UsersError::Nobody);
        }
        Ok(Self::of(hashes))
    }

    /// One user.
    ///
    /// # Errors
    /// For a password that bcrypt does not take.
    pub fn single(user: &str, password: &str) -> Result<Self, UsersError> {
        // The hash never leaves this process: the lowest cost will do.
        let hash = bcrypt::hash(password, 4).map_err(|_| UsersError::Password(user.to_owned()))?;
        Ok(Self::of(HashMap::from([(user.to_owned(), hash)])))
    }

    fn of(hashes: HashMap<String, String>) -> Self {
        Self {
            hashes: Arc::new(hashes),
            known: Arc::default(),
            salt: rand::random(),
            checks: Arc::new(Semaphore::new(CHECKS)),
        }
    }

    /// Is this one of them, with the right password?
    pub(crate) async fn know(&self, user: &str, password: &str) -> bool {
        let Some(hash) = self.hashes.get(user).cloned() else {
            return false;
        };
        let quick = self.quick(password);
        if self.known().get(user) == Some(&quick) {
            return true;
        }
        let Ok(_permit) = self.checks.acquire().await else {
            return false;
        };
        let password = password.to_owned();
        let check = spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false));
        let right = check.await.unwrap_or(false);
        if right {
            self.known().insert(user.to_owned(), quick);
        }
        right
    }

    fn quick(&self, password: &str) -> Digest {
        Digest::sha256(&[&self.salt, password.as_bytes()].concat())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Digest>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.hashes.len())
    }
}
