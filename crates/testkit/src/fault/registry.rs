//! The fault registry itself: two TCP ports, a log, and a list of quirks around a router.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

use super::{
    Next, Outcome, Quirk, Route, Seen,
    body::mapped,
    log::{Entry, Log},
    quirk::{Hosts, refusal, route_of},
};

/// A registry on a real port that counts and misbehaves. Gone when dropped, with all its connections.
pub struct FaultRegistry {
    hosts: Hosts,
    log: Arc<Log>,
    tasks: [AbortHandle; 2],
}

/// What every connection shares.
struct Shared {
    app: Router,
    quirks: Vec<Arc<dyn Quirk>>,
    hosts: Hosts,
    log: Arc<Log>,
}

impl FaultRegistry {
    /// Serves `app` behind `quirks`, the first outermost, on 127.0.0.1.
    pub async fn start(app: Router, quirks: Vec<Arc<dyn Quirk>>) -> Self {
        let registry = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let storage = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let host = |listener: &TcpListener| listener.local_addr().expect("an address").to_string();
        let hosts = Hosts {
            registry: host(&registry),
            storage: host(&storage),
        };
        let log = Arc::new(Log::new());
        let shared = Arc::new(Shared {
            app,
            quirks,
            hosts: hosts.clone(),
            log: Arc::clone(&log),
        });
        let front = tokio::spawn(accept(registry, Arc::clone(&shared), Side::Front));
        let back = tokio::spawn(accept(storage, shared, Side::Storage));
        Self {
            hosts,
            log,
            tasks: [front.abort_handle(), back.abort_handle()],
        }
    }

    /// Host and port, as in a reference.
    pub fn host(&self) -> &str {
        &self.hosts.registry
    }

    /// Host and port of the storage that blobs may be redirected to.
    pub fn storage_host(&self) -> &str {
        &self.hosts.storage
    }

    /// A repository here.
    pub fn repository(&self, path: &str) -> transship_oci::Repository {
        transship_oci::Repository::new(self.host(), path).expect("a repository")
    }

    /// All requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.log.seen()
    }

    /// How many requests of a class there were.
    pub fn count(&self, route: Route) -> usize {
        self.log.count(route)
    }

    /// How many requests there were of each class that there were any of.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        self.log.counts()
    }

    /// How many requests there were.
    pub fn total(&self) -> usize {
        self.log.counts().values().sum()
    }

    /// Starts counting anew.
    pub fn forget(&self) {
        self.log.forget();
    }

    /// Waits until the `count`-th request of a class has come. It may not be answered yet.
    pub async fn arrived(&self, route: Route, count: usize) {
        self.log.wait(|log| log.count(route) >= count).await;
    }

    /// Waits until the `count`-th request of any class has come.
    pub async fn on_request(&self, count: usize) {
        self.log
            .wait(|log| log.counts().values().sum::<usize>() >= count)
            .await;
    }
}

impl fmt::Debug for FaultRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FaultRegistry({}, {:?})",
            self.hosts.registry,
            self.counts()
        )
    }
}

impl Drop for FaultRegistry {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Which port a request came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Front,
    Storage,
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, side: Side) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                connections.spawn(serve(stream, Arc::clone(&shared), side));
            }
            // Ended connections are forgotten as they end.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, side: Side) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: http::Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { shared.handle(request.map(Body::new), side).await }
    });
    // An error here is a connection that broke, on purpose or not.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Shared {
    async fn handle(&self, mut request: super::Request, side: Side) -> Outcome {
        request.extensions_mut().insert(self.hosts.clone());
        let route = match side {
            Side::Front => route_of(&request),
            Side::Storage => Route::Storage,
        };
        let entry = self.log.write(&request, route);
        let request = request.map(|body| counted(body, &entry, |entry| &entry.received));
        let answer = match side {
            Side::Front => {
                Next {
                    quirks: &self.quirks,
                    app: &self.app,
                }
                .run(request)
                .await?
            }
            Side::Storage => self.store(request).await?,
        };
        entry.status.store(answer.status().as_u16(), Relaxed);
        Ok(answer.map(|body| counted(body, &entry, |entry| &entry.sent)))
    }

    /// Storage takes the signature in the address and nothing else, as S3, Azure and Google do.
    async fn store(&self, request: super::Request) -> Outcome {
        if request.headers().contains_key("authorization") {
            return Ok(refusal(
                400,
                "InvalidArgument",
                "only one auth mechanism allowed",
            ));
        }
        Next {
            quirks: &[],
            app: &self.app,
        }
        .run(request)
        .await
    }
}

fn counted(
    body: Body,
    entry: &Arc<Entry>,
    field: fn(&Entry) -> &std::sync::atomic::AtomicU64,
) -> Body {
    let entry = Arc::clone(entry);
    mapped(body, move |bytes| {
        field(&entry).fetch_add(bytes.len() as u64, Relaxed);
        bytes
    })
}
