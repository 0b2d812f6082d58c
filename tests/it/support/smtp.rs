//! A mail server on loopback: keeps what it is sent, answers what it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Whether the server speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Plain,
    Starttls,
    Tls,
}

/// What it does with the next mail; it takes those nobody said anything about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Says 451.
    Later,
    /// Says 550.
    Refuse,
    /// Takes the connection and says nothing.
    Hang,
    /// Takes it.
    Take,
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub is_tls: bool,
    /// User and password.
    pub signed_in: Option<(String, String)>,
    pub text: String,
}

impl Taken {
    /// The header lines, folded ones joined.
    pub fn headers(&self) -> Vec<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
    }
}

pub struct MailSink {
    pub port: u16,
    /// The certificate of whoever signed the server's.
    pub ca_pem: String,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Manner,
    tls: TlsAcceptor,
    taken: Mutex<Vec<Taken>>,
    next: Mutex<VecDeque<Does>>,
    /// Lines that came in without TLS.
    open_lines: Mutex<Vec<String>>,
}

impl MailSink {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (ca_pem, tls) = certificates();
        let (taken, next, open_lines) = Default::default();
        let shared = Arc::new(Shared { manner, tls, taken, next, open_lines });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Self { port, ca_pem, shared }
    }

    /// What it does with the next mails, in turn.
    pub fn will(&self, does: &[Does]) {
        self.shared.next.lock().unwrap().extend(does.iter().copied());
    }

    /// The mails since the last time.
    pub fn take_all(&self) -> Vec<Taken> {
        std::mem::take(&mut *self.shared.taken.lock().unwrap())
    }

    /// Everything that was said to it without TLS.
    pub fn open_lines(&self) -> Vec<String> {
        self.shared.open_lines.lock().unwrap().clone()
    }
}

fn certificates() -> (String, TlsAcceptor) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (ca_pem, TlsAcceptor::from(Arc::new(config)))
}

async fn serve(stream: tokio::net::TcpStream, shared: &Shared) {
    if shared.next.lock().unwrap().front() == Some(&Does::Hang) {
        shared.next.lock().unwrap().pop_front();
        // Nothing is said until the other side gives up.
        let mut stream = stream;
        let _ = stream.read_to_end(&mut Vec::new()).await;
        return;
    }
    if shared.manner == Manner::Tls {
        if let Ok(stream) = shared.tls.accept(stream).await {
            converse(BufReader::new(stream), shared, true, true).await;
        }
    } else if let Some(stream) = converse(BufReader::new(stream), shared, false, true).await
        && let Ok(stream) = shared.tls.accept(stream).await
    {
        converse(BufReader::new(stream), shared, true, false).await;
    }
}

/// One conversation; gives the stream back when it is to go on under TLS.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: BufReader<S>, shared: &Shared, is_tls: bool, greets: bool) -> Option<S> {
    let mut mail = Taken { from: String::new(), to: Vec::new(), is_tls, signed_in: None, text: String::new() };
    if greets {
        stream.write_all(b"220 sink\r\n").await.ok()?;
    }
    loop {
        let line = read_line(&mut stream).await?;
        if !is_tls {
            shared.open_lines.lock().unwrap().push(line.clone());
        }
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_uppercase().as_str() {
            "EHLO" if shared.manner == Manner::Starttls && !is_tls => "250-sink\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS".to_owned(),
            "EHLO" => "250-sink\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME".to_owned(),
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" => sign_in(&mut mail, &line),
            "MAIL" => {
                mail.from = address(&line);
                "250 ok".to_owned()
            }
            "RCPT" => match shared.next.lock().unwrap().pop_front().unwrap_or(Does::Take) {
                Does::Later => "451 greylisted, come again".to_owned(),
                Does::Refuse => "550 no such user here".to_owned(),
                Does::Hang | Does::Take => {
                    mail.to.push(address(&line));
                    "250 ok".to_owned()
                }
            },
            "DATA" => {
                stream.write_all(b"354 go\r\n").await.ok()?;
                mail.text = read_data(&mut stream).await?;
                shared.taken.lock().unwrap().push(mail.clone());
                "250 taken".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 ok".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let n_read = stream.read_line(&mut line).await.ok()?;
    (n_read > 0).then(|| line.trim_end().to_owned())
}

async fn read_data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn sign_in(mail: &mut Taken, line: &str) -> String {
    let sent = line.split(' ').nth(2).and_then(|text| BASE64_STANDARD.decode(text).ok()).unwrap_or_default();
    let parts: Vec<String> = String::from_utf8_lossy(&sent).split('\0').map(str::to_owned).collect();
    match parts.as_slice() {
        [_, _, password] if password == "mistaken" => "535 sign-in refused".to_owned(),
        [_, user, password] => {
            mail.signed_in = Some((user.clone(), password.clone()));
            "235 welcome".to_owned()
        }
        _ => "501 not understood".to_owned(),
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
