//! What may be written as one word or as more.

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// One text, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Words {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Words {
    /// The texts.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

impl<S: Into<String>> From<S> for Words {
    fn from(word: S) -> Self {
        Self::One(word.into())
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Words, E> {
                Ok(Words::One(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                if words.is_empty() {
                    return Err(de::Error::custom("the list is empty"));
                }
                Ok(Words::Many(words))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum SignedByFile {
    /// The signer of this name.
    One(String),
    /// One or all of several.
    Group(Group),
}

/// Several signers: exactly one of `any-of` and `all-of`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Group {
    /// One of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any_of: Option<Vec<SignedByFile>>,
    /// All of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_of: Option<Vec<SignedByFile>>,
}

impl SignedByFile {
    /// One of several.
    pub fn any_of(names: impl IntoIterator<Item = String>) -> Self {
        Self::Group(Group {
            any_of: Some(names.into_iter().map(Self::One).collect()),
            all_of: None,
        })
    }

    /// All of several.
    pub fn all_of(names: impl IntoIterator<Item = String>) -> Self {
        Self::Group(Group {
            any_of: None,
            all_of: Some(names.into_iter().map(Self::One).collect()),
        })
    }
}

impl Serialize for SignedByFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(name) => name.serialize(serializer),
            Self::Group(group) => group.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SignedByFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = SignedByFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a signer's name, or any-of or all-of a list")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SignedByFile, E> {
                Ok(SignedByFile::One(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SignedByFile, A::Error> {
                Group::deserialize(MapAccessDeserializer::new(map)).map(SignedByFile::Group)
            }
        }
        deserializer.deserialize_any(Read)
    }
}
