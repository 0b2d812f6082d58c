//! A webhook is no way into the network: neither by its URL, nor by what its name resolves to when a delivery is made.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cxbox::base::Random;
use cxbox::base::page::Page;
use cxbox::base::seal::Sealer;
use cxbox::features::webhooks::{DeliveryState, JOB, LogFilter, NewWebhook, Schedule, WebhookView, Webhooks, WebhooksSetup};
use cxbox::platform::access::{Actor, Role};
use cxbox::platform::net::{Failure, Host, Outbound, OutboundOptions, Request, Resolver, Target};
use cxbox::platform::outbox::{Handler, Outbox, Work};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::TestApp;
use crate::webhooks::{act, log};

#[path = "../../src/platform/net/corpus.rs"]
mod corpus;

/// A listener that must never be reached: it counts who comes.
struct Trap {
    port: u16,
    n_came: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Trap {
    async fn on(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let (port, n_came) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counter = n_came.clone();
        let task = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, n_came, task }
    }

    fn assert_untouched(&self) {
        assert_eq!(self.n_came.load(Ordering::SeqCst), 0, "somebody connected");
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Webhooks of their own over the application's database, with a resolver that the test holds.
struct Rig {
    webhooks: Webhooks,
    outbox: Outbox,
    webhook: WebhookView,
}

impl Rig {
    async fn new(app: &TestApp, allow: &[&str], port: u16, answers: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        let options = OutboundOptions { resolver: Resolver::given(answers), ..OutboundOptions::allowing(allow.iter().copied()).unwrap() };
        let setup = WebhooksSetup {
            db: app.db().clone(),
            clock: app.clock.clone(),
            random: Random::seeded(3),
            sealer: Arc::new(Sealer::new(&[7; 32], Random::seeded(4)).unwrap()),
            outbound: Outbound::new(options).unwrap(),
            tenant: "box.example".to_owned(),
        };
        let webhooks = Webhooks::new(setup);
        let deliver: Handler = Arc::new({
            let webhooks = webhooks.clone();
            move |job| {
                let webhooks = webhooks.clone();
                Box::pin(async move { webhooks.deliver(job).await })
            }
        });
        let work = Work { handlers: [(JOB, deliver)].into_iter().collect(), ..Work::default() };
        let outbox = Outbox::new(app.db(), &app.clock, work);
        let new = NewWebhook {
            url: format!("http://hooks.example.com:{port}/"),
            events: vec!["*".to_owned()],
            description: String::new(),
            schedule: Schedule::Standard,
            active: None,
        };
        let webhook = webhooks.create(&Actor::system(), new).await.unwrap().webhook;
        Self { webhooks, outbox, webhook }
    }

    async fn fire(&self) {
        self.webhooks.test(&Actor::system(), self.webhook.id.clone()).await.unwrap();
        self.outbox.settle().await.unwrap();
    }

    /// Status and error of every delivery, the oldest first.
    async fn outcomes(&self) -> Vec<(DeliveryState, Option<u16>, Option<String>)> {
        let page = Page { limit: 500, offset: 0 };
        let (rows, _) =
            self.webhooks.deliveries(LogFilter { webhook_id: Some(self.webhook.id.clone()), ..LogFilter::default() }, page).await.unwrap();
        rows.into_iter().rev().map(|row| (row.status, row.http_status, row.error)).collect()
    }
}

#[tokio::test]
async fn no_url_of_the_corpus_can_be_subscribed_and_looking_at_it_sends_nothing() {
    let app = TestApp::start().await;
    let admin = app.user(Role::SuperAdmin);
    let all: Vec<&str> = [corpus::INTERNAL, corpus::UNREADABLE, corpus::BAD_PORTS].concat();
    assert!(all.len() >= 200, "only {} targets", all.len());
    for url in &all {
        let refused = admin.post("/api/v1/webhooks", json!({ "url": url, "events": ["*"] })).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "url", "{url}");
    }
    assert_eq!(admin.get("/api/v1/webhooks").await.expect(200)["total"], 0);
    // Nothing of it may slip in by a change either.
    let good = admin.post("/api/v1/webhooks", json!({ "url": "https://hooks.example.com/", "events": ["*"] })).await.expect(201);
    let path = format!("/api/v1/webhooks/{}", good["id"].as_str().unwrap());
    for url in all.iter().step_by(7) {
        admin.patch(&path, json!({ "url": url })).await.expect(422);
        admin.put(&path, json!({ "url": url, "events": ["*"] })).await.expect(422);
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_an_internal_address_is_blocked_at_delivery_before_anything_is_sent() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let trap = Trap::on(Ipv4Addr::UNSPECIFIED.into()).await;
    let address = |url: &&str| match Target::read(url).unwrap().host {
        Host::Address(address) => address,
        Host::Name(name) => panic!("{name} is no address"),
    };
    let internal: Vec<IpAddr> = corpus::INTERNAL.iter().map(address).collect();
    let n_asked = Arc::new(AtomicUsize::new(0));
    let rig = Rig::new(&app, &[], trap.port, {
        let (internal, n_asked) = (internal.clone(), n_asked.clone());
        move |_| vec![internal[n_asked.fetch_add(1, Ordering::SeqCst) % internal.len()]]
    })
    .await;
    for _ in &internal {
        rig.fire().await;
    }
    assert_eq!(n_asked.load(Ordering::SeqCst), internal.len(), "the name was looked up once for each attempt");
    let outcomes = rig.outcomes().await;
    assert_eq!(outcomes.len(), internal.len());
    for (outcome, address) in outcomes.into_iter().zip(&internal) {
        assert_eq!(outcome, (DeliveryState::Waiting, None, Some("blocked".to_owned())), "{address}");
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn a_name_that_is_rebound_between_two_attempts_reaches_only_what_is_permitted() {
    let app = TestApp::start().await;
    let (permitted, internal) = (IpAddr::from([127, 0, 0, 2]), IpAddr::from([127, 0, 0, 1]));
    let receiver = Trap::on(permitted).await;
    let trap = TcpListener::bind((internal, receiver.port)).await.unwrap();
    let answers = Arc::new(Mutex::new(vec![permitted]));
    let rig = Rig::new(&app, &["127.0.0.2/32"], receiver.port, {
        let answers = answers.clone();
        move |_| answers.lock().unwrap().clone()
    })
    .await;
    // The receiver closes at once: an attempt that came through fails with a broken connection.
    rig.fire().await;
    assert_eq!(rig.outcomes().await[0].2.as_deref(), Some("broken"));
    *answers.lock().unwrap() = vec![internal];
    app.advance(std::time::Duration::from_secs(5));
    rig.outbox.settle().await.unwrap();
    assert_eq!(rig.outcomes().await[0].2.as_deref(), Some("blocked"));
    // A mixed answer: the permitted address is used, the other one never.
    *answers.lock().unwrap() = vec![internal, IpAddr::from([10, 0, 0, 1]), permitted, IpAddr::from([169, 254, 169, 254])];
    for seconds in [30, 120] {
        app.advance(std::time::Duration::from_secs(seconds));
        rig.outbox.settle().await.unwrap();
    }
    assert_eq!(rig.outcomes().await[0], (DeliveryState::Parked, None, Some("broken".to_owned())));
    assert_eq!(receiver.n_came.load(Ordering::SeqCst), 3);
    let came = tokio::time::timeout(std::time::Duration::from_millis(1), trap.accept()).await;
    assert!(came.is_err(), "the internal listener was reached");
}

#[tokio::test]
async fn the_name_localhost_is_no_way_round() {
    let mut app = TestApp::start().await;
    app.may_leave_work();
    let trap = Trap::on(Ipv4Addr::UNSPECIFIED.into()).await;
    let body = json!({ "url": format!("http://localhost:{}/", trap.port), "events": ["*"] });
    let made = app.user(Role::SuperAdmin).post("/api/v1/webhooks", body).await.expect(201);
    let id = made["id"].as_str().unwrap();
    act(&app, id, "test").await;
    app.settle().await;
    let line = log(&app, id).await.remove(0);
    assert_eq!((line["error"].as_str(), line["status"].as_str()), (Some("blocked"), Some("waiting")));
    trap.assert_untouched();
}

/// R25: a name whose answers alternate between a permitted and an internal address. One answer is asked for each time, and only that one counts.
#[tokio::test]
async fn of_a_thousand_answers_that_alternate_no_internal_one_is_connected_to() {
    let (permitted, internal) = (IpAddr::from([127, 0, 0, 2]), IpAddr::from([127, 0, 0, 1]));
    let receiver = Trap::on(permitted).await;
    let trap = TcpListener::bind((internal, receiver.port)).await.unwrap();
    let n_asked = Arc::new(AtomicUsize::new(0));
    let answers = {
        let n_asked = n_asked.clone();
        move |_: &str| vec![if n_asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) { permitted } else { internal }]
    };
    let options = OutboundOptions { resolver: Resolver::given(answers), ..OutboundOptions::allowing(["127.0.0.2/32"]).unwrap() };
    let outbound = Outbound::new(options).unwrap();
    let within = std::time::Duration::from_secs(5);
    for n in 0..1000 {
        let request = Request::post(format!("http://hooks.example.com:{}/", receiver.port)).within(within);
        let failure = outbound.guarded(request, within).await.err().expect("the receiver closes at once").class;
        assert_eq!(failure, if n % 2 == 0 { Failure::Broken } else { Failure::Blocked }, "request {n}");
    }
    assert_eq!(n_asked.load(Ordering::SeqCst), 1000, "the name is looked up once for each request");
    // The last connection may be closed a moment before it is counted.
    assert!((499..=500).contains(&receiver.n_came.load(Ordering::SeqCst)));
    let came = tokio::time::timeout(std::time::Duration::from_millis(1), trap.accept()).await;
    assert!(came.is_err(), "the internal listener was reached");
}
