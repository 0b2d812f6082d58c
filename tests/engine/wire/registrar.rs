//! The registrar and its digests, spoken by hand: what is asked, what counts as proof, what is never answered.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cxbox::base::digest::Ha1;
use cxbox::base::id::CarrierId;
use cxbox::base::secret::sha256_hex;
use cxbox::engine::sip::{Admission, Login, Sender, Soon};
use md5::{Digest as _, Md5};

use super::{Party, RawPhone, next, soon};

const REALM: &str = "phone.example";
/// Long enough for an answer on loopback, short enough to wait for silence.
const SILENCE: Duration = Duration::from_millis(300);

/// A box whose telephones are `alex` with the password `right`, and whose carrier (if it is one) must sign in.
struct Desk {
    is_phone_network: bool,
    carrier: Option<Login>,
}

fn login(name: &str, password: &str) -> Login {
    Login { name: name.to_owned(), ha1: Ha1::of(name, REALM, password) }
}

impl Admission for Desk {
    fn is_known(&self, _: IpAddr) -> bool {
        self.carrier.is_some()
    }

    fn carrier_of(&self, _: IpAddr) -> Soon<'_, Option<CarrierId>> {
        let carrier = self.carrier.as_ref().map(|_| CarrierId::from("tr_1"));
        Box::pin(async move { carrier })
    }

    fn carrier_login(&self, _: SocketAddr) -> Option<Login> {
        self.carrier.clone()
    }

    fn is_phone_network(&self, _: IpAddr) -> bool {
        self.is_phone_network
    }

    fn account(&self, name: &str) -> Option<Login> {
        (name == "alex").then(|| login("alex", "right"))
    }

    fn realm(&self) -> String {
        REALM.to_owned()
    }
}

async fn registrar() -> (Party, RawPhone) {
    let party = Party::knowing(Arc::new(Desk { is_phone_network: true, carrier: None })).await;
    let phone = RawPhone::new(party.address()).await;
    (party, phone)
}

/// A request of this method with these further lines; every one is a transaction of its own.
fn request(method: &str, n: u32, user: &str, lines: &str) -> String {
    format!(
        "{method} sip:{user}@REMOTE SIP/2.0\nVia: SIP/2.0/UDP LOCAL;branch=z9hG4bK{method}{n};rport\nFrom: <sip:{user}@REMOTE>;tag=t{n}\n\
         To: <sip:{user}@REMOTE>\nCall-ID: {method}{n}@LOCAL\nCSeq: {n} {method}\nMax-Forwards: 70\n{lines}Content-Length: 0\n\n"
    )
}

fn status(answer: &str) -> u16 {
    answer.split_whitespace().nth(1).and_then(|code| code.parse().ok()).unwrap()
}

/// The answer to a request.
async fn ask(phone: &RawPhone, text: &str) -> Option<String> {
    phone.send(text).await;
    phone.answer_within(SILENCE).await
}

/// The answer to a request that must be answered, however busy the machine is. It is repeated as UDP phones do: of many packets of a stranger
/// in two seconds some are dropped.
async fn answer(phone: &RawPhone, text: &str) -> String {
    for _ in 0..20 {
        if let Some(answer) = ask(phone, text).await {
            return answer;
        }
    }
    panic!("no answer to {text}");
}

/// The nonce of a 401.
fn nonce(answer: &str) -> String {
    assert_eq!(status(answer), 401, "{answer}");
    let at = answer.find("nonce=\"").expect("a nonce") + 7;
    answer[at..].split('"').next().unwrap().to_owned()
}

fn hash(algorithm: &str, text: &str) -> String {
    if algorithm == "MD5" { hex::encode(Md5::digest(text.as_bytes())) } else { sha256_hex(text) }
}

/// The header that proves a password for a nonce.
fn proof(algorithm: &str, user: &str, password: &str, nonce: &str, method: &str) -> String {
    let ha1 = hash(algorithm, &format!("{user}:{REALM}:{password}"));
    let ha2 = hash(algorithm, &format!("{method}:sip:box"));
    let response = hash(algorithm, &format!("{ha1}:{nonce}:00000001:c:auth:{ha2}"));
    format!(
        "Authorization: Digest username=\"{user}\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"sip:box\", response=\"{response}\", \
         algorithm={algorithm}, cnonce=\"c\", qop=auth, nc=00000001\n"
    )
}

/// Registers with these lines (contact, expires); the final answer.
async fn register(phone: &RawPhone, n: u32, algorithm: &str, user: &str, password: &str, lines: &str) -> String {
    let nonce = nonce(&answer(phone, &request("REGISTER", n, user, lines)).await);
    let proved = proof(algorithm, user, password, &nonce, "REGISTER");
    answer(phone, &request("REGISTER", n + 1, user, &format!("{proved}{lines}"))).await
}

