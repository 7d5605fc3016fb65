//! Texts of YAML that people have written, rewritten with care: what stays keeps its comments and its manner.
//!
//! ```text
//! old text ──► tree (nodes and where they are) ──┐
//!                                                ├─ rewrite ──► what the new text says, in the old one's hand
//! new text ──► tree ─────────────────────────────┘
//! ```

mod layout;
mod rewrite;
mod tree;

pub(crate) use rewrite::rewrite;
