//! The table of the gate's decisions.

use super::decide::{Known, decide};
use super::model::{Verdict, WishOrigin};
use super::places::Places;
use super::ranges::Ranges;
use super::usage::Usage;
use crate::base::Millis;
use crate::features::settings::OutboundCalls;

/// One question: a number, a moment, and what differs from the defaults.
struct Case {
    phone: &'static str,
    at: &'static str,
    rules: &'static str,
    lists: &'static str,
    expected: &'static str,
}

const fn case(phone: &'static str, at: &'static str, rules: &'static str, lists: &'static str, expected: &'static str) -> Case {
    Case { phone, at, rules, lists, expected }
}

/// Noon in Malta, 6 a.m. in New York, midnight in Honolulu.
const NOON: &str = "2026-06-01T10:00:00Z";
const MALTA: &str = "+35621234567";
const NEW_YORK: &str = "+12125551234";
const US: &str = "+15551234567";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Hours, by the clock of the person who is called.
    case(MALTA, NOON, "", "", "allow"),
    case(MALTA, "2026-06-01T05:59:59Z", "", "", "wait 2026-06-01T06:00:00.000Z"),
    case(MALTA, "2026-06-01T06:00:00Z", "", "", "allow"),
    case(MALTA, "2026-06-01T18:59:59Z", "", "", "allow"),
    case(MALTA, "2026-06-01T19:00:00Z", "", "", "wait 2026-06-02T06:00:00.000Z"),
    case(NEW_YORK, NOON, "", "", "wait 2026-06-01T12:00:00.000Z"),
    case(NEW_YORK, "2026-06-01T12:00:00Z", "", "", "allow"),
    case(US, "2026-06-01T12:00:00Z", "", "", "wait 2026-06-01T18:00:00.000Z"),
    case(US, "2026-06-01T18:00:00Z", "", "", "allow"),
    case("+18085551234", "2026-06-01T17:59:00Z", "", "", "wait 2026-06-01T18:00:00.000Z"),
    case("+74951234567", "2026-06-01T06:00:00Z", "", "", "allow"),
    case("+74951234567", "2026-06-01T09:00:00Z", "", "", "wait 2026-06-02T06:00:00.000Z"),
    case("+919812345678", "2026-06-01T02:29:00Z", "", "", "wait 2026-06-01T02:30:00.000Z"),
    case("+97714123456", "2026-06-01T02:14:00Z", "", "", "wait 2026-06-01T02:15:00.000Z"),
    // Clocks go forward in the night to 29 March 2026 in Malta, to 8 March in New York.
    case(MALTA, "2026-03-28T06:30:00Z", "", "", "wait 2026-03-28T07:00:00.000Z"),
    case(MALTA, "2026-03-29T06:30:00Z", "", "", "allow"),
    case(MALTA, "2026-03-28T23:00:00Z", "", "", "wait 2026-03-29T06:00:00.000Z"),
    case(NEW_YORK, "2026-03-07T12:30:00Z", "", "", "wait 2026-03-07T13:00:00.000Z"),
    case(NEW_YORK, "2026-03-08T12:30:00Z", "", "", "allow"),
    case(NEW_YORK, "2026-03-08T00:59:00Z", "", "", "allow"),
    case(NEW_YORK, "2026-03-09T00:59:00Z", "", "", "allow"),
    case(NEW_YORK, "2026-03-09T01:00:00Z", "", "", "wait 2026-03-09T12:00:00.000Z"),
    // And back in the night to 25 October and to 1 November.
    case(MALTA, "2026-10-25T06:30:00Z", "", "", "wait 2026-10-25T07:00:00.000Z"),
    case(MALTA, "2026-10-24T06:30:00Z", "", "", "allow"),
    case(NEW_YORK, "2026-11-01T12:30:00Z", "", "", "wait 2026-11-01T13:00:00.000Z"),
    // Clocks of the south: Sydney leaves summer time on 5 April.
    case("+61212345678", "2026-06-01T00:00:00Z", "", "", "allow"),
    case("+6421123456", "2026-04-04T17:30:00Z", "window=06:00-22:00", "", "wait 2026-04-04T18:00:00.000Z"),
    // Days, off, and windows that never open.
    case(MALTA, "2026-06-06T10:00:00Z", "window=mon-fri 09:00-20:00", "", "wait 2026-06-08T07:00:00.000Z"),
    case(MALTA, "2026-06-06T10:00:00Z", "window=mon-fri 09:00-20:00; sat 10:00-16:00", "", "allow"),
    case(MALTA, "2026-06-01T03:00:00Z", "window=off", "", "allow"),
    case(US, NOON, "window=10:00-15:00", "", "window_never_open"),
    // A number of no known country goes by the box's clock.
    case("+2101234567", NOON, "", "", "allow"),
    case("+2101234567", NOON, "timezone=America/New_York", "", "wait 2026-06-01T12:00:00.000Z"),
    // Countries.
    case(MALTA, NOON, "countries=MT", "", "allow"),
    case(MALTA, NOON, "countries=US,CA", "", "country_not_allowed"),
    case("+18765551234", "2026-06-01T18:00:00Z", "countries=US", "", "country_not_allowed"),
    case("+14165551234", "2026-06-01T18:00:00Z", "countries=US", "", "country_not_allowed"),
    case("+2101234567", NOON, "countries=MT", "", "country_not_allowed"),
    case(MALTA, NOON, "countries=US prefixes=+3562", "", "allow"),
    // Premium and satellite numbers, also where their country is allowed.
    case("+881612345678", NOON, "", "", "satellite"),
    case("+882161234567", NOON, "", "", "satellite"),
    case("+979123456789", NOON, "", "", "premium"),
    case("+19005551234", NOON, "countries=US", "", "premium"),
    case("+447012345678", NOON, "countries=GB", "", "premium"),
    case("+449012345678", NOON, "", "", "premium"),
    case("+448712345678", NOON, "prefixes=+4487", "", "allow"),
    case("+449012345678", NOON, "prefixes=+4487", "", "premium"),
    // Lists.
    case(MALTA, NOON, "", "dnc", "do_not_call"),
    case(MALTA, NOON, "prefixes=+356", "dnc white", "do_not_call"),
    case(MALTA, "2026-06-01T03:00:00Z", "window=off", "dnc", "do_not_call"),
    case(MALTA, NOON, "", "planned", "not_whitelisted"),
    case(MALTA, NOON, "", "planned white", "allow"),
    case(MALTA, NOON, "only", "", "not_whitelisted"),
    case(MALTA, NOON, "only", "white", "allow"),
    // The day's calls.
    case(MALTA, NOON, "cap=3", "n=2", "allow"),
    case(MALTA, NOON, "cap=3", "n=3", "daily_cap"),
    case(MALTA, NOON, "cap=0", "n=99999", "allow"),
    case(MALTA, "2026-06-01T03:00:00Z", "cap=3", "n=3", "daily_cap"),
    // The day's minutes and money.
    case(MALTA, NOON, "minutes=10", "minutes=9", "allow"),
    case(MALTA, NOON, "minutes=10", "minutes=10", "daily_minutes"),
    case(MALTA, NOON, "minutes=0", "minutes=99999", "allow"),
    case(MALTA, NOON, "spend=1 price=0.25", "spent=750000", "allow"),
    case(MALTA, NOON, "spend=1 price=0.25", "spent=750001", "daily_spend"),
    case(MALTA, NOON, "spend=1 price=0.25 price+356=0.05 price+35=9", "spent=950000", "allow"),
    case(MALTA, NOON, "spend=1 price=0.25 price+3562=2", "", "daily_spend"),
    case(MALTA, NOON, "spend=0 price=9", "spent=99999999", "allow"),
    case(MALTA, NOON, "off=5", "off off-minutes=5", "off_hours_cap"),
    case(MALTA, NOON, "off=5", "off off-minutes=4", "allow"),
    case(MALTA, NOON, "off=5", "off-minutes=5", "allow"),
    case(MALTA, NOON, "off=0", "off off-minutes=5000", "allow"),
    // The countries of the carriers, where none are named.
    case(MALTA, NOON, "", "home=MT", "allow"),
    case(MALTA, NOON, "", "home=US home=MT", "allow"),
    case(MALTA, NOON, "", "home=US", "country_not_allowed"),
    case(MALTA, NOON, "countries=*", "home=US", "allow"),
    case(MALTA, NOON, "countries=MT", "home=US", "allow"),
    case(MALTA, NOON, "prefixes=+356", "home=US", "allow"),
    case("+2101234567", NOON, "", "home=US", "country_not_allowed"),
    // What is no number.
    case("5551234567", NOON, "", "", "not_a_number"),
    case("+1555\r\n1234", NOON, "", "", "not_a_number"),
];

