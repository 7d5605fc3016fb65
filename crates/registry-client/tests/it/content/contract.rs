//! The contract that every source and every sink passes, over HTTP.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use transship_testkit::{
    contract::{self, Pair},
    fault::{Quirk, quirks::Referrers},
    peers::{Distribution, DockerRegistry, Options},
};

use super::support::{registry, source, target};

/// A pair over a repository of its own, for each clause.
fn pairs(host: &str) -> impl AsyncFnMut() -> Pair {
    let (host, number) = (host.to_owned(), AtomicU32::new(0));
    async move || {
        let path = format!("clause/{}", number.fetch_add(1, Relaxed));
        let (read, write) = ((host.clone(), path.clone()), (host.clone(), path));
        Pair::new(
            move || Arc::new(source(&read.0, &read.1)),
            move || Arc::new(target(&write.0, &write.1)),
        )
    }
}

#[tokio::test]
async fn our_registry_with_and_without_the_api() {
    let without: Vec<Arc<dyn Quirk>> = vec![Arc::new(Referrers::Missing)];
    for quirks in [vec![], without] {
        let registry = registry(quirks).await;
        contract::check(pairs(registry.host())).await;
    }
}

#[tokio::test]
async fn docker_registry() {
    let Some(registry) = DockerRegistry::start(&Options::default()).await else {
        return;
    };
    let mut pairs = pairs(registry.host());
    contract::check(async || pairs().await.sha256_only()).await;
}

#[tokio::test]
async fn distribution() {
    let Some(registry) = Distribution::start(&Options::default()).await else {
        return;
    };
    let mut pairs = pairs(registry.host());
    contract::check(async || pairs().await.sha256_only()).await;
}
