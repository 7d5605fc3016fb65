//! Rules about signed names.

use transship_oci::Result;

use super::{
    super::{NameSpec, SignedNameFile, name::named},
    invalid,
};

/// A rule from what the file says: exactly one of `match`, `reference` and `repository`.
pub(in crate::policy) fn read(file: &SignedNameFile) -> Result<NameSpec> {
    let spec = match (file.r#match, &file.reference, &file.repository) {
        (Some(how), None, None) => match &file.remap {
            None => NameSpec::Match(how),
            Some(remap) => NameSpec::Remap {
                prefix: remap.prefix.clone(),
                signed_prefix: remap.signed_prefix.clone(),
                then: how,
            },
        },
        (None, Some(reference), None) => NameSpec::Reference(named(reference).map_err(invalid)?),
        (None, None, Some(repository)) => {
            let name = named(repository).map_err(invalid)?;
            if name.tag.is_some() || name.digest.is_some() {
                return Err(invalid(format!("{repository:?} is more than a repository")));
            }
            NameSpec::Repository(name.repository)
        }
        _ => {
            return Err(invalid(
                "signed-name wants exactly one of match, reference and repository",
            ));
        }
    };
    if file.remap.is_some() && file.r#match.is_none() {
        return Err(invalid(
            "remap changes what is matched, and signed-name has no match",
        ));
    }
    if let NameSpec::Reference(name) = &spec
        && name.tag.is_none()
        && name.digest.is_none()
    {
        return Err(invalid(format!("{name} has neither tag nor digest")).hinting("use repository"));
    }
    Ok(spec)
}
