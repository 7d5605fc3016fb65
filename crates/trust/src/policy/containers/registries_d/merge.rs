//! One more file among those that lie in a folder already.
//!
//! containers/image reads all of them as one, and refuses the whole when a place is in two (containers-registries.d(5)). Of
//! what fits an image, the most specific place holds, and it alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use transship_oci::{Error, ErrorKind, Result};

use super::{
    super::super::{
        parse::{MAX_POLICY, told},
        scope::is_at_or_below,
    },
    ATTACHMENTS, Lookups,
};
use crate::yaml;

/// What is said for all places that are not named.
const DEFAULT: &str = "default-docker";
/// Under it are the places that are named.
const PLACES: &str = "docker";

/// A file of the folder: its name, for people, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    name: String,
    text: String,
    default: Option<Value>,
    places: BTreeMap<String, Value>,
    /// All of it, with what nobody knows.
    whole: Map<String, Value>,
}

/// What becomes of our file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Its text; empty when nothing has to be said.
    pub text: String,
    /// What a reader should know.
    pub notes: Vec<String>,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// `Invalid` for what containers/image could not read either.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let invalid = |why: &str| Error::new(ErrorKind::Invalid, why).at(name);
        if text.len() > MAX_POLICY {
            return Err(invalid("it is longer than such files are"));
        }
        let read: Option<Map<String, Value>> =
            serde_saphyr::from_str(text).map_err(|error| told(&error, name))?;
        let whole = read.unwrap_or_default();
        let places = match whole.get(PLACES) {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(places)) => places.clone().into_iter().collect(),
            Some(_) => return Err(invalid("docker is no mapping in it")),
        };
        let default = whole.get(DEFAULT).filter(|value| !value.is_null());
        let mut settings = default.into_iter().chain(places.values());
        if !settings.all(|value| value.is_object() || value.is_null()) {
            return Err(invalid("the settings of a place are no mapping in it"));
        }
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            default: default.cloned(),
            places,
            whole,
        })
    }
}

impl Lookups {
    /// Says it in our file, `own` if it is there, beside `others`. All that is in our file already stays, with its comments;
    /// what another file says is not said again.
    ///
    /// # Errors
    /// `Conflict`, with the file's name, when another file has something else to say of the same place.
    pub fn merge(&self, own: Option<&Settings>, others: &[Settings]) -> Result<Merged> {
        let mut missing = self.clone();
        for other in others {
            missing.without(other, own)?;
        }
        let mut notes = Vec::new();
        for file in own.into_iter().chain(others) {
            notes.extend(self.hidden_by(file));
        }
        let text = match own {
            Some(own) => missing.added_to(own)?,
            None => missing.to_yaml(),
        };
        Ok(Merged { text, notes })
    }

    /// Takes out what another file says.
    fn without(&mut self, other: &Settings, own: Option<&Settings>) -> Result<()> {
        if let Some(said) = &other.default {
            let twice = own.is_some_and(|own| own.default.is_some());
            if self.everywhere || twice {
                settled(DEFAULT, said, other, own.filter(|_| twice))?;
                self.everywhere = false;
            }
        }
        for (place, said) in &other.places {
            let twice = own.is_some_and(|own| own.places.contains_key(place));
            if self.places.contains(place) || twice {
                settled(place, said, other, own.filter(|_| twice))?;
                self.places.remove(place);
            }
        }
        Ok(())
    }

    /// More specific places that say nothing of signatures: there, what we say does not hold.
    fn hidden_by(&self, file: &Settings) -> Vec<String> {
        let wanted = |place: &String| {
            let above = |wanted: &String| wanted != place && is_at_or_below(place, wanted);
            !self.places.contains(place) && (self.everywhere || self.places.iter().any(above))
        };
        let hides = file.places.iter();
        hides
            .filter(|(place, said)| wanted(place) && !says_so(said))
            .map(|(place, _)| {
                format!(
                    "stricter: {place}: {} has settings of its own for it without {ATTACHMENTS}, so signatures there are not looked for",
                    file.name
                )
            })
            .collect()
    }

    /// For a file that says nothing, in whatever words (`{}`, `null`): only its comments can stand above what is said.
    fn below_comments_of(&self, own: &Settings) -> String {
        let lines = own.text.lines().map(str::trim_start);
        let comments: Vec<&str> = lines
            .filter(|line| line.is_empty() || line.starts_with('#'))
            .collect();
        let text = format!("{}\n{}", comments.join("\n").trim_end(), self.to_yaml());
        text.trim_start().to_owned()
    }

    fn added_to(&self, own: &Settings) -> Result<String> {
        let mut whole = own.whole.clone();
        if self.everywhere {
            say_so(entry(&mut whole, DEFAULT)?);
        }
        if !self.places.is_empty() {
            let places = entry(&mut whole, PLACES)?;
            for place in &self.places {
                say_so(entry(places, place)?);
            }
        }
        if whole == own.whole {
            return Ok(own.text.clone());
        }
        if own.whole.is_empty() {
            return Ok(self.below_comments_of(own));
        }
        let wanted = serde_saphyr::to_string(&whole)
            .map_err(|cause| internal("registries.d cannot be written").because(cause))?;
        let text = yaml::rewrite(&own.text, &wanted).map_err(|error| error.at(&own.name))?;
        if Settings::parse(&text, &own.name)?.whole == whole {
            Ok(text)
        } else {
            Err(internal(
                "the file that was written does not say what it should",
            ))
        }
    }
}

fn says_so(settings: &Value) -> bool {
    settings[ATTACHMENTS] == true
}

fn say_so(settings: &mut Map<String, Value>) {
    settings.insert(ATTACHMENTS.to_owned(), true.into());
}

/// The mapping under a key, made where there is none.
fn entry<'a>(map: &'a mut Map<String, Value>, key: &str) -> Result<&'a mut Map<String, Value>> {
    let value = map.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    let map = value.as_object_mut();
    map.ok_or_else(|| internal("settings are no mapping"))
}

/// Does another file say what we would say, and ours nothing?
fn settled(place: &str, said: &Value, other: &Settings, own: Option<&Settings>) -> Result<()> {
    let conflict = |message: String| Error::new(ErrorKind::Conflict, message).at(&other.name);
    if let Some(own) = own {
        let message = format!(
            "{place:?} is in {} too, and nodes refuse a place that is in two files",
            own.name
        );
        return Err(conflict(message).hinting("take it out of one of them"));
    }
    if says_so(said) {
        return Ok(());
    }
    let message =
        format!("{place:?} has other settings here, and nodes refuse a place that is in two files");
    Err(conflict(message).hinting(format!("add `{ATTACHMENTS}: true` to it there")))
}

fn internal(message: &'static str) -> Error {
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests;
