//! What an artifact is called in an archive.

use transship_oci::{Error, ErrorKind, Repository, Result, Tag};

use crate::list::{Template, Values};

/// Stands for the registry that the importer will name. No registry has this name (RFC 2606).
const ANY: &str = "any.invalid";

/// The path and the tag that `template` gives an artifact, without the registry: a template may begin with one, as those
/// of `sync` do, and it is left away; it may be a path alone.
///
/// # Errors
/// `Invalid` when what comes out is no name.
pub(crate) fn carried(
    template: &Template,
    source: &Repository,
    tag: &Tag,
) -> Result<(String, Tag)> {
    let values = Values { source, tag };
    let whole = if begins_with_a_registry(template, values) {
        template.clone()
    } else {
        format!("{ANY}/{template}").parse().map_err(invalid)?
    };
    let (repository, tag) = whole.fill(values).map_err(invalid)?;
    Ok((repository.path().to_owned(), tag))
}

/// Does the first part of the name look like a host, as docker's rule for references has it?
fn begins_with_a_registry(template: &Template, values: Values<'_>) -> bool {
    let text = template.render(values);
    text.split_once('/')
        .is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost")
}

fn invalid(cause: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Invalid, cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::carried;

    fn named(template: &str) -> Result<(String, String), String> {
        let source = "quay.io/acme/app".parse().unwrap();
        let tag = "1.4".parse().unwrap();
        let (path, tag) = carried(&template.parse().unwrap(), &source, &tag)
            .map_err(|error| error.to_string())?;
        Ok((path, tag.to_string()))
    }

    #[test]
    fn the_registry_is_the_importers_business() {
        for (template, path, tag) in [
            ("vendor/{repository}", "vendor/acme/app", "1.4"),
            ("{name}:v{tag}", "app", "v1.4"),
            (
                "registry.corp.example/mirror/{repository}",
                "mirror/acme/app",
                "1.4",
            ),
            ("localhost:5000/{name}:stable", "app", "stable"),
            ("{registry}/{repository}", "acme/app", "1.4"),
            (
                "from/{registry}/{repository}",
                "from/quay.io/acme/app",
                "1.4",
            ),
        ] {
            assert_eq!(
                named(template),
                Ok((path.to_owned(), tag.to_owned())),
                "{template}"
            );
        }
        assert!(named("UPPER/{name}").is_err());
    }
}
