//! Going through a tar from header to header.

use std::{collections::HashSet, ops::Range};

use transship_oci::Result;

use super::{
    BLOCK, fault,
    header::{Header, Kind, header},
    padded, path,
    pax::{Pax, pax},
};

/// The first size that eleven octal digits cannot say: 8 GiB.
const OCTAL_END: u64 = 1 << 33;

/// How much there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Members, folders and extensions included.
    pub members: u64,
    /// Bytes of one path.
    pub path: usize,
    /// Bytes of one extended header.
    pub extension: u64,
    /// Bytes of zeros behind the end, with which some writers fill up a record.
    pub filling: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 1_000_000,
            path: 1024,
            extension: 64 * 1024,
            filling: 1024 * 1024,
        }
    }
}

/// What to do about a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It has no place here.
    Refuse,
    /// It is another name of a file of the same archive, as old `docker save` has it; one that leads out is refused.
    Alias,
}

/// A file in the tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path, without a leading `./`.
    pub path: String,
    /// Where its first header begins, extended headers included.
    pub header: u64,
    /// Where its bytes begin.
    pub offset: u64,
    /// How many there are.
    pub size: u64,
    /// For a link: the path that it stands for.
    pub alias: Option<String>,
}

/// A walk over the headers.
#[derive(Debug)]
pub struct Scan {
    limits: Limits,
    links: Links,
    length: u64,
    at: u64,
    members: u64,
    seen: HashSet<String>,
    ahead: Ahead,
    state: State,
}

/// What was said ahead of a member.
#[derive(Debug, Default)]
struct Ahead {
    begin: Option<u64>,
    pax: Option<Pax>,
    long_name: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Header,
    Body { kind: Kind, size: u64 },
    SecondZero,
    Filling,
    Done,
}

impl Scan {
    /// A walk over a tar of `length` bytes: nothing may lie behind them.
    pub fn new(length: u64, limits: Limits, links: Links) -> Self {
        Self {
            limits,
            links,
            length,
            at: 0,
            members: 0,
            seen: HashSet::new(),
            ahead: Ahead::default(),
            state: State::Header,
        }
    }

    /// Where the next header is, or would be.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The bytes that are wanted next; `None` when the end was reached and all is well.
    pub fn wants(&self) -> Option<Range<u64>> {
        let length = match &self.state {
            State::Header | State::SecondZero => BLOCK,
            State::Body { size, .. } => *size,
            State::Filling => self.length.saturating_sub(self.at).min(BLOCK),
            State::Done => return None,
        };
        Some(self.at..self.at + length)
    }

    /// Takes the bytes that were wanted. Returns the member whose header is complete by now.
    ///
    /// # Errors
    /// `Corrupt`, naming the member or the offset.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Option<Member>> {
        let wanted = self.wants().map_or(0, |range| range.end - range.start);
        if bytes.len() as u64 != wanted {
            return Err(fault::at(self.at, "it ends before its end"));
        }
        match self.state.clone() {
            State::Header => return self.header(bytes),
            State::Body { kind, size } => self.body(kind, size, bytes)?,
            State::SecondZero => self.second_zero(bytes)?,
            State::Filling => self.filling(bytes)?,
            State::Done => {}
        }
        Ok(None)
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Option<Member>> {
        let begin = self.at;
        let block = bytes
            .try_into()
            .map_err(|_| fault::at(begin, "half a header"))?;
        let found = header(block, begin)?;
        self.at += BLOCK;
        let Some(found) = found else {
            if self.ahead.begin.is_some() {
                return Err(fault::at(begin, "an extended header belongs to no member"));
            }
            self.state = State::SecondZero;
            return Ok(None);
        };
        self.members += 1;
        if self.members > self.limits.members {
            let reason = format!("there are more than {} members", self.limits.members);
            return Err(fault::at(begin, &reason));
        }
        match found.kind {
            Kind::Pax | Kind::LongName | Kind::PaxGlobal => {
                self.extension(&found, begin)?;
                Ok(None)
            }
            Kind::File | Kind::Folder | Kind::Symlink => self.member(found, begin),
        }
    }

    /// An extension's header: its body comes next.
    fn extension(&mut self, found: &Header, begin: u64) -> Result<()> {
        let repeated = match found.kind {
            Kind::Pax => self.ahead.pax.is_some(),
            Kind::LongName => self.ahead.long_name.is_some(),
            _ => false,
        };
        if repeated {
            return Err(fault::member(&found.name, "is said twice of one member"));
        }
        if found.size > self.limits.extension {
            return Err(fault::member(
                &found.name,
                "is an extended header that is too long",
            ));
        }
        self.end_of(&found.name, found.size)?;
        // A global one belongs to no member.
        if found.kind != Kind::PaxGlobal {
            self.ahead.begin.get_or_insert(begin);
        }
        let (kind, size) = (found.kind, found.size);
        self.state = State::Body { kind, size };
        Ok(())
    }

