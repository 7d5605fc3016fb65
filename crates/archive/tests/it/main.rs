//! The archive and its stores against the real ones.
