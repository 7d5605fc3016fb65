//! Where what an archive holds goes: a registry, a prefix, and perhaps other names.

use transship_oci::{Error, ErrorKind, Reference, Repository, Result, Side, Tag};

use crate::list::{Template, Values};

/// Stands for a tag in templates where there is none.
const UNTAGGED: &str = "untagged";

/// Stands for the registry while a name is made. No registry has this name (RFC 2606).
const ANY: &str = "any.invalid";

/// Where an import goes.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    host: String,
    /// Empty, or a path with `/` at its end.
    prefix: String,
    map: Option<Template>,
}

impl Destination {
    /// `HOST[/PREFIX]` as it was written, with the template for names, if there is one.
    ///
    /// # Errors
    /// `Invalid` when it is none.
    pub(crate) fn new(written: &str, map: Option<&Template>) -> Result<Self> {
        let text = written.strip_prefix("docker://").unwrap_or(written);
        let text = text.trim_end_matches('/');
        let (host, prefix) = text.split_once('/').unwrap_or((text, ""));
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        // With a host before it that is one for everybody: `{registry}` is part of a path here.
        let map = map.map(|map| format!("{ANY}/{prefix}{map}").parse());
        let made = Self {
            map: map.transpose().map_err(|cause| invalid(written, &cause))?,
            host: host.to_owned(),
            prefix,
        };
        // What cannot be the beginning of any name is refused before anything is read.
        let probe: Tag = "x".parse().map_err(|cause| invalid(written, &cause))?;
        let at = made.repository("x");
        at.map_err(|cause| invalid(written, &cause))?;
        if let Some(map) = &made.map {
            let nobody = Repository::new(ANY, "x").map_err(|cause| invalid(written, &cause))?;
            made.fill(map, &nobody, &probe)?;
        }
        Ok(made)
    }

    /// As people write it.
    pub(crate) fn shown(&self) -> String {
        let prefix = self.prefix.trim_end_matches('/');
        match prefix {
            "" => self.host.clone(),
            prefix => format!("{}/{prefix}", self.host),
        }
    }

    /// The repository and tags that an artifact gets which came from `source`, is called `path` in the archive, and has
    /// these tags there.
    ///
    /// # Errors
    /// `Invalid` when what comes out is no name, or when tags of one artifact go to different repositories.
    pub(crate) fn of(
        &self,
        source: &Repository,
        path: &str,
        tags: &[Tag],
    ) -> Result<(Repository, Vec<Tag>)> {
        let Some(map) = &self.map else {
            let repository = self.repository(path);
            return Ok((
                repository.map_err(|cause| invalid(path, &cause))?,
                tags.to_vec(),
            ));
        };
        let named =
            Repository::new(source.registry(), path).map_err(|cause| invalid(path, &cause))?;
        let Some((first, rest)) = tags.split_first() else {
            // Wanted by digest alone: the template says where, and its tag is nobody's.
            let nobody: Tag = UNTAGGED.parse().map_err(|cause| invalid(path, &cause))?;
            return Ok((self.fill(map, &named, &nobody)?.0, Vec::new()));
        };
        let (repository, tag) = self.fill(map, &named, first)?;
        let mut made = vec![tag];
        for tag in rest {
            let (other, tag) = self.fill(map, &named, tag)?;
            if other != repository {
                let message =
                    format!("tags of one artifact would go to {repository} and to {other}");
                return Err(Error::new(ErrorKind::Invalid, message)
                    .on(Side::Target)
                    .hinting("write a template whose repository does not depend on {tag}"));
            }
            if !made.contains(&tag) {
                made.push(tag);
            }
        }
        Ok((repository, made))
    }

    /// The same for an artifact that has no name: only a template can give it one.
    ///
    /// # Errors
    /// `Invalid` without a template, or when it makes no name.
    pub(crate) fn nameless(&self, tags: &[Tag]) -> Result<(Repository, Vec<Tag>)> {
        if self.map.is_none() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "an artifact in this archive has no name",
            )
            .on(Side::Source)
            .hinting("give it one, such as --map vendor/app:1.4"));
        }
        let nobody = Repository::new(ANY, "unnamed");
        let nobody = nobody.map_err(|cause| invalid("unnamed", &cause))?;
        if !tags.is_empty() {
            return self.of(&nobody, nobody.path(), tags);
        }
        let probe: Tag = UNTAGGED
            .parse()
            .map_err(|cause| invalid("unnamed", &cause))?;
        let (repository, tags) = self.of(&nobody, nobody.path(), std::slice::from_ref(&probe))?;
        let tags = tags.into_iter().filter(|tag| *tag != probe);
        Ok((repository, tags.collect()))
    }

    fn repository(&self, path: &str) -> Result<Repository, transship_oci::ReferenceError> {
        Repository::new(&self.host, &format!("{}{path}", self.prefix))
    }

    fn fill(&self, map: &Template, source: &Repository, tag: &Tag) -> Result<(Repository, Tag)> {
        let text = map.render(Values { source, tag });
        let (_, shown) = text.split_once('/').unwrap_or(("", &text));
        let reference: Reference = text.parse().map_err(|cause| invalid(shown, &cause))?;
        if reference.digest.is_some() {
            return Err(invalid(
                shown,
                &"it names a digest; the digest is the archive's",
            ));
        }
        let path = reference.repository.path();
        let repository =
            Repository::new(&self.host, path).map_err(|cause| invalid(shown, &cause))?;
        Ok((repository, reference.tag.unwrap_or_else(|| tag.clone())))
    }
}

fn invalid(text: &str, cause: &dyn std::fmt::Display) -> Error {
    let shown: String = text.chars().take(200).collect();
    Error::new(
        ErrorKind::Invalid,
        format!("{shown:?} is no place to import to: {cause}"),
    )
    .on(Side::Target)
}

#[cfg(test)]
mod tests;