fn rules(changes: &str) -> OutboundCalls {
    let mut body = serde_json::json!({
        "default_bot_id": "", "default_email": "", "default_api_key": "", "window": "08:00-21:00", "timezone": "UTC",
        "allowed_countries": [], "allowed_prefixes": [], "only_whitelisted": false, "daily_cap": 1000, "daily_minutes": 0, "daily_spend": 0, "minute_price": 0,
        "minute_prices": [], "business_hours": "off", "off_hours_minutes": 0,
    });
    if let Some(window) = changes.strip_prefix("window=") {
        body["window"] = window.into();
        return serde_json::from_value(body).unwrap();
    }
    for change in changes.split_whitespace() {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        match change.split_once('=') {
            Some(("timezone", zone)) => body["timezone"] = zone.into(),
            Some(("countries", countries)) => body["allowed_countries"] = list(countries).into(),
            Some(("prefixes", prefixes)) => body["allowed_prefixes"] = list(prefixes).into(),
            Some(("cap", cap)) => body["daily_cap"] = cap.parse::<u32>().unwrap().into(),
            Some(("minutes", n)) => body["daily_minutes"] = n.parse::<u32>().unwrap().into(),
            Some(("spend", n)) => body["daily_spend"] = n.parse::<f64>().unwrap().into(),
            Some(("off", n)) => body["off_hours_minutes"] = n.parse::<u32>().unwrap().into(),
            Some(("price", n)) => body["minute_price"] = n.parse::<f64>().unwrap().into(),
            Some((price, n)) if price.starts_with("price+") => {
                body["minute_prices"].as_array_mut().unwrap().push(format!("{}={n}", &price[5..]).into());
            }
            _ => body["only_whitelisted"] = (change == "only").into(),
        }
    }
    serde_json::from_value(body).unwrap()
}