    fn body(&mut self, kind: Kind, size: u64, bytes: &[u8]) -> Result<()> {
        let refuse = |reason| fault::at(self.at, &format!("the next member {reason}"));
        match kind {
            Kind::Pax => self.ahead.pax = Some(pax(bytes).map_err(refuse)?),
            // What it says of all members would have to be honoured, and nothing of it may be of use here.
            Kind::PaxGlobal if pax(bytes).map_err(refuse)? != Pax::default() => {
                return Err(fault::at(self.at, "all members are given one name or size"));
            }
            Kind::LongName => {
                let name = bytes.strip_suffix(b"\0").unwrap_or(bytes);
                self.ahead.long_name = Some(name.to_vec());
            }
            _ => {}
        }
        self.at += padded(size).ok_or_else(|| fault::at(self.at, "a size overflows"))?;
        self.state = State::Header;
        Ok(())
    }

    fn member(&mut self, found: Header, begin: u64) -> Result<Option<Member>> {
        let ahead = std::mem::take(&mut self.ahead);
        let pax = ahead.pax.unwrap_or_default();
        if pax.path.is_some() && ahead.long_name.is_some() {
            return Err(fault::member(&found.name, "has two long names"));
        }
        let name = pax.path.or(ahead.long_name).unwrap_or(found.name);
        let size = pax.size.unwrap_or(found.size);
        // Who does not know extended headers must not see another file; only what has no room there may differ.
        if size != found.size && size < OCTAL_END {
            return Err(fault::member(&name, "has two sizes"));
        }
        self.state = State::Header;
        if found.kind == Kind::Folder {
            path::folder(&name, self.limits.path)?;
            return if size == 0 {
                Ok(None)
            } else {
                Err(fault::member(&name, "is a folder with content"))
            };
        }
        let path = path::file(&name, self.limits.path)?;
        let alias = match found.kind {
            Kind::Symlink => Some(self.alias(&path, size, &pax.target.unwrap_or(found.target))?),
            _ => None,
        };
        if !self.seen.insert(path.clone()) {
            return Err(fault::member(&name, "is there twice"));
        }
        let offset = self.at;
        self.at = self.end_of(&name, size)?;
        Ok(Some(Member {
            path,
            header: ahead.begin.unwrap_or(begin),
            offset,
            size,
            alias,
        }))
    }

    fn alias(&self, path: &str, size: u64, target: &[u8]) -> Result<String> {
        let refuse = |reason| fault::member(path.as_bytes(), reason);
        if self.links == Links::Refuse {
            return Err(refuse("is a symbolic link"));
        }
        if size > 0 {
            return Err(refuse("is a symbolic link with content"));
        }
        path::linked(path, target)
            .ok_or_else(|| refuse("is a symbolic link that leads out of the archive"))
    }

    /// Where the padding behind `size` bytes from here ends.
    fn end_of(&self, name: &[u8], size: u64) -> Result<u64> {
        let end = padded(size).and_then(|size| self.at.checked_add(size));
        end.filter(|end| *end <= self.length).ok_or_else(|| {
            let reason = format!(
                "claims {size} bytes, but only {} of the tar are left",
                self.length.saturating_sub(self.at)
            );
            fault::member(name, &reason)
        })
    }

    fn second_zero(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(fault::at(self.at, "a member follows a block of zeros"));
        }
        self.at += BLOCK;
        let left = self.length.saturating_sub(self.at);
        if left > self.limits.filling {
            let reason = format!("{left} bytes follow its end");
            return Err(fault::at(self.at, &reason));
        }
        self.state = if left == 0 {
            State::Done
        } else {
            State::Filling
        };
        Ok(())
    }

    fn filling(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(fault::at(self.at, "something follows its end"));
        }
        self.at += bytes.len() as u64;
        if self.at >= self.length {
            self.state = State::Done;
        }
        Ok(())
    }
}

/// The members of the first `bytes.len()` bytes of a tar of `length` bytes, which end where a member ends.
///
/// # Errors
/// `Corrupt`, naming the member or the offset.
pub(crate) fn members_of(bytes: &[u8], limits: Limits) -> Result<Vec<Member>> {
    let length = bytes.len() as u64;
    let mut scan = Scan::new(length, limits, Links::Refuse);
    let mut members = Vec::new();
    while scan.at() < length {
        let Some(wanted) = scan.wants() else { break };
        members.extend(scan.feed(slice(bytes, wanted))?);
    }
    if scan.state != State::Header || scan.ahead.begin.is_some() {
        return Err(fault::at(scan.at, "it ends between two members"));
    }
    Ok(members)
}

/// As much of a range as there is.
fn slice(bytes: &[u8], range: Range<u64>) -> &[u8] {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    &bytes[place(range.start)..place(range.end)]
}
