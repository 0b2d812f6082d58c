//! The client against real sockets on loopback.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Failure, Outbound, OutboundOptions, Request, Resolver};

const WAIT: Duration = Duration::from_secs(5);

fn outbound(allow: &[&str], answers: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Outbound {
    let allow_cidrs = allow.iter().map(|entry| (*entry).to_owned()).collect();
    Outbound::new(OutboundOptions { allow_cidrs, extra_ca: None, resolver: Resolver::given(answers), body_cap: 64 * 1024 })
        .expect("a client")
}

fn loopback(_: &str) -> Vec<IpAddr> {
    vec![IpAddr::from([127, 0, 0, 1])]
}

async fn serve(app: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
    at
}

async fn class_of(outbound: &Outbound, request: Request) -> Failure {
    match outbound.guarded(request, WAIT).await {
        Ok(answer) => panic!("answered {}", answer.status),
        Err(error) => error.class,
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let app = axum::Router::new().route("/", get(|| async { axum::response::Redirect::temporary("/other") }));
    let at = serve(app).await;
    let answer = outbound(&["127.0.0.0/8"], loopback).guarded(Request::get(format!("http://{at}/")), WAIT).await.expect("an answer");
    assert_eq!((answer.status, answer.header("location")), (307, Some("/other")));
}

#[tokio::test]
async fn loopback_is_reached_only_when_named_whatever_the_name_says() {
    let n_requests = Arc::new(AtomicUsize::new(0));
    let counter = n_requests.clone();
    let app = axum::Router::new().route("/", get(move || async move { counter.fetch_add(1, Ordering::SeqCst).to_string() }));
    let at = serve(app).await;
    let url = format!("http://hooks.example.com:{}/", at.port());
    assert_eq!(class_of(&outbound(&[], loopback), Request::get(&url)).await, Failure::Blocked);
    assert_eq!(class_of(&outbound(&["10.0.0.0/8"], loopback), Request::get(&url)).await, Failure::Blocked);
    assert_eq!(n_requests.load(Ordering::SeqCst), 0);
    let answer = outbound(&["127.0.0.0/8"], loopback).guarded(Request::get(&url), WAIT).await.expect("an answer");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_name_that_changes_its_address_reaches_only_what_was_judged() {
    let app = axum::Router::new().route("/", get(|| async { "internal" }));
    let at = serve(app).await;
    let n_asked = Arc::new(AtomicUsize::new(0));
    let asked = n_asked.clone();
    // Every answer is internal, each time another one; nothing may be connected to.
    let client = outbound(&[], move |_| match asked.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([10, 0, 0, 1])],
        _ => vec![IpAddr::from([127, 0, 0, 1])],
    });
    for n in 1..=1000 {
        let request = Request::get(format!("http://rebind.example.com:{}/", at.port()));
        assert_eq!(class_of(&client, request).await, Failure::Blocked);
        assert_eq!(n_asked.load(Ordering::SeqCst), n, "each request asks exactly once");
    }
}

#[tokio::test]
async fn a_large_answer_is_cut_off_and_a_slow_one_ends_in_time() {
    let app = axum::Router::new()
        .route("/large", get(|| async { vec![b'x'; 1_000_000] }))
        .route("/slow", get(std::future::pending::<&'static str>));
    let at = serve(app).await;
    let client = outbound(&["127.0.0.0/8"], loopback);
    let large = client.guarded(Request::get(format!("http://{at}/large")), WAIT).await.expect("a head");
    assert_eq!(large.bytes(usize::MAX).await.expect_err("too large").class, Failure::TooLarge);
    let mut large = client.guarded(Request::get(format!("http://{at}/large")), WAIT).await.expect("a head");
    let (first, whole) = large.first(1024).await.expect("a beginning");
    assert_eq!((first.len(), whole), (1024, false));
    let slow = Request::get(format!("http://{at}/slow")).within(Duration::from_millis(50));
    assert_eq!(class_of(&client, slow).await, Failure::Timeout);
}

#[tokio::test]
async fn a_host_has_two_connections_and_a_third_is_told_so() {
    let app = axum::Router::new().route("/", get(|| async { "x" }));
    let at = serve(app).await;
    let client = outbound(&["127.0.0.0/8"], loopback);
    let url = format!("http://{at}/");
    let first = client.guarded(Request::get(&url), WAIT).await.expect("an answer");
    let _second = client.guarded(Request::get(&url), WAIT).await.expect("an answer");
    let third = client.guarded(Request::get(&url), Duration::from_millis(20)).await;
    assert_eq!(third.err().map(|error| error.class), Some(Failure::Busy));
    drop(first);
    client.guarded(Request::get(&url), WAIT).await.expect("a place came free");
}

#[tokio::test]
async fn a_peer_that_breaks_off_or_speaks_nonsense_is_a_broken_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        for reply in [&b""[..], b"SSH-2.0-nonsense\r\n"] {
            let (mut stream, _) = listener.accept().await.expect("a peer");
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(reply).await;
        }
    });
    let client = outbound(&["127.0.0.0/8"], loopback);
    assert_eq!(class_of(&client, Request::get(format!("http://{at}/"))).await, Failure::Broken);
    assert_eq!(class_of(&client, Request::get(format!("http://{at}/"))).await, Failure::Broken);
    assert_eq!(class_of(&client, Request::get("http://127.0.0.1:1/")).await, Failure::Blocked);
}

#[tokio::test]
async fn tls_holds_only_with_a_certificate_that_is_trusted() {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, made.cert.pem()).expect("written");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a peer");
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    let url = format!("https://{at}/");
    assert_eq!(class_of(&outbound(&["127.0.0.0/8"], loopback), Request::get(&url)).await, Failure::Tls);
    let options = OutboundOptions { extra_ca: Some(ca), ..OutboundOptions::allowing(["127.0.0.0/8"]).expect("options") };
    let answer = Outbound::new(options).expect("a client").operator(Request::get(&url)).await.expect("an answer");
    assert_eq!(answer.status, 204);
}

#[tokio::test]
async fn an_answer_that_is_passed_on_arrives_whole_whoever_else_listens() {
    let sound: Vec<u8> = (0..3_000_000_u32).map(|n| (n / 7).to_le_bytes()[0]).collect();
    let (known, unknown) = (sound.clone(), sound.clone());
    let store = serve(axum::Router::new().route("/known", get(move || async move { known })).route(
        "/unknown",
        get(move || async move {
            let pieces = unknown.chunks(50_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
            axum::body::Body::from_stream(futures_util::stream::iter(pieces))
        }),
    ))
    .await;
    let client = outbound(&[], loopback);
    let through = client.clone();
    let pass_on = move |axum::extract::Path(name): axum::extract::Path<String>| async move {
        axum::body::Body::new(through.operator(Request::get(format!("http://{store}/{name}"))).await.expect("an answer"))
    };
    let at = serve(axum::Router::new().route("/{name}", get(pass_on))).await;
    let heard = ["known", "unknown"].repeat(6).into_iter().map(|name| {
        let client = client.clone();
        async move { client.operator(Request::get(format!("http://{at}/{name}"))).await.expect("an answer").bytes(4_000_000).await }
    });
    for heard in futures_util::future::join_all(heard).await {
        assert!(heard.expect("to its end") == sound);
    }
}
