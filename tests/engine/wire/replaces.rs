//! An attended transfer whose both far ends know RFC 3891: SIPp on both sides, and the box leaves the call.

use serde_json::json;

use super::Sipp;
use crate::support::providers::Script;
use crate::support::{Bench, bot_with};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_far_end_can_takes_our_place_with_the_target() {
    let desk = Sipp::answers("uas_replaces.xml").ready().await;
    let value = format!("sip:desk@{}", desk.address);
    let target = json!({ "id": "desk", "type": "sip_uri", "value": value, "attended": true, "briefing": "Hello." });
    let bot = bot_with(json!({ "transfer_targets": [target], "disclosure": "", "opening_message": "Hi." }));
    let bench = Bench::start(bot, Script::default()).await;
    let caller = Sipp::calls("uac_replaces.xml", bench.sip, 1, &[]);
    caller.succeeds().await;
    desk.succeeds().await;
    let result = bench.control.result().await;
    assert_eq!((&result["outcome"], &result["disconnected_by"]), (&json!("transferred-to-vnum"), &json!("bot")), "{result}");
    assert_eq!((&result["was_transferred"], &result["transfer_method"]), (&json!(true), &json!("attended")));
    bench.end().await;
}
