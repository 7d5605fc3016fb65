use proptest::prelude::*;
use serde_json::Value;

use super::rewrite;

#[track_caller]
fn becomes(old: &str, new: &str, expected: &str) {
    assert_eq!(rewrite(old, new).unwrap(), expected);
}

const OLD: &str = "\
# Who signs what. Ask the platform team.

version: 1   # the only one
signers:
  # the vendor's key
  vendor: {key: vendor.pub}   # since May
  ci:
    key: ci.pub # of the build
    # rotated yearly
    tlog: ignore

# ---- what holds ----

default:
  refuse: nobody signs it
rules:   # the most specific one holds
  # the base images
  - scope: a.example/base
    signed-by: vendor # not ci
    # the index will do
    at: index

  # the tools
  - scope: a.example/tools
    signed-by: ci
    # end of tools
# the end
";

#[test]
fn what_says_the_same_is_left_as_it_is() {
    let new = "version: 1\ndefault: {refuse: nobody signs it}\nsigners: {ci: {tlog: ignore, key: ci.pub}, vendor: {key: vendor.pub}}\n\
               rules:\n- {scope: a.example/base, signed-by: vendor, at: index}\n- {scope: a.example/tools, signed-by: ci}\n";
    becomes(OLD, new, OLD);
    becomes("a: 1 # x", "a: 1\n", "a: 1 # x");
}

#[test]
fn only_what_changes_is_written_anew() {
    let new = "\
version: 1
signers:
  ci:
    key: new.pub
    tlog: ignore
  vendor:
    key:
      - vendor.pub
      - second.pub
default:
  refuse: nobody signs it
rules:
  - scope: a.example/base
    signed-by: vendor
    at: every-child
  - scope: a.example/more
    signed-by: ci
  - scope: a.example/tools
    signed-by: ci
";
    let expected = OLD
        .replace(
            "vendor: {key: vendor.pub}   # since May\n",
            "vendor: # since May\n    key:\n      - vendor.pub\n      - second.pub\n",
        )
        .replace("ci.pub #", "new.pub #")
        .replace(
            "at: index\n",
            "at: every-child\n  - scope: a.example/more\n    signed-by: ci\n",
        );
    becomes(OLD, new, &expected);
}

#[test]
fn what_goes_takes_the_comments_that_touch_it_and_no_others() {
    let new = "\
version: 1
signers:
  ci: {key: ci.pub, tlog: ignore}
rules:
  - scope: a.example/tools
    signed-by: ci
";
    let expected = "\
# Who signs what. Ask the platform team.

version: 1   # the only one
signers:
  ci:
    key: ci.pub # of the build
    # rotated yearly
    tlog: ignore

# ---- what holds ----

rules:   # the most specific one holds

  # the tools
  - scope: a.example/tools
    signed-by: ci
    # end of tools
# the end
";
    becomes(OLD, new, expected);
}

#[test]
fn the_header_stays_when_the_first_entry_goes_and_the_end_when_the_last_does() {
    becomes(
        "# head\n\na: 1\nb: 2\n# foot\n",
        "b: 2\n",
        "# head\n\nb: 2\n# foot\n",
    );
    becomes(
        "# head\n\na: 1\nb: 2\n# foot\n",
        "a: 1\n",
        "# head\n\na: 1\n# foot\n",
    );
    becomes("---\n# about a\na: 1\nb: 2\n", "b: 2\n", "---\nb: 2\n");
    becomes("a: 1\n\n# apart\n\nb: 2\n", "a: 1\n", "a: 1\n\n# apart\n\n");
}

#[test]
fn items_follow_the_new_order_with_their_comments() {
    becomes(
        "a:\n# one\n- x # x\n# two\n- y\n",
        "a:\n  - y\n  - z\n  - x\n",
        "a:\n# two\n- y\n- z\n# one\n- x # x\n",
    );
    becomes("a: [x, y] # both\n", "a:\n  - z\n", "a: # both\n  - z\n");
    becomes(
        "a: [\n  x, # the x\n  y\n]\nb: 1\n",
        "a: [y]\nb: 1\n",
        "# the x\na: [y]\nb: 1\n",
    );
}

#[test]
fn blocks_of_text_are_taken_whole() {
    let old = "key: |\n  -----BEGIN\n  # no comment\n  AAAA\n# about b\nb: 1\n";
    becomes(
        old,
        "key: |\n  -----BEGIN\n  # no comment\n  AAAA\nb: 2\n",
        &old.replace("b: 1", "b: 2"),
    );
    becomes(old, "key: x\nb: 1\n", "key: x\n# about b\nb: 1\n");
    becomes(
        "a:\n    b: 1 # b\n",
        "a:\n  b: |\n    x\n    y\n",
        "a:\n    b: | # b\n      x\n      y\n",
    );
}

#[test]
fn nothing_becomes_something_and_the_other_way_round() {
    becomes("a: # soon\nb: 1\n", "a: 2\nb: 1\n", "a: 2 # soon\nb: 1\n");
    becomes("a:\n  x: 1 # one\n  y: 2\n", "a: {}\n", "# one\na: {}\n");
    becomes("{a: 1} # all\n", "a: 2\n", "# all\na: 2\n");
}

/// A document of mappings, lists and words, with numbers that make every comment one of its kind.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-c]{1,2}".prop_map(Value::from),
        (0..3i64).prop_map(Value::from),
        Just(Value::from("1")),
        Just(Value::from("x: y # z")),
        Just(Value::from("two\nlines\n")),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        let names = prop_oneof![Just("scope"), Just("b"), Just("c"), Just("d")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..4).prop_map(|map| {
                map.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    });
    prop::collection::btree_map("[a-d]", tree, 1..5)
        .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into())
}

/// A comment above every line and at the end of those that can bear one.
fn commented(yaml: &str) -> String {
    let mut text = String::from("# header\n\n");
    let mut in_block: Option<usize> = None;
    for (number, line) in yaml.lines().enumerate() {
        let depth = line.len() - line.trim_start().len();
        if in_block.is_some_and(|block| depth > block || line.trim().is_empty()) {
            text.extend([line, "\n"]);
            continue;
        }
        in_block = line.ends_with(['|', '>', '-', '+']).then_some(depth);
        text.extend([
            " ".repeat(depth),
            format!("# c{number}\n{line} # e{number}\n"),
        ]);
    }
    text
}

proptest! {
    #[test]
    fn it_says_what_the_new_text_says(old in document(), new in document()) {
        let (old, new) = (commented(&serde_saphyr::to_string(&old).unwrap()), serde_saphyr::to_string(&new).unwrap());
        let written = rewrite(&old, &new).unwrap();
        let read: Value = serde_saphyr::from_str(&written).unwrap();
        let wanted: Value = serde_saphyr::from_str(&new).unwrap();
        prop_assert_eq!(read, wanted, "{}\n→\n{}", old, written);
        prop_assert!(written.contains("# header\n"), "{}", written);
    }

    #[test]
    fn a_new_word_costs_no_comment(document in document()) {
        let yaml = serde_saphyr::to_string(&document).unwrap();
        let old = commented(&yaml);
        let written = rewrite(&old, &format!("{yaml}zz: new\n")).unwrap();
        prop_assert_eq!(written, old + "zz: new\n");
    }

    #[test]
    fn any_text_is_rewritten_or_refused(old in "\\PC{0,60}", new in "[a-c:\\- \\n#]{0,40}") {
        let _ = rewrite(&old, &new);
        let _ = rewrite(&new, &old);
    }
}
