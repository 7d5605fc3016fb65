//! Which lines belong to which entry of a collection: its own, and the comments around it.

use std::ops::Range;

use super::tree::{Kind, Node, Tree};

/// One entry of a collection that is written in lines of its own.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    /// The entry's key; an item of a sequence has none.
    pub(super) key: Option<&'t Node>,
    pub(super) value: &'t Node,
    /// Where the comments above it begin.
    pub(super) lead: usize,
    /// Where its key or its dash is.
    pub(super) start: usize,
    /// Where the lines of the next one begin, the comments above that counted.
    pub(super) end: usize,
}

/// The entries of a collection.
#[derive(Debug)]
pub(super) struct Layout<'t> {
    pub(super) entries: Vec<Entry<'t>>,
    /// The end of the last entry: what follows belongs to the collection.
    pub(super) foot: usize,
}

impl Tree<'_> {
    /// Takes a collection apart whose lines are those in `region`.
    pub(super) fn layout<'t>(&'t self, node: &'t Node, region: &Range<usize>) -> Layout<'t> {
        let parts: Vec<(usize, Option<&Node>, &Node)> = match &node.kind {
            Kind::Mapping { entries, .. } => {
                let pairs = entries.iter();
                pairs
                    .map(|(key, value)| (key.start, Some(key), value))
                    .collect()
            }
            Kind::Sequence { items, .. } => {
                let items = items.iter();
                items.map(|(dash, item)| (*dash, None, item)).collect()
            }
            Kind::Scalar { .. } => Vec::new(),
        };
        let mut entries = Vec::new();
        let mut lead = region.start;
        for (number, (start, key, value)) in parts.iter().copied().enumerate() {
            let next = parts.get(number + 1);
            let limit = next.map_or(region.end, |(next, ..)| self.line_start(*next));
            let end = self.tail(value.end, limit, self.column(start));
            entries.push(Entry {
                key,
                value,
                lead,
                start,
                end,
            });
            lead = end;
        }
        Layout {
            entries,
            foot: lead,
        }
    }

    /// Comments that stand deeper than an entry does belong to it, and not to what comes below.
    fn tail(&self, content: usize, limit: usize, column: usize) -> usize {
        let content = self.line_end(content);
        self.comments_in(content..limit)
            .iter()
            .rev()
            .find(|comment| self.column(comment.start) > column)
            .map_or(content, |comment| self.line_end(comment.end))
            .min(limit.max(content))
    }

    /// The comments in a part of the text, in order.
    pub(super) fn comments_in(&self, part: Range<usize>) -> &[Range<usize>] {
        let from = self
            .comments
            .partition_point(|comment| comment.start < part.start);
        let to = self
            .comments
            .partition_point(|comment| comment.end <= part.end);
        &self.comments[from..to.max(from)]
    }

    /// The lines of a value that is a collection in lines of its own: after its key, or beside its dash.
    pub(super) fn region(&self, entry: &Entry<'_>) -> Range<usize> {
        let beside = self.line_start(entry.value.start) <= entry.start;
        let start = if beside {
            entry.value.start
        } else {
            self.line_end(entry.key.map_or(entry.start + 1, |key| key.end))
        };
        start..entry.end
    }

    /// How far from its line's start a place is.
    pub(super) fn column(&self, place: usize) -> usize {
        place - self.line_start(place)
    }

    fn line_start(&self, place: usize) -> usize {
        self.text[..place].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The start of the next line, or of this one when nothing of it is before.
    pub(super) fn line_end(&self, place: usize) -> usize {
        if place == 0 || self.text[..place].ends_with('\n') {
            return place;
        }
        self.text[place..]
            .find('\n')
            .map_or(self.text.len(), |at| place + at + 1)
    }
}
