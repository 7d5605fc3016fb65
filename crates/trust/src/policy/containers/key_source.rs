//! The four ways in which `policy.json` says where keys are.

use transship_oci::Result;

use super::{
    SignedBy, SigstoreSigned,
    parse::{base64, list},
};

/// One key or several, as files or as data in base64.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeySource<'a> {
    path: Option<&'a String>,
    paths: Option<&'a [String]>,
    data: Option<&'a String>,
    datas: Option<&'a [String]>,
}

impl<'a> KeySource<'a> {
    /// Which of the ways are taken.
    pub(super) fn given(self) -> [bool; 4] {
        [
            self.path.is_some(),
            self.paths.is_some(),
            self.data.is_some(),
            self.datas.is_some(),
        ]
    }

    /// All files.
    pub(super) fn files(self) -> impl Iterator<Item = &'a String> {
        self.path.into_iter().chain(self.paths.unwrap_or_default())
    }

    /// All data.
    pub(super) fn inline(self) -> impl Iterator<Item = &'a String> {
        self.data.into_iter().chain(self.datas.unwrap_or_default())
    }

    /// Lists that are there are not empty, and data is base64. `name` is what the keys are called: `key`.
    pub(super) fn check(self, name: &str) -> Result<()> {
        list(&format!("{name}Paths"), self.paths)?;
        list(&format!("{name}Datas"), self.datas)?;
        base64(self.inline().map(String::as_str))
    }
}

impl SignedBy {
    /// The signers' keys.
    pub(super) fn keys(&self) -> KeySource<'_> {
        KeySource {
            path: self.key_path.as_ref(),
            paths: self.key_paths.as_deref(),
            data: self.key_data.as_ref(),
            datas: None,
        }
    }
}

impl SigstoreSigned {
    /// The signers' keys.
    pub(super) fn keys(&self) -> KeySource<'_> {
        KeySource {
            path: self.key_path.as_ref(),
            paths: self.key_paths.as_deref(),
            data: self.key_data.as_ref(),
            datas: self.key_datas.as_deref(),
        }
    }

    /// The keys of logs.
    pub(super) fn log_keys(&self) -> KeySource<'_> {
        KeySource {
            path: self.rekor_public_key_path.as_ref(),
            paths: self.rekor_public_key_paths.as_deref(),
            data: self.rekor_public_key_data.as_ref(),
            datas: self.rekor_public_key_datas.as_deref(),
        }
    }
}
