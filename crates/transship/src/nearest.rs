//! Did you mean …?

/// The candidate nearest to `word`, if one is near enough to be a slip of the finger.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let reach = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, changed or swapped with a neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Far apart in length is far apart; this also bounds the work for hostile input.
    if a.len().abs_diff(b.len()) > 3 || a.len() > 256 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let changed = last[j] + usize::from(a[i] != b[j]);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances() {
        for (a, b, want) in [
            ("", "", 0),
            ("tags", "tags", 0),
            ("tgas", "tags", 1),
            ("tag", "tags", 1),
            ("semvr", "semver", 1),
            ("kitten", "sitting", 3),
            ("a", "abcdefgh", usize::MAX),
        ] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn only_slips_are_answered() {
        let keys = ["source", "target", "targets", "tags"];
        assert_eq!(nearest("tagets", keys), Some("targets"));
        assert_eq!(nearest("sorce", keys), Some("source"));
        assert_eq!(nearest("schedule", keys), None);
    }
}
