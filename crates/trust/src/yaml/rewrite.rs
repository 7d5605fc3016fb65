//! Says something new in the text that somebody wrote.

use std::ops::Range;

use transship_oci::Result;

use super::{
    layout::{Entry, Layout},
    tree::{Kind, Node, Tree},
};

/// By what an item of a list is known again when something else in it has changed.
const NAMES: [&str; 4] = ["scope", "digest", "type", "pointer"];

/// What `new` says, in the hand of `old`: entries that stay keep their text, entries that change keep their comments, and
/// entries that go take with them the comments that touch them. Comments that stand apart, with an empty line below, stay.
///
/// # Errors
/// `Invalid` for what is no YAML; `Unsupported` for what cannot be taken apart (see [`Tree::read`]).
pub(crate) fn rewrite(old: &str, new: &str) -> Result<String> {
    let mut text = old.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let (old_tree, new) = (Tree::read(&text)?, Tree::read(new)?);
    if old_tree.root.says(&new.root) {
        return Ok(old.to_owned());
    }
    let pen = Pen {
        old: &old_tree,
        new: &new,
    };
    let (whole, new_whole) = (0..text.len(), 0..new.text.len());
    let written = pen.collection((&old_tree.root, whole), (&new.root, new_whole));
    // Braces around everything: the comments are gathered above what takes their place.
    Ok(written.unwrap_or_else(|| {
        let comments = old_tree.comments.iter();
        let comments: String = comments
            .map(|at| text[at.clone()].to_owned() + "\n")
            .collect();
        comments + new.text
    }))
}

struct Pen<'t> {
    old: &'t Tree<'t>,
    new: &'t Tree<'t>,
}

/// What becomes of an entry: the number of the old one, and of the new one.
enum Step {
    Keep(usize),
    Change(usize, usize),
    Write(usize),
}

type Placed<'t> = (&'t Node, Range<usize>);

