//! `/readyz` while the disk does not answer.

use crate::{
    http,
    socket::PATIENCE,
    test_server::{ServerOptions, TestServer},
};
use backend::store::{Store, memory::MemoryStore};
use futures_util::{future::BoxFuture, stream::BoxStream};
use hub::{
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use shared::{Epoch, ErrorCode};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, sleep},
};

/// A store whose commits wait while its disk hangs: each takes a permit.
struct HangingStore {
    store: Arc<Mutex<MemoryStore>>,
    disk: Arc<Semaphore>,
}

impl HangingStore {
    fn locked(&self) -> impl std::ops::DerefMut<Target = MemoryStore> + '_ {
        self.store.try_lock().expect("the registry makes one call at a time")
    }
}

impl Store for HangingStore {
    fn epoch(&self) -> Epoch {
        self.locked().epoch()
    }

    fn snapshot(&mut self) -> Result<std::sync::Arc<hub::House>, ErrorCode> {
        self.locked().snapshot()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let (store, disk) = (Arc::clone(&self.store), Arc::clone(&self.disk));
        Box::pin(async move {
            disk.acquire().await.unwrap().forget();
            let outcomes = store.lock().await.append(changes, now);
            outcomes.await
        })
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        self.locked().move_markers(moves)
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        self.locked().tail(after)
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        self.locked().read(query)
    }
}

async fn wait_until(server: &TestServer, status: u16) -> String {
    let since = Instant::now();
    loop {
        let answer = http::get(server, "/readyz", &[]).await;
        if answer.status == status {
            return answer.body;
        }
        assert!(since.elapsed() < PATIENCE, "{answer:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_server_is_not_ready_while_the_disk_does_not_answer() {
    let disk = Arc::new(Semaphore::new(1));
    let store = Arc::new(Mutex::new(MemoryStore::new(Epoch(9))));
    let store = Box::new(HangingStore { store, disk: Arc::clone(&disk) });
    let server = TestServer::with_options(ServerOptions { store, ..ServerOptions::default() });
    server.join("Wei").await;
    assert_eq!(http::get(&server, "/readyz", &[]).await.body, "ready\n");
    let answers = async {
        let why = wait_until(&server, 503).await;
        assert!(why.starts_with("the disk has not answered for "), "{why}");
        assert_eq!(http::get(&server, "/healthz", &[]).await.status, 200);
        disk.add_permits(1);
        wait_until(&server, 200).await;
    };
    tokio::join!(server.join("Lin"), answers);
}
