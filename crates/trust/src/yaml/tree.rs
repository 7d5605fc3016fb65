//! A document as nodes that know where they are in the text.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};
use transship_oci::{Error, ErrorKind, Result};

/// The longest run of comments that is read at one place.
const MAX_COMMENTS: usize = 10_000;

/// A text and what is in it.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) root: Node,
    /// Where the comments are, from `#` to the line's end.
    pub(super) comments: Vec<Range<usize>>,
}

/// A value. Places are bytes of the text; an end is the first byte after.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A word; `plain` is without quotes.
    Scalar { value: String, plain: bool },
    /// Keys and values, in lines of their own when `block`.
    Mapping {
        entries: Vec<(Node, Node)>,
        block: bool,
    },
    /// Items and where their dashes are, in lines of their own when `block`.
    Sequence {
        items: Vec<(usize, Node)>,
        block: bool,
    },
}

impl<'a> Tree<'a> {
    /// Reads a text that ends with a line's end.
    ///
    /// # Errors
    /// `Invalid` for what is no YAML; `Unsupported` for what cannot be taken apart and put together again: several
    /// documents, anchors, tags, complex keys.
    pub(super) fn read(text: &'a str) -> Result<Self> {
        let options = options! { max_buffered_comment_events: MAX_COMMENTS };
        let mut reader = Reader {
            text,
            events: Parser::new_from_str_with_options(text, options),
            comments: Vec::new(),
        };
        let mut root = None;
        while let Some((event, place)) = reader.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => return Err(unsupported(&place, "a second document")),
                event => root = Some(reader.node(event, &place)?),
            }
        }
        let root =
            root.ok_or_else(|| Error::new(ErrorKind::Invalid, "there is nothing in the YAML"))?;
        Ok(Self {
            text,
            root,
            comments: reader.comments,
        })
    }
}

struct Reader<'a, E> {
    text: &'a str,
    events: E,
    comments: Vec<Range<usize>>,
}

impl<'a, E, F> Reader<'a, E>
where
    E: Iterator<Item = std::result::Result<(Event<'a>, Span), F>>,
    F: std::error::Error + Send + Sync + 'static,
{
    /// The next event that is no comment.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>> {
        for event in self.events.by_ref() {
            match event {
                Ok((Event::Comment(..), place)) => self.comments.push(bytes(&place)?),
                Ok(event) => return Ok(Some(event)),
                Err(cause) => {
                    return Err(
                        Error::new(ErrorKind::Invalid, "the YAML cannot be read").because(cause)
                    );
                }
            }
        }
        Ok(None)
    }

    fn must(&mut self) -> Result<(Event<'a>, Span)> {
        self.next()?
            .ok_or_else(|| Error::new(ErrorKind::Invalid, "the YAML is cut short"))
    }

    fn node(&mut self, event: Event<'a>, place: &Span) -> Result<Node> {
        match event {
            Event::Scalar(value, style, 0, None) => {
                let Range { mut start, mut end } = bytes(place)?;
                // Its span starts behind the `|`, and may end among what follows.
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    start = self.start_of_block(start);
                    end = self.end_of_block(start, end);
                }
                let kind = Kind::Scalar {
                    value: value.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                Ok(Node { start, end, kind })
            }
            Event::SequenceStart(style, 0, None) => self.sequence(style, place),
            Event::MappingStart(style, 0, None) => self.mapping(style, place),
            Event::Alias(_) => Err(unsupported(place, "an alias")),
            Event::Scalar(.., None)
            | Event::SequenceStart(.., None)
            | Event::MappingStart(.., None) => Err(unsupported(place, "an anchor")),
            _ => Err(unsupported(place, "a tag")),
        }
    }

    fn sequence(&mut self, style: StructureStyle, place: &Span) -> Result<Node> {
        let block = style == StructureStyle::Block;
        let mut items = Vec::new();
        let mut end = bytes(place)?.end;
        loop {
            let (event, place) = self.must()?;
            if matches!(event, Event::SequenceEnd) {
                if !block {
                    end = bytes(&place)?.end;
                }
                break;
            }
            let item = self.node(event, &place)?;
            let dash = if block {
                self.dash(&item)
                    .ok_or_else(|| unsupported(&place, "an empty item"))?
            } else {
                item.start
            };
            end = item.end;
            items.push((dash, item));
        }
        let mut start = bytes(place)?.start;
        if let (true, Some((dash, _))) = (block, items.first()) {
            start = *dash;
        }
        let kind = Kind::Sequence { items, block };
        Ok(Node { start, end, kind })
    }

    fn mapping(&mut self, style: StructureStyle, place: &Span) -> Result<Node> {
        let block = style == StructureStyle::Block;
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let Range { mut start, mut end } = bytes(place)?;
        loop {
            let (event, place) = self.must()?;
            if matches!(event, Event::MappingEnd) {
                if !block {
                    end = bytes(&place)?.end;
                }
                break;
            }
            let key = self.node(event, &place)?;
            if !matches!(key.kind, Kind::Scalar { .. }) || self.is_marked(key.start) {
                return Err(unsupported(&place, "a key that is no word"));
            }
            let (event, place) = self.must()?;
            let mut value = self.node(event, &place)?;
            if value.start == value.end {
                // Nothing at all is said to be wherever the next thing is.
                let colon = self.text[key.end..].find(':').map_or(0, |colon| colon + 1);
                (value.start, value.end) = (key.end + colon, key.end + colon);
            }
            end = value.end;
            entries.push((key, value));
        }
        if let (true, Some((first, _))) = (block, entries.first()) {
            start = first.start;
        }
        let kind = Kind::Mapping { entries, block };
        Ok(Node { start, end, kind })
    }

    /// Does a question mark stand before a key?
    fn is_marked(&self, key: usize) -> bool {
        self.text[..key].trim_end().ends_with('?')
    }

    /// Where the dash of an item is, which may be on a line above it.
    fn dash(&self, item: &Node) -> Option<usize> {
        // Where nothing is, the parser says it is wherever the next thing is.
        if item.start == item.end {
            return None;
        }
        let mut end = item.start;
        loop {
            let start = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
            let line = &self.text[start..end];
            let line = line
                .split_once(" #")
                .map_or(line, |(line, _)| line)
                .trim_end();
            if line.ends_with('-') {
                return Some(start + line.len() - 1);
            }
            if !(line.is_empty() || line.trim_start().starts_with('#')) || start == 0 {
                return None;
            }
            end = start - 1;
        }
    }

    /// Where the `|` or `>` of a block scalar is, whose text begins at `start`.
    fn start_of_block(&self, start: usize) -> usize {
        let above = self.text[..start].trim_end();
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        let header = &above[line..];
        let header = header.split_once(" #").map_or(header, |(header, _)| header);
        header.rfind(['|', '>']).map_or(start, |at| line + at)
    }

    /// The end of a block scalar without the comments and empty lines that follow.
    fn end_of_block(&self, start: usize, end: usize) -> usize {
        let lines = self.text[start..end].split_inclusive('\n');
        let mut indent = None;
        let mut at = start;
        let mut last = start;
        for (number, line) in lines.enumerate() {
            at += line.len();
            let depth = line.len() - line.trim_start_matches(' ').len();
            let blank = line.trim().is_empty();
            if number > 0 && !blank && depth < *indent.get_or_insert(depth) {
                break;
            }
            if !blank {
                last = at;
            }
        }
        last
    }
}

