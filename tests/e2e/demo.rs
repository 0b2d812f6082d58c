//! `cxbox demo` as a person uses it: lines while it runs, a bot that stays up to be called, and nothing left behind.

use std::time::Duration;

use super::support::{Peer, binary, until};

#[tokio::test]
async fn it_tells_what_happens_stays_up_to_be_called_and_leaves_nothing_behind() {
    let program = binary().display().to_string();
    let demo = Peer::start(&program, &["demo", "--keep"].map(str::to_owned));
    let address = until("the demo says whom to call", Duration::from_secs(150), || async {
        let output = demo.output();
        assert!(!output.contains("cxbox: "), "it failed: {output}");
        output.split_once("Call sip:").map(|(_, rest)| format!("sip:{}", rest.split(' ').next().unwrap()))
    })
    .await;
    let told = demo.output();
    for line in
        ["A call comes in by SIP over UDP", "  AI      ", "  Caller  when are you open", "nine to six", "The appliance places a call"]
    {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    let caller = ["lab", "phone", "--call", &address, "--expect-speech", "20000", "--pause", "1000", "--hangup"].map(str::to_owned);
    Peer::start(&program, &caller).ended().await.expect_success();
    demo.signal("-TERM");
    let ended = demo.ended().await;
    assert!(ended.output.contains("Everything was checked."), "{}", ended.output);
    ended.expect_success();
}
