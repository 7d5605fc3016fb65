//! Hashing bytes as they pass, with a state that can be put down and taken up again.

use serde::{Deserialize, Serialize};
use sha2::{
    Digest as _, Sha256, Sha512,
    digest::common::hazmat::{SerializableState, SerializedState},
};

use crate::{Algorithm, Digest};

/// A running hash.
#[derive(Clone, Debug)]
pub struct Hasher {
    state: State,
    length: u64,
}

#[derive(Clone, Debug)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// A hash of nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        let state = match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        };
        Self { state, length: 0 }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        match &mut self.state {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// How many bytes have been taken in.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all bytes so far.
    pub fn finish(self) -> Digest {
        match self.state {
            State::Sha256(state) => Digest::from_sha256(state.finalize().into()),
            State::Sha512(state) => Digest::from_sha512(state.finalize().into()),
        }
    }

    /// The state, for a journal: another process can go on from it.
    pub fn save(&self) -> HashState {
        let (algorithm, state) = match &self.state {
            State::Sha256(state) => (Algorithm::Sha256, state.serialize().to_vec()),
            State::Sha512(state) => (Algorithm::Sha512, state.serialize().to_vec()),
        };
        HashState {
            algorithm: algorithm.as_str().to_owned(),
            length: self.length,
            state,
        }
    }

    /// Takes up a saved state; `None` when it is not one of ours.
    pub fn restore(saved: &HashState) -> Option<Self> {
        let state = match saved.algorithm.as_str() {
            "sha256" => {
                let raw = SerializedState::<Sha256>::try_from(saved.state.as_slice()).ok()?;
                State::Sha256(Sha256::deserialize(&raw).ok()?)
            }
            "sha512" => {
                let raw = SerializedState::<Sha512>::try_from(saved.state.as_slice()).ok()?;
                State::Sha512(Sha512::deserialize(&raw).ok()?)
            }
            _ => return None,
        };
        Some(Self {
            state,
            length: saved.length,
        })
    }
}

/// A hash in the middle of its work, as a journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashState {
    algorithm: String,
    /// How many bytes the state covers.
    pub length: u64,
    state: Vec<u8>,
}

#[cfg(test)]
mod tests;