fn bytes(place: &Span) -> Result<Range<usize>> {
    match (place.start.byte_offset(), place.end.byte_offset()) {
        (Some(start), Some(end)) => Ok(start..end),
        _ => Err(Error::new(
            ErrorKind::Internal,
            "the parser does not say where it is",
        )),
    }
}

fn unsupported(place: &Span, what: &str) -> Error {
    let message = format!(
        "line {} has {what}, and with that its comments cannot be kept",
        place.start.line()
    );
    Error::new(ErrorKind::Unsupported, message)
}

impl Node {
    /// Is it written in lines of its own?
    pub(super) fn is_block(&self) -> bool {
        matches!(
            self.kind,
            Kind::Mapping { block: true, .. } | Kind::Sequence { block: true, .. }
        )
    }

    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Mapping { entries, .. } => entries
                .iter()
                .find(|(key, _)| key.word() == Some(name))
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// A scalar's text.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Do both say the same, however it is written?
    pub(super) fn says(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (
                Kind::Scalar { value, plain },
                Kind::Scalar {
                    value: other,
                    plain: other_plain,
                },
            ) => value == other && (plain == other_plain || is_text(value)),
            (Kind::Sequence { items, .. }, Kind::Sequence { items: others, .. }) => {
                items.len() == others.len()
                    && items
                        .iter()
                        .zip(others)
                        .all(|((_, one), (_, other))| one.says(other))
            }
            (
                Kind::Mapping { entries, .. },
                Kind::Mapping {
                    entries: others, ..
                },
            ) => {
                entries.len() == others.len()
                    && entries.iter().all(|(key, value)| {
                        let other = key.word().and_then(|key| other.get(key));
                        other.is_some_and(|other| value.says(other))
                    })
            }
            _ => false,
        }
    }
}

/// Is a word a text even without quotes, and not a number, a truth or nothing?
fn is_text(word: &str) -> bool {
    let special = [
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n",
    ];
    let first = word.trim_start_matches(['+', '-', '.']).chars().next();
    !special.contains(&word.to_ascii_lowercase().as_str())
        && first.is_some_and(|first| !first.is_ascii_digit())
        && !word.starts_with('.')
}

#[cfg(test)]
mod tests;
