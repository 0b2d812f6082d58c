//! The whole control plane for one test: own folder, own port, own time.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cxbox::app::{App, Setup};
use cxbox::base::{Clock, Millis, Random};
use cxbox::contract::SECRET_HEADER;
use cxbox::platform::access::Role;
use cxbox::platform::config::{Flags, Layers};
use cxbox::platform::data_dir::DataDir;
use cxbox::platform::db::Db;
use cxbox::platform::http::{Http, Limits, Socket};
use cxbox::platform::outbox::Outbox;
use cxbox::platform::secrets::Secrets;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::client::Client;
use super::{people, ports};

/// 2026-06-01T12:00:00Z, a Monday.
const START: Millis = Millis(1_780_315_200_000);

/// The running control plane. Fails on drop when facts or jobs were left undone, unless the test said that this is meant. A call that
/// still runs is nothing undone: the watch over it may stay.
pub struct TestApp {
    folder: TempDir,
    pub clock: Clock,
    pub data: DataDir,
    pub address: SocketAddr,
    pub core_secret: String,
    jwt_secret: String,
    environment: Vec<(String, String)>,
    has_window: bool,
    running: Option<Running>,
    may_leave_work: bool,
    n_starts: u64,
}

struct Running {
    app: App,
    http: Http,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with settings such as `("CXBOX_OUTBOUND__ALLOW_CIDRS", "127.0.0.0/8")`.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::start_as(environment, false).await
    }

    /// Starts with the calling window that a new box has. Without this, calls may be placed at any time.
    pub async fn start_with_window() -> Self {
        Self::start_as(&[], true).await
    }

    /// Starts on a folder that something was put into before.
    pub async fn start_on(folder: TempDir) -> Self {
        Self::start_in(folder, &[], false).await
    }

    async fn start_as(environment: &[(&str, &str)], has_window: bool) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), environment, has_window).await
    }

    async fn start_in(folder: TempDir, environment: &[(&str, &str)], has_window: bool) -> Self {
        let data = DataDir::open(folder.path()).unwrap();
        let mut app = Self {
            folder,
            clock: Clock::manual(START),
            data,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free_port())),
            core_secret: String::new(),
            jwt_secret: String::new(),
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            has_window,
            running: None,
            may_leave_work: false,
            n_starts: 0,
        };
        app.run().await;
        app
    }

    async fn run(&mut self) {
        // Like the real one, it does not give the same ids again after a restart.
        self.n_starts += 1;
        let random = Random::seeded(7 * self.n_starts);
        let secrets = Secrets::open(&self.data, &[], &Random::system()).unwrap();
        self.core_secret = secrets.core.expose().to_owned();
        self.jwt_secret = secrets.jwt.expose().to_owned();
        people::share_rsa_key(&self.data);
        let mut environment = vec![("CXBOX_SERVER__TLS".to_owned(), "off".to_owned())];
        if !self.has_window {
            environment.push(("CXBOX_OUTBOUND__WINDOW".to_owned(), "off".to_owned()));
        }
        environment.extend(self.environment.clone());
        let config = Layers::read(None, &environment, &Flags::default()).unwrap().config().unwrap();
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let setup = Setup {
            data: self.data.clone(),
            base_url: config.server.base_url(self.address),
            tenant: config.server.tenant(self.address),
            config,
            clock: self.clock.clone(),
            random,
            secrets,
            program: env!("CARGO_BIN_EXE_cxbox").into(),
        };
        let app = App::build(setup).unwrap();
        app.auth().begin_setup().await.unwrap();
        app.seed().await.unwrap();
        let http = Http::new(app.router(), Limits::default());
        http.listen(Socket::Tcp(listener));
        self.running = Some(Running { app, http });
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// The database, to look at what no route shows.
    pub fn db(&self) -> &Db {
        &self.running().app.db
    }

    /// The description of all routes.
    pub fn openapi(&self) -> utoipa::openapi::OpenApi {
        self.running().app.openapi()
    }

    /// The outbox, to let it run as it does in `serve`.
    pub fn outbox(&self) -> &Outbox {
        &self.running().app.outbox
    }

    /// The folder that holds everything.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A caller without any proof.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address)
    }

    /// The engine, by the internal secret.
    pub fn engine(&self) -> Client {
        self.anonymous().with_header(SECRET_HEADER, &self.core_secret)
    }

    /// A person with this role, signed in; made when first asked for.
    pub fn user(&self, role: Role) -> Client {
        self.anonymous().with_bearer(&self.token(role))
    }

    /// The token of a person with this role.
    pub fn token(&self, role: Role) -> String {
        people::insert(&self.data, role, self.clock.now());
        people::token(&self.jwt_secret, role, self.clock.now())
    }

    /// A person with this role, signed in with an OIDC access token of the built-in client.
    pub fn oidc_user(&self, role: Role) -> Client {
        people::insert(&self.data, role, self.clock.now());
        let claims = people::access_claims(&self.data, &self.base_url(), role, self.clock.now());
        let forge = super::forge::Forge::of(&self.data);
        self.anonymous().with_bearer(&forge.rs256(&forge.header(), &claims))
    }

    /// The claims of the access token of [`TestApp::oidc_user`].
    pub fn access_claims(&self, role: Role) -> serde_json::Value {
        people::insert(&self.data, role, self.clock.now());
        people::access_claims(&self.data, &self.base_url(), role, self.clock.now())
    }

    /// The secret that signs login tokens.
    pub fn jwt_secret(&self) -> &str {
        &self.jwt_secret
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Does everything that is due at the present moment: listeners, jobs, and what follows from them. Retries that wait for a later
    /// moment stay; move the clock and settle again.
    pub async fn settle(&self) {
        self.running().app.outbox.settle().await.unwrap();
    }

    /// What waits, in words.
    pub async fn work_left(&self) -> Vec<String> {
        let sql = "select 'fact ' || body from events where fanned_out = 0
            union all select 'reaction of ' || subscriber || ' ' || error from reactions where state = 'waiting'
            union all select 'job ' || kind || ' ' || key || ' ' || error from jobs where state <> 'parked'";
        self.db()
            .read(move |conn| {
                let mut statement = conn.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap()
    }

    /// Says that facts or jobs may be left undone at the end of the test.
    pub fn may_leave_work(&mut self) {
        self.may_leave_work = true;
    }

    /// Stops the control plane and starts it again on the same folder, port and clock.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// Stops the control plane.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.http.drain(Duration::from_secs(5)).await;
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if self.may_leave_work || self.running.is_none() || std::thread::panicking() {
            return;
        }
        let conn = people::open(&self.data);
        let left: i64 = conn
            .query_row(
                "select (select count(*) from main_db.events where fanned_out = 0)
                        + (select count(*) from main_db.reactions where state = 'waiting')
                        + (select count(*) from main_db.jobs where state <> 'parked' and kind <> 'outbound.watch')",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(left, 0, "facts, reactions or jobs were left undone; call settle(), or may_leave_work()");
    }
}