impl Pen<'_> {
    /// A collection entry by entry; nothing when it cannot be done so.
    fn collection(&self, (old, lines): Placed<'_>, (new, new_lines): Placed<'_>) -> Option<String> {
        if !old.is_block() || !new.is_block() {
            return None;
        }
        let steps = match (&old.kind, &new.kind) {
            (Kind::Mapping { .. }, Kind::Mapping { .. }) => Self::keys,
            (Kind::Sequence { .. }, Kind::Sequence { .. }) => Self::items,
            _ => return None,
        };
        let (from, to) = (
            self.old.layout(old, &lines),
            self.new.layout(new, &new_lines),
        );
        let steps = steps(&from, &to);
        // Beside a dash only what was there can stand.
        let beside = lines.start == old.start && self.old.column(lines.start) > 0;
        if beside && !matches!(steps.first()?, Step::Keep(0) | Step::Change(0, _)) {
            return None;
        }
        let indent = " ".repeat(self.old.column(from.entries.first()?.start));
        let mut orphans = self.orphans(&from, &steps);
        let mut text = String::new();
        for step in steps {
            if let Step::Keep(at) | Step::Change(at, _) = &step {
                text.push_str(&orphans[*at]);
                orphans[*at].clear();
            }
            match step {
                Step::Keep(at) => {
                    let entry = &from.entries[at];
                    text.push_str(&self.old.text[entry.lead..entry.end]);
                }
                Step::Change(at, to_be) => {
                    let entry = &from.entries[at];
                    text.push_str(&self.old.text[entry.lead..entry.start]);
                    text.push_str(&self.changed(entry, &to.entries[to_be], &indent));
                }
                Step::Write(to_be) => {
                    text.push_str(&indent);
                    text.push_str(&self.written(&to.entries[to_be], &indent));
                }
            }
        }
        text.extend(orphans);
        text.push_str(&self.old.text[from.foot..lines.end]);
        Some(text)
    }

    /// Keys stay in their order; a new one comes after the one that it comes after in the new text.
    fn keys(from: &Layout<'_>, to: &Layout<'_>) -> Vec<Step> {
        let word = |entry: &Entry<'_>| entry.key.and_then(|key| key.word().map(str::to_owned));
        let mut steps: Vec<(usize, Step)> = Vec::new();
        for (at, entry) in from.entries.iter().enumerate() {
            let found = to.entries.iter().position(|new| word(new) == word(entry));
            if let Some(new) = found {
                steps.push((new, step(at, entry, new, &to.entries[new])));
            }
        }
        for new in 0..to.entries.len() {
            if steps.iter().any(|(known, _)| *known == new) {
                continue;
            }
            let before = steps.iter().position(|(known, _)| known + 1 == new);
            let place = before.map_or(steps.len(), |before| before + 1);
            steps.insert(place, (new, Step::Write(new)));
        }
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// Items take the order of the new text.
    fn items(from: &Layout<'_>, to: &Layout<'_>) -> Vec<Step> {
        let mut free: Vec<usize> = (0..from.entries.len()).collect();
        let mut take = |fits: &dyn Fn(&Node) -> bool| {
            let found = free.iter().position(|at| fits(from.entries[*at].value))?;
            Some(free.remove(found))
        };
        // Those that stay first, so that none of them is taken for one that changes.
        let mut chosen: Vec<Option<usize>> = to
            .entries
            .iter()
            .map(|new| take(&|old| old.says(new.value)))
            .collect();
        for (new, chosen) in to.entries.iter().zip(&mut chosen) {
            if chosen.is_none() {
                *chosen = take(&|old| is_same_item(old, new.value));
            }
        }
        let steps = chosen.into_iter().enumerate();
        steps
            .map(|(new, at)| match at {
                Some(at) => step(at, &from.entries[at], new, &to.entries[new]),
                None => Step::Write(new),
            })
            .collect()
    }

    /// The comments that stand apart above entries that go, each before the next entry that stays; the last place is for
    /// those that have none below.
    fn orphans(&self, from: &Layout<'_>, steps: &[Step]) -> Vec<String> {
        let count = from.entries.len();
        let mut orphans = vec![String::new(); count + 1];
        let mut stays = vec![false; count];
        for step in steps {
            if let Step::Keep(old) | Step::Change(old, _) = step {
                stays[*old] = true;
            }
        }
        for (at, entry) in from.entries.iter().enumerate() {
            if stays[at] {
                continue;
            }
            let next = (at + 1..count).find(|next| stays[*next]).unwrap_or(count);
            let lead = &self.old.text[entry.lead..entry.start];
            let apart = lead
                .split_inclusive('\n')
                .scan(0, |end, line| {
                    *end += line.len();
                    Some((*end, line))
                })
                .filter(|(_, line)| {
                    line.trim().is_empty() && line.ends_with('\n') || line.starts_with("---")
                })
                .last();
            if let Some((end, _)) = apart
                && !lead[..end].trim().is_empty()
            {
                orphans[next].push_str(&lead[..end]);
            }
        }
        orphans
    }

    /// An entry from its key or dash on, with a new value.
    fn changed(&self, old: &Entry<'_>, new: &Entry<'_>, indent: &str) -> String {
        let (lines, new_lines) = (self.old.region(old), self.new.region(new));
        let head = &self.old.text[old.start..lines.start];
        if let Some(text) = self.collection((old.value, lines), (new.value, new_lines)) {
            return head.to_owned() + &text;
        }
        let line = self.old.line_end(old.start + 1);
        let mut text = String::new();
        let mut beside = None;
        for at in self.old.comments_in(old.start..old.end) {
            let comment = &self.old.text[at.clone()];
            if at.start < line {
                beside = Some(comment);
            } else {
                text.push_str(comment);
                text.push('\n');
                text.push_str(indent);
            }
        }
        let written = self.written(new, indent);
        match (beside, written.split_once('\n')) {
            (Some(comment), Some((first, rest))) => {
                text.extend([first, " ", comment, "\n", rest]);
            }
            _ => text.push_str(&written),
        }
        text
    }

    /// An entry of the new text at another depth, without the spaces before its first line.
    fn written(&self, entry: &Entry<'_>, indent: &str) -> String {
        let text = &self.new.text[entry.start..entry.end];
        let depth = self.new.column(entry.start);
        let mut written = String::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if number > 0 && !line.trim().is_empty() {
                written.push_str(indent);
            }
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let cut = if number == 0 { 0 } else { spaces.min(depth) };
            written.push_str(&line[cut..]);
        }
        if !written.ends_with('\n') {
            written.push('\n');
        }
        written
    }
}

fn step(at: usize, old: &Entry<'_>, to_be: usize, new: &Entry<'_>) -> Step {
    if old.value.says(new.value) {
        Step::Keep(at)
    } else {
        Step::Change(at, to_be)
    }
}

/// Is it the same item of a list, in which something has changed?
fn is_same_item(old: &Node, new: &Node) -> bool {
    NAMES
        .iter()
        .any(|name| match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => old.says(new),
            _ => false,
        })
}

#[cfg(test)]
mod tests;
