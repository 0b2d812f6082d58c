//! HTTP over a Unix socket of the data folder: control plane, engine and command line talk to each other this way.

use std::path::Path;

use tokio::net::UnixStream;

use super::failure::{Failure, NetError};
use super::message::{Answer, Request};
use super::pace;
use super::send::{self, Way};

/// Sends a request whose target is a path such as `/healthz`. Fails with [`Failure::Connect`] when nobody listens.
pub async fn request(socket: &Path, request: Request) -> Result<Answer, NetError> {
    let within = request.head_within;
    let exchange = async {
        let stream = UnixStream::connect(socket)
            .await
            .map_err(|error| NetError::new(Failure::Connect, format!("nobody listens at {}", socket.display())).caused_by(error))?;
        let path = request.target.clone();
        let way = Way { path: &path, host: "localhost", places: Vec::new(), large: pace::Places::default() };
        send::once(stream, request, way).await
    };
    tokio::time::timeout(within, exchange).await.map_err(|_| NetError::new(Failure::Timeout, "the local process did not answer in time"))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use serde_json::{Value, json};
    use std::time::Duration;
    use tokio::net::UnixListener;

    fn serve(path: &Path) -> tokio::task::JoinHandle<()> {
        let app = axum::Router::new()
            .route("/echo", post(|body: String| async move { body }))
            .route("/never", get(std::future::pending::<&'static str>));
        let listener = UnixListener::bind(path).expect("a socket");
        tokio::spawn(async move { axum::serve(listener, app).await.expect("served") })
    }

    #[tokio::test]
    async fn a_request_goes_over_the_socket_and_its_json_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        let server = serve(&path);
        let sent = json!({ "a": 1 });
        let answer = request(&path, Request::post("/echo").json(&sent).expect("json")).await.expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json::<Value>(1024).await.expect("json"), sent);
        let too_large = request(&path, Request::post("/echo").bytes("text/plain", vec![b'x'; 100])).await.expect("an answer");
        assert_eq!(too_large.bytes(99).await.expect_err("too large").class, Failure::TooLarge);
        server.abort();
    }

    #[tokio::test]
    async fn a_file_is_sent_as_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        let server = serve(&path);
        let file = folder.path().join("f");
        std::fs::write(&file, vec![b'y'; 200_000]).expect("written");
        let open = tokio::fs::File::open(&file).await.expect("open");
        let answer = request(&path, Request::post("/echo").file("text/plain", open, 200_000)).await.expect("an answer");
        assert_eq!(answer.bytes(1 << 20).await.expect("bytes").len(), 200_000);
        server.abort();
    }

    #[tokio::test]
    async fn silence_and_absence_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        let Err(absent) = request(&path, Request::get("/")).await else { panic!("nobody listens") };
        assert_eq!(absent.class, Failure::Connect);
        let server = serve(&path);
        let Err(silent) = request(&path, Request::get("/never").within(Duration::from_millis(50))).await else { panic!("no answer") };
        assert_eq!(silent.class, Failure::Timeout);
        server.abort();
    }

    #[tokio::test]
    async fn a_connection_that_switches_protocols_carries_bytes_both_ways() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let server = tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.expect("a peer");
            assert!(peer.read(&mut [0; 1024]).await.expect("a request") > 0);
            peer.write_all(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: words\r\n\r\nfirst")
                .await
                .expect("written");
            let mut word = [0; 6];
            peer.read_exact(&mut word).await.expect("a word");
            peer.write_all(&word).await.expect("written");
        });
        let asked = Request::get("/").header("connection", "upgrade").header("upgrade", "words");
        let answer = request(&path, asked).await.expect("an answer");
        assert_eq!(answer.status, 101);
        let mut line = answer.upgraded().await.expect("switched");
        line.write_all(b"second").await.expect("written");
        let mut words = String::new();
        line.read_to_string(&mut words).await.expect("read");
        assert_eq!(words, "firstsecond");
        server.await.expect("the server is done");
    }
}
