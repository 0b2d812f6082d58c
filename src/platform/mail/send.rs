//! One letter to one server: the guard chooses the address, TLS as the operator set it, everything within one time.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::letter::Letter;
use crate::base::secret::Secret;
use crate::platform::net::Outbound;

/// Longest sentence of a server that is kept, in characters.
const LONGEST_SAID: usize = 300;

/// Whether mail travels under TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then TLS or nothing.
    Starttls,
    /// From the first byte.
    Tls,
    /// Never.
    Off,
}

/// A mail server and how to speak with it.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS or not.
    pub security: Security,
    /// User name; empty: no sign-in.
    pub username: String,
    /// Password. Only sent under TLS.
    pub password: Secret,
    /// Certificates (PEM) to trust besides this machine's.
    pub ca_pem: String,
    /// How long a letter may take altogether.
    pub within: Duration,
}

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailError {
    /// Whether the same letter would be refused again.
    pub is_final: bool,
    /// A sentence for the operator.
    pub sentence: String,
}

/// Sends letters. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    net: Outbound,
}

impl Mailer {
    /// A mailer that reaches what operators may reach.
    pub fn new(net: Outbound) -> Self {
        Self { net }
    }

    /// Hands a letter to a server. `Ok` when the server has taken it. Takes no longer than the server's time, whatever the server does.
    pub async fn send(&self, server: &Server, letter: &Letter) -> Result<(), MailError> {
        let written = letter.write().map_err(|error| MailError { is_final: true, sentence: error.message().to_owned() })?;
        let exchange = self.exchange(server, written);
        tokio::time::timeout(server.within, Box::pin(exchange))
            .await
            .unwrap_or_else(|_| Err(later("the mail server did not answer in time")))
    }

    async fn exchange(&self, server: &Server, (envelope, bytes): (Envelope, Vec<u8>)) -> Result<(), MailError> {
        let found = self.net.operator_addresses(&server.host, server.port).await;
        let addresses = found.map_err(|error| later(format!("the mail server cannot be reached: {error}")))?;
        let hello = ClientId::Domain(envelope.from().map_or_else(|| "localhost".to_owned(), |from| from.domain().to_owned()));
        let mut connection = connect(server, &addresses, &hello).await?;
        if server.security == Security::Starttls {
            if !connection.can_starttls() {
                return Err(later("the mail server offers no STARTTLS, and the setting mail.security demands it"));
            }
            connection.starttls(tls(server)?, &hello).await.map_err(|error| failed("TLS with the mail server failed", &error))?;
        }
        if !server.username.is_empty() && server.security != Security::Off {
            let credentials = Credentials::new(server.username.clone(), server.password.expose().to_owned());
            let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            signed_in.map_err(|error| failed("the mail server refused user name or password", &error))?;
        }
        let taken = connection.send(&envelope, &bytes).await;
        taken.map_err(|error| MailError { is_final: error.is_permanent(), ..failed("the mail server did not take the mail", &error) })?;
        // It has the mail: how the connection ends changes nothing.
        let _ = connection.quit().await;
        Ok(())
    }
}

async fn connect(server: &Server, addresses: &[SocketAddr], hello: &ClientId) -> Result<AsyncSmtpConnection, MailError> {
    let mut failure = later("the mail server has no address");
    for address in addresses {
        let tls = if server.security == Security::Tls { Some(tls(server)?) } else { None };
        match AsyncSmtpConnection::connect_tokio1(*address, Some(server.within), hello, tls, None).await {
            Ok(connection) => return Ok(connection),
            Err(error) => failure = failed("no connection with the mail server came about", &error),
        }
    }
    Err(failure)
}

fn tls(server: &Server) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if !server.ca_pem.trim().is_empty() {
        let certificates = Certificate::from_pem(server.ca_pem.as_bytes());
        builder = builder.add_root_certificate(certificates.map_err(|error| failed("mail.ca_pem cannot be used", &error))?);
    }
    builder.build_rustls().map_err(|error| failed("TLS cannot be set up", &error))
}

fn later(sentence: impl Into<String>) -> MailError {
    MailError { is_final: false, sentence: sentence.into() }
}

/// What failed, and what the server said about it, on one line.
fn failed(what: &str, error: &SmtpError) -> MailError {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SAID).collect();
    later(format!("{what}: {said}"))
}
