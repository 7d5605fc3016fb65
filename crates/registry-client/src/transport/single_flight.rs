//! One piece of work for all who want its result at the same time.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use transship_oci::{Error, Result};

type Flight<V> = Shared<BoxFuture<'static, Result<V, Arc<Error>>>>;

/// Work under way, by what it is for. Nothing is kept once it is done.
pub(super) struct SingleFlight<K, V>(Mutex<HashMap<K, Flight<V>>>);

impl<K: Eq + Hash + Clone, V: Clone + 'static> SingleFlight<K, V> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Joins the work under way for `key`, or starts it. Whoever goes away does not take it along: another goes on.
    pub(super) async fn run(
        &self,
        key: K,
        start: impl FnOnce() -> BoxFuture<'static, Result<V>>,
    ) -> Result<V> {
        let flight = self
            .lock()
            .entry(key.clone())
            .or_insert_with(|| {
                start()
                    .map(|result| result.map_err(Arc::new))
                    .boxed()
                    .shared()
            })
            .clone();
        let result = flight.clone().await;
        let mut flights = self.lock();
        if flights.get(&key).is_some_and(|other| other.ptr_eq(&flight)) {
            flights.remove(&key);
        }
        result.map_err(|error| error.share())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SingleFlight")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use transship_oci::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn many_wait_for_one() {
        let (flights, runs) = (SingleFlight::new(), Arc::new(AtomicU32::new(0)));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let join = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            let work = async move {
                gate.acquire().await.unwrap().forget();
                Ok(runs.fetch_add(1, Ordering::SeqCst))
            };
            flights.run("a", || work.boxed())
        };
        let mut all = join_all((0..16).map(|_| join()));
        assert!(futures::poll!(&mut all).is_pending());
        gate.add_permits(2);
        assert!(all.await.into_iter().all(|result| result.unwrap() == 0));
        assert_eq!(join().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn all_hear_of_the_failure_and_the_next_tries_anew() {
        let flights = SingleFlight::<_, u32>::new();
        let fail = || {
            || {
                async {
                    tokio::task::yield_now().await;
                    Err(Error::new(ErrorKind::Denied, "no"))
                }
                .boxed()
            }
        };
        for result in join_all((0..4).map(|_| flights.run((), fail()))).await {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Denied);
        }
        assert_eq!(
            flights.run((), || async { Ok(7) }.boxed()).await.unwrap(),
            7
        );
    }

    #[tokio::test]
    async fn who_leaves_does_not_stop_the_others() {
        let flights = SingleFlight::new();
        let (send, receive) = tokio::sync::oneshot::channel::<u32>();
        let mut first = Box::pin(flights.run((), || async { Ok(receive.await.unwrap()) }.boxed()));
        assert!(futures::poll!(&mut first).is_pending());
        let second = flights.run((), || async { Ok(0) }.boxed());
        drop(first);
        send.send(5).unwrap();
        assert_eq!(second.await.unwrap(), 5);
    }
}
