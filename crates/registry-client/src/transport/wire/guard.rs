//! Names that lead into private networks do not resolve here.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address;

/// A resolver that knows public addresses only.
#[derive(Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let mut found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            found.retain(|socket| !address::is_private(socket.ip()));
            if found.is_empty() {
                return Err("it has addresses in private networks only".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::dns::Resolve as _;

    use super::PublicOnly;

    #[tokio::test]
    async fn private_names_do_not_resolve() {
        let outcome = PublicOnly.resolve("localhost".parse().unwrap()).await;
        let error = outcome.err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("it has addresses in private networks only")
        );
    }
}
