//! `registries.d` (containers-registries.d(5)): where containers/image is told to look for signatures at all.

use std::fmt::Write as _;

/// A file that tells containers/image to look for signatures beside images in `scopes`, and with `everywhere` in all other
/// places too. Wildcards for hosts are left out: registries.d has none, so they need `everywhere`.
pub fn registries_d<'a>(scopes: impl IntoIterator<Item = &'a str>, everywhere: bool) -> String {
    let mut yaml = String::new();
    let mut needs_everywhere = everywhere;
    let mut lines = Vec::new();
    for scope in scopes {
        if scope.starts_with("*.") {
            needs_everywhere = true;
            continue;
        }
        // Tags and digests have the signatures of their repository: the setting is one for all of it.
        let place = scope.split_once('@').map_or(scope, |(place, _)| place);
        let name = place.rfind('/').map_or(0, |slash| slash + 1);
        let place = match place[name..].find(':') {
            Some(colon) if name > 0 => &place[..name + colon],
            _ => place,
        };
        lines.push(place);
    }
    lines.sort_unstable();
    lines.dedup();
    if needs_everywhere {
        yaml.push_str("default-docker:\n  use-sigstore-attachments: true\n");
    }
    if !lines.is_empty() {
        yaml.push_str("docker:\n");
    }
    for place in lines {
        let _ = writeln!(yaml, "  {place:?}:\n    use-sigstore-attachments: true");
    }
    yaml
}

#[cfg(test)]
mod tests;