const CONTACT: &str = "Contact: <sip:alex@LOCAL>\nExpires: 120\n";

#[tokio::test]
async fn a_telephone_registers_with_either_hash_and_leaves() {
    let (party, phone) = registrar().await;
    let asked = answer(&phone, &request("REGISTER", 1, "alex", CONTACT)).await;
    let offered: Vec<&str> = asked.lines().filter(|line| line.starts_with("WWW-Authenticate")).collect();
    assert_eq!(offered.len(), 2, "{asked}");
    assert!(offered[0].contains("algorithm=SHA-256") && offered[1].contains("algorithm=MD5"), "the better one first");
    assert!(offered.iter().all(|line| line.contains("realm=\"phone.example\"") && line.contains("qop=\"auth\"")));
    for (n, algorithm) in [(10, "SHA-256"), (20, "MD5")] {
        let done = register(&phone, n, algorithm, "alex", "right", CONTACT).await;
        assert_eq!(status(&done), 200, "{done}");
        assert!(done.contains(";expires=120") || done.contains(";expires=119"), "{done}");
        let [known] = party.sip.phones_of("alex").try_into().expect("one telephone");
        assert_eq!(known.aor, "alex");
        let left = register(&phone, n + 2, algorithm, "alex", "right", "Contact: <sip:alex@LOCAL>\nExpires: 0\n").await;
        assert!(status(&left) == 200 && party.sip.phones_of("alex").is_empty());
    }
    register(&phone, 30, "MD5", "alex", "right", CONTACT).await;
    register(&phone, 40, "MD5", "alex", "right", "Contact: *\nExpires: 0\n").await;
    assert!(party.sip.phones_of("alex").is_empty());
}

