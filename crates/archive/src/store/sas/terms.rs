//! What a SAS says of itself: the fields of its query.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};
use percent_encoding::percent_decode_str;

/// What is signed, and by whom. See "Create a service SAS", "… an account SAS" and "… a user delegation SAS" in the
/// reference of Azure Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For the services of an account (`ss`, `srt`), signed with the account's key.
    Account,
    /// For one container or blob (`sr`), signed with the account's key.
    Service,
    /// The same, signed with a key that an identity was given (`skoid`): the roles of that identity count too.
    Delegated,
}

/// The terms of a SAS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Letters of what is allowed (`sp`); none where a stored policy (`si`) says it.
    pub permissions: Option<String>,
    /// Not before (`st`).
    pub starts: Option<Timestamp>,
    /// Not after (`se`); none where a stored policy says it.
    pub expires: Option<Timestamp>,
    /// Protocols (`spr`): `https`, or `https,http`.
    pub protocols: Option<String>,
    /// From which addresses only (`sip`).
    pub addresses: Option<String>,
    /// Resource of a service SAS (`sr`): `c` a container, `b` a blob, `d` a directory, `bs` a snapshot, `bv` a version.
    pub resource: Option<String>,
    /// Services of an account SAS (`ss`): `b` is blobs.
    pub services: Option<String>,
    /// Resource types of an account SAS (`srt`): `s` the service, `c` containers (needed to list), `o` objects.
    pub resource_types: Option<String>,
    /// A policy stored at the container (`si`), which can be changed or taken back there.
    pub policy: Option<String>,
    /// Whose key signed it (`skoid`).
    pub identity: Option<String>,
    /// When that key ends (`ske`), and the SAS with it.
    pub key_expires: Option<Timestamp>,
    /// The version of the service that it was made for (`sv`).
    pub version: Option<String>,
}

impl Terms {
    /// Which of the three kinds it is.
    pub fn kind(&self) -> Kind {
        match (&self.services, &self.identity) {
            (Some(_), _) => Kind::Account,
            (None, Some(_)) => Kind::Delegated,
            (None, None) => Kind::Service,
        }
    }

    /// Those of `wanted` that are not allowed, in the order given. Nothing is known to lack when a stored policy may
    /// allow it.
    pub fn lacking(&self, wanted: &str) -> String {
        match &self.permissions {
            Some(has) => wanted
                .chars()
                .filter(|letter| !has.contains(*letter))
                .collect(),
            None => String::new(),
        }
    }

    /// Reads the query, percent-encoded, without a question mark.
    pub(super) fn read(query: &str) -> Result<Self, String> {
        let mut terms = Self::default();
        let mut signed = false;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or("one of its fields has no value")?;
            if name == "sig" {
                signed = !value.is_empty();
                continue;
            }
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| format!("the field {name:.16} is not UTF-8"))?;
            terms.take(name, &value)?;
        }
        if !signed {
            return Err("there is no signature (sig) in it".to_owned());
        }
        Ok(terms)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned());
        match name {
            "sp" => self.permissions = text(),
            "st" => self.starts = Some(time(name, value)?),
            "se" => self.expires = Some(time(name, value)?),
            "spr" => self.protocols = text(),
            "sip" => self.addresses = text(),
            "sr" => self.resource = text(),
            "ss" => self.services = text(),
            "srt" => self.resource_types = text(),
            "si" => self.policy = text(),
            "skoid" => self.identity = text(),
            "ske" => self.key_expires = Some(time(name, value)?),
            "sv" => self.version = text(),
            // Whatever else there is, or will be, is for Azure to judge.
            _ => {}
        }
        Ok(())
    }
}

/// A date, or a date and a time in UTC with or without seconds: the forms that Azure takes.
fn time(name: &str, value: &str) -> Result<Timestamp, String> {
    let bad = || format!("the time in {name} is none");
    if let Ok(time) = value.parse() {
        return Ok(time);
    }
    let bare = value.strip_suffix('Z').unwrap_or(value);
    let civil = bare
        .parse::<DateTime>()
        .or_else(|_| bare.parse::<Date>().map(|date| date.at(0, 0, 0, 0)))
        .map_err(|_| bad())?;
    TimeZone::UTC.to_timestamp(civil).map_err(|_| bad())
}
