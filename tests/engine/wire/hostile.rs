//! Strangers, floods and messages made to break things: silence or a clear status, and calls still work.

use std::path::PathBuf;
use std::time::Duration;

use cxbox::contract::trunk::Transport;

use super::{Party, RawPhone, connect};

/// Long enough for an answer on loopback, short enough for many tests.
const A_WHILE: Duration = Duration::from_millis(300);

fn request(method: &str, number: u32) -> String {
    format!(
        "{method} sip:bot@REMOTE SIP/2.0\nVia: SIP/2.0/UDP LOCAL;branch=z9hG4bK-{method}-{number};rport\nMax-Forwards: 70\n\
         From: <sip:eve@LOCAL>;tag=t{number}\nTo: <sip:bot@REMOTE>\nCall-ID: c{number}-{method}\nCSeq: 1 {method}\n\
         Contact: <sip:eve@LOCAL>\nContent-Length: 0\n\n"
    )
}

#[tokio::test]
async fn a_stranger_gets_no_answer_to_anything() {
    let mut party = Party::aloof().await;
    let stranger = RawPhone::new(party.address()).await;
    for (number, method) in ["OPTIONS", "INVITE", "REGISTER", "MESSAGE", "BYE", "NONSENSE"].into_iter().enumerate() {
        stranger.send(&request(method, u32::try_from(number).unwrap())).await;
    }
    stranger.send_bytes(b"\r\n\r\n").await;
    assert_eq!(stranger.answer_within(A_WHILE).await, None);
    assert!(party.calls.try_recv().is_err());
    let tcp = tokio::net::TcpStream::connect(party.address()).await.unwrap();
    let mut nothing = [0; 10];
    let read = tokio::time::timeout(Duration::from_secs(5), tokio::io::AsyncReadExt::read(&mut { tcp }, &mut nothing)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "the connection is closed without a word");
}

#[tokio::test]
async fn a_known_peer_is_told_what_we_do_not_do() {
    let party = Party::start().await;
    let phone = RawPhone::new(party.address()).await;
    for (number, method) in ["REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER"].into_iter().enumerate() {
        phone.send(&request(method, u32::try_from(number).unwrap())).await;
        assert_eq!(phone.final_status().await, 405, "{method}");
    }
    phone.send(&request("OPTIONS", 9)).await;
    let answer = phone.answer_within(Duration::from_secs(5)).await.unwrap();
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("INVITE"), "{answer}");
}

#[tokio::test]
async fn more_new_calls_than_allowed_get_503() {
    let mut party = Party::with(true, 3).await;
    let phone = RawPhone::new(party.address()).await;
    for number in 0..12 {
        phone.send(&request("INVITE", number)).await;
    }
    let mut n_refused = 0;
    while let Some(answer) = phone.answer_within(A_WHILE).await {
        n_refused += u32::from(answer.starts_with("SIP/2.0 503"));
    }
    assert!(n_refused >= 6, "{n_refused}");
    let mut n_calls = 0;
    while party.calls.try_recv().is_ok() {
        n_calls += 1;
    }
    assert!((1..=6).contains(&n_calls), "{n_calls}");
}

#[tokio::test]
async fn a_flood_from_a_stranger_does_not_keep_calls_from_working() {
    let (ours, mut theirs) = (Party::start().await, Party::start().await);
    let stranger = RawPhone::new(theirs.address()).await;
    for number in 0..2000 {
        stranger.send(&request("OPTIONS", number)).await;
    }
    connect(&ours, &mut theirs, Transport::Udp).await;
}

#[tokio::test]
async fn torture_messages_get_a_status_or_silence_and_calls_still_work() {
    let (ours, mut theirs) = (Party::start().await, Party::start().await);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/torture");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{}", files.len());
    let mut broken = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        // The first word of the name is what is expected: a status, `none`, `any`, or `call`.
        let expected = name.split('-').next().unwrap();
        let phone = RawPhone::new(theirs.address()).await;
        phone.send(&std::fs::read_to_string(&file).unwrap()).await;
        let mut status = None;
        let mut is_call = false;
        while let Some(answer) = phone.answer_within(A_WHILE).await {
            let code: u16 = answer.split_whitespace().nth(1).and_then(|code| code.parse().ok()).unwrap();
            status = Some(code).filter(|code| *code >= 200).or(status);
            if code >= 200 {
                break;
            }
            if let Ok(incoming) = theirs.calls.try_recv() {
                is_call = true;
                drop(incoming);
            }
        }
        is_call |= theirs.calls.try_recv().is_ok();
        let is_right = match expected {
            "any" => true,
            "none" => status.is_none() && !is_call,
            "call" => is_call,
            code => status == code.parse().ok(),
        };
        if !is_right {
            broken.push(format!("{name}: {status:?}, call: {is_call}"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    connect(&ours, &mut theirs, Transport::Udp).await;
}

#[tokio::test]
async fn bytes_at_random_do_not_end_the_listening() {
    let (ours, mut theirs) = (Party::start().await, Party::start().await);
    let phone = RawPhone::new(theirs.address()).await;
    let good = request("OPTIONS", 1);
    let mut state = 7u64;
    for _ in 0..3000 {
        let mut bytes = good.replace('\n', "\r\n").into_bytes();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % bytes.len();
            bytes[at] = u8::try_from(state >> 24 & 0xff).unwrap();
            if state & 1 == 1 {
                bytes.truncate(at.max(1));
            }
        }
        phone.send_bytes(&bytes).await;
    }
    connect(&ours, &mut theirs, Transport::Udp).await;
}
