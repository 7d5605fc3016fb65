//! The files of a tar that was never unpacked.

use std::{collections::HashMap, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use transship_oci::{ByteStream, Result};

use super::files::{Files, no_file};
use crate::{
    reader::Object,
    store::Store,
    tar::read::{Limits, Links, Member, Scan},
};

/// How much is read at once while headers are looked for: several small members, and little of a large one.
const WINDOW: u64 = 256 * 1024;

/// A tar in a store, all of whose headers were read.
#[derive(Debug)]
pub(super) struct TarFiles {
    object: Object,
    members: HashMap<String, Member>,
}

impl TarFiles {
    /// Goes through the headers, one range read for each that is not near the one before.
    ///
    /// # Errors
    /// `Corrupt` for a tar that breaks the rules.
    pub(super) async fn open(store: Arc<dyn Store>, key: &str, limits: Limits) -> Result<Self> {
        let (object, bytes) = Object::open(store, key, WINDOW).await?;
        let mut window = Window { start: 0, bytes };
        let mut scan = Scan::new(object.size(), limits, Links::Alias);
        let mut members = HashMap::new();
        while let Some(wanted) = scan.wants() {
            let bytes = window.get(&object, wanted).await?;
            let found = scan.feed(&bytes).map_err(|error| object.fault(error))?;
            members.extend(found.map(|member| (member.path.clone(), member)));
        }
        Ok(Self { object, members })
    }

    /// A file, by its own name or by one that stands for it. Names that stand for such names are not followed.
    fn find(&self, path: &str) -> Option<&Member> {
        let found = self.members.get(path)?;
        match &found.alias {
            None => Some(found),
            Some(path) => {
                let member = self.members.get(path)?;
                member.alias.is_none().then_some(member)
            }
        }
    }
}

#[async_trait]
impl Files for TarFiles {
    fn at(&self) -> &str {
        self.object.at()
    }

    async fn size(&self, path: &str) -> Result<Option<u64>> {
        Ok(self.find(path).map(|member| member.size))
    }

    async fn open(&self, path: &str, from: u64) -> Result<ByteStream> {
        let member = self.find(path).ok_or_else(|| no_file(path))?;
        let end = member.offset + member.size;
        self.object
            .stream((member.offset + from).min(end)..end)
            .await
    }
}

/// The bytes that were read last.
struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    /// As many bytes of a range as the object has.
    async fn get(&mut self, object: &Object, wanted: Range<u64>) -> Result<Bytes> {
        let wanted = wanted.start.min(object.size())..wanted.end.min(object.size());
        let known = self.start..self.start + self.bytes.len() as u64;
        if wanted.start < known.start || wanted.end > known.end {
            let length = WINDOW.max(wanted.end - wanted.start);
            let end = (wanted.start + length).min(object.size());
            self.bytes = object.read(wanted.start..end).await?;
            self.start = wanted.start;
        }
        let place = |at: u64| usize::try_from(at - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.slice(place(wanted.start)..place(wanted.end)))
    }
}