#[tokio::test]
async fn a_proof_that_was_used_is_stale_and_registers_nobody() {
    let (party, phone) = registrar().await;
    let nonce = nonce(&answer(&phone, &request("REGISTER", 1, "alex", CONTACT)).await);
    let used = proof("SHA-256", "alex", "right", &nonce, "REGISTER");
    let replay = |n: u32| request("REGISTER", n, "alex", &format!("{used}{CONTACT}"));
    assert_eq!(status(&answer(&phone, &replay(2)).await), 200);
    party.sip.sign_out("alex");
    let thief = RawPhone::new(party.address()).await;
    for n in 3..23 {
        let refused = answer(&thief, &replay(n)).await;
        assert!(status(&refused) == 401 && refused.contains("stale=true"), "{refused}");
    }
    assert!(party.sip.phones_of("alex").is_empty());
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer_and_then_silence() {
    let (party, phone) = registrar().await;
    let shape = |answer: String| -> Vec<String> {
        let lines = answer.lines().filter(|line| !line.starts_with(['V', 'F', 'T', 'C']));
        lines.map(|line| line.split("nonce=").next().unwrap().to_owned()).collect()
    };
    let unknown = shape(register(&phone, 1, "MD5", "nobody", "right", CONTACT).await);
    let wrong = shape(register(&phone, 3, "MD5", "alex", "wrong", CONTACT).await);
    assert_eq!(unknown, wrong);
    assert!(wrong.iter().all(|line| !line.contains("stale")));
    for n in 3..=10 {
        register(&phone, 100 + n * 2, "SHA-256", "alex", "wrong", CONTACT).await;
    }
    assert_eq!(ask(&phone, &request("REGISTER", 500, "alex", CONTACT)).await, None, "ten wrong guesses");
    let other = RawPhone::new(party.address()).await;
    assert_eq!(ask(&other, &request("INVITE", 501, "alex", "Contact: <sip:x@LOCAL>\n")).await, None, "from any port of that address");
}

#[tokio::test]
async fn a_registered_telephone_stays_heard_when_somebody_else_on_its_address_guesses() {
    let (_party, phone) = registrar().await;
    assert_eq!(status(&register(&phone, 1, "MD5", "alex", "right", CONTACT).await), 200);
    let guesser = RawPhone::new(_party.address()).await;
    for n in 0..10 {
        register(&guesser, 100 + n * 2, "MD5", "alex", "wrong", CONTACT).await;
    }
    assert_eq!(ask(&guesser, &request("REGISTER", 300, "alex", CONTACT)).await, None);
    assert_eq!(status(&register(&phone, 301, "MD5", "alex", "right", CONTACT).await), 200);
}

#[tokio::test]
async fn wishes_out_of_range_are_refused_in_the_protocols_words() {
    let (party, phone) = registrar().await;
    let brief = register(&phone, 1, "MD5", "alex", "right", "Contact: <sip:alex@LOCAL>\nExpires: 5\n").await;
    assert!(status(&brief) == 423 && brief.contains("Min-Expires: 60"), "{brief}");
    let foreign = request("REGISTER", 11, "alex", "").replace("To: <sip:alex@", "To: <sip:berta@");
    let nonce = nonce(&answer(&phone, &foreign).await);
    let stolen = foreign
        .replace("REGISTER11", "REGISTER12")
        .replace("Max-Forwards", &format!("{}Max-Forwards", proof("MD5", "alex", "right", &nonce, "REGISTER")));
    assert_eq!(status(&answer(&phone, &stolen).await), 403, "alex registers nobody but alex");
    assert_eq!(status(&register(&phone, 21, "MD5", "alex", "right", "Contact: <mailto:alex@LOCAL>\n").await), 400);
    assert!(party.sip.phones_of("alex").is_empty() && party.sip.phones_of("berta").is_empty());
}

#[tokio::test]
async fn who_is_in_no_network_of_phones_hears_nothing() {
    let party = Party::knowing(Arc::new(Desk { is_phone_network: false, carrier: None })).await;
    let phone = RawPhone::new(party.address()).await;
    for (n, method) in ["REGISTER", "INVITE", "OPTIONS", "MESSAGE"].into_iter().enumerate() {
        assert_eq!(ask(&phone, &request(method, u32::try_from(n).unwrap(), "alex", CONTACT)).await, None, "{method}");
    }
}

#[tokio::test]
async fn only_what_telephones_need_is_answered_and_scanners_learn_nothing() {
    let (_party, phone) = registrar().await;
    for (n, method) in ["OPTIONS", "MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY"].into_iter().enumerate() {
        assert_eq!(ask(&phone, &request(method, u32::try_from(n).unwrap(), "alex", "")).await, None, "{method} of a stranger");
    }
    assert_eq!(ask(&phone, "REGISTER sip:x SIP/2.0\nVia: SIP/2.0/UDP LOCAL;branch=z9hG4bKx\n\n").await, None, "not even an error");
    assert_eq!(status(&register(&phone, 50, "MD5", "alex", "right", CONTACT).await), 200);
    for (n, method) in ["MESSAGE", "SUBSCRIBE", "PUBLISH"].into_iter().enumerate() {
        let refused = answer(&phone, &request(method, 60 + u32::try_from(n).unwrap(), "alex", "")).await;
        assert_eq!(status(&refused), 405, "{method} of a registered telephone");
    }
}

#[tokio::test]
async fn a_call_of_a_telephone_must_prove_its_account_and_comes_under_its_name() {
    let (mut party, phone) = registrar().await;
    let lines = "Contact: <sip:alex@LOCAL>\n";
    let asked = answer(&phone, &request("INVITE", 1, "reception", lines).replace("From: <sip:reception", "From: <sip:ceo")).await;
    let nonce = nonce(&asked);
    let right = proof("SHA-256", "alex", "right", &nonce, "INVITE");
    let invite = request("INVITE", 2, "reception", &format!("{right}{lines}")).replace("From: <sip:reception", "From: <sip:ceo");
    phone.send(&invite).await;
    let incoming = next(&mut party.calls).await;
    assert_eq!((incoming.sender.clone(), incoming.from.as_deref()), (Sender::Phone("alex".to_owned()), Some("alex")));
    assert_eq!(incoming.did, "reception");
    incoming.leg.control.reject(486, None).await.unwrap();
    let wrong = request("INVITE", 3, "reception", &format!("{}{lines}", proof("MD5", "alex", "wrong", &nonce, "INVITE")));
    phone.send(&wrong).await;
    assert!(soon(async { tokio::time::timeout(SILENCE, party.calls.recv()).await }).await.is_err(), "no call without proof");
}

#[tokio::test]
async fn a_carrier_with_a_password_must_sign_in() {
    let desk = Desk { is_phone_network: false, carrier: Some(login("carrier", "trunk-secret")) };
    let mut party = Party::knowing(Arc::new(desk)).await;
    let phone = RawPhone::new(party.address()).await;
    let lines = "Contact: <sip:carrier@LOCAL>\n";
    let nonce_of = |n: u32| {
        let (phone, text) = (&phone, request("INVITE", n, "reception", lines));
        async move { nonce(&answer(phone, &text).await) }
    };
    for (n, name, password) in [(1, "carrier", "wrong"), (3, "alex", "right"), (5, "carrier", "trunk-secret")] {
        let proved = proof("SHA-256", name, password, &nonce_of(n).await, "INVITE");
        phone.send(&request("INVITE", n + 1, "reception", &format!("{proved}{lines}"))).await;
    }
    let incoming = next(&mut party.calls).await;
    assert_eq!(incoming.sender, Sender::Carrier("tr_1".into()));
    assert!(tokio::time::timeout(SILENCE, party.calls.recv()).await.is_err(), "one of the three has proved itself");
}
