//! A tree as text.

use std::fmt;

use super::{Node, Piece, Tie};
use crate::amount::{Bytes, Count};

/// A tree under the reference that was asked for.
#[derive(Debug)]
pub(crate) struct Drawing<'a> {
    /// The reference.
    pub(crate) title: &'a str,
    /// What it points at.
    pub(crate) root: &'a Node,
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        draw(f, Row::Node(self.root), "", true)
    }
}

#[derive(Clone, Copy)]
enum Row<'a> {
    Node(&'a Node),
    Piece(&'a Piece),
}

fn draw(f: &mut fmt::Formatter<'_>, row: Row<'_>, indent: &str, last: bool) -> fmt::Result {
    let (branch, below) = if last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    };
    let node = match row {
        Row::Piece(piece) => return writeln!(f, "{indent}{branch}{}", describe_piece(piece)),
        Row::Node(node) => node,
    };
    writeln!(f, "{indent}{branch}{}", describe(node))?;
    let indent = format!("{indent}{below}");
    let rows = rows(node);
    for (i, row) in rows.iter().enumerate() {
        draw(f, *row, &indent, i + 1 == rows.len())?;
    }
    Ok(())
}

/// What stands under a node: first what belongs to it, then what it is made of.
fn rows(node: &Node) -> Vec<Row<'_>> {
    // What a signature is made of says nothing to a person.
    let pieces = if node.tie.is_none() {
        &node.blobs[..]
    } else {
        &[]
    };
    let referrers = node.referrers.iter().map(Row::Node);
    let children = node.children.iter().map(Row::Node);
    referrers
        .chain(children)
        .chain(pieces.iter().map(Row::Piece))
        .collect()
}

fn describe(node: &Node) -> String {
    let what = match (&node.platform, &node.tie) {
        (Some(platform), None) => format!("{platform} {}", node.kind),
        _ => node.kind.to_string(),
    };
    let how = match &node.tie {
        None => String::new(),
        Some(Tie::Subject) => "  referrer".to_owned(),
        Some(Tie::Tag(tag)) => format!("  tag {}", short_tag(tag)),
        Some(Tie::Index) => "  in the index".to_owned(),
    };
    let mark = if node.tie.is_some() { "+ " } else { "" };
    let size = if node.missing {
        "not there".to_owned()
    } else if node.tie.is_none() && !node.children.is_empty() {
        format!(
            "{} in {}",
            Bytes(node.total()),
            Count(node.children.len() as u64, "manifest")
        )
    } else {
        Bytes(node.total()).to_string()
    };
    format!("{mark}{what}{how}  {}  {size}", node.digest)
}

fn describe_piece(piece: &Piece) -> String {
    let form =
        piece
            .media_type
            .rsplit_once("tar")
            .map_or(piece.media_type.as_str(), |(_, coding)| match coding {
                "+gzip" | ".gzip" => "gzip",
                "+zstd" => "zstd",
                "" => "tar",
                other => other,
            });
    let role = match piece.role {
        "foreign-layer" => "foreign layer",
        role => role,
    };
    let form = if piece.role == "config" { "" } else { form };
    let gap = if form.is_empty() { "" } else { "  " };
    format!(
        "{role}{gap}{form}  {}…  {}",
        piece.digest.short(),
        Bytes(piece.size)
    )
}

/// `sha256-0123456789ab….sig`: the digest stands in full one line above.
fn short_tag(tag: &str) -> String {
    match tag.split_once('.') {
        Some((stem, kind)) if stem.len() > 20 => format!("{}….{kind}", &stem[..19]),
        _ => tag.to_owned(),
    }
}