#[test]
fn the_gate_decides_as_the_table_says() {
    let (places, ranges) = (Places::built_in().unwrap(), Ranges::built_in().unwrap());
    assert!(CASES.len() >= 40);
    for Case { phone, at, rules: changes, lists, expected } in CASES {
        let on = |word: &str| lists.split_whitespace().any(|list| list == word);
        let all = |key: &str| lists.split_whitespace().filter_map(|list| list.strip_prefix(key)).map(str::to_owned).collect::<Vec<_>>();
        let n = |key: &str| all(key).first().map_or(0, |n| n.parse::<u32>().unwrap());
        let homes = all("home=");
        let rules = rules(changes);
        let known = Known {
            phone,
            origin: if on("planned") { WishOrigin::Planned } else { WishOrigin::Asked },
            now: Millis::parse(at).unwrap(),
            place: places.find(phone),
            range: ranges.find(phone),
            is_do_not_call: on("dnc"),
            is_whitelisted: on("white"),
            homes: &homes,
            today: Usage { n_calls: n("n="), minutes: n("minutes="), off_minutes: n("off-minutes="), spent: n("spent=").into() },
            minute_micros: rules.minute_micros(phone),
            is_off_hours: on("off"),
        };
        let verdict = match decide(&known, &rules) {
            Verdict::Allow => "allow".to_owned(),
            Verdict::WaitUntil(at) => format!("wait {at}"),
            Verdict::Refuse { reason, sentence } => {
                assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{sentence}");
                reason.to_owned()
            }
        };
        assert_eq!(verdict, *expected, "{phone} at {at} with {changes} and {lists}");
    }
}
