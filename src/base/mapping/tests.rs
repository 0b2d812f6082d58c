//! What mappings can do, what they cannot, and that no text makes them panic.

use std::sync::{Arc, OnceLock};

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof, proptest};
use serde_json::json;

use super::names::Names;
use super::source::LONGEST;
use super::templates::{MOST_OUTPUT, Templates};

fn names() -> Arc<Names> {
    let mut names = Names::default();
    names.set("call", "name", "Ada & co");
    names.set("call", "sip_header_x-ref", "r/1");
    names.set("call", "empty", "");
    names.set("crm", "tier.level", "3");
    names.set("crm", "tier", r#"{"level":3}"#);
    names.set("crm", "nothing", serde_json::Value::Null);
    names.set("result", "turns", json!([{ "role": "user", "content": "Yes" }, { "role": "assistant", "content": "Fine" }]));
    names.set("result", "seconds", 42);
    names.set("analysis", "scores", json!({ "empathy": 9.5, "sold": true }));
    names.set("result", "long", "x".repeat(1_000_000));
    Arc::new(names)
}

fn filled(template: &str) -> String {
    Templates::default().fill(template, &names()).unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[test]
fn tokens_code_and_plain_text_are_filled() {
    for (template, expected) in [
        ("no token }} here", "no token }} here"),
        ("{{call.name}}", "Ada & co"),
        ("{{ name }}!", "Ada & co!"),
        ("{{call.sip_header_x-ref}} {{sip_header_x-ref}}", "r/1 r/1"),
        ("{{person.name}}, {{tier.level}}", "Ada & co, 3"),
        ("{{crm.tier}} {{ crm.tier.level }}", r#"{"level":3} 3"#),
        ("[{{crm.nothing}}{{call.gone}}{{seconds}}]", "[]"),
        ("{{result.seconds}} {{analysis.scores.empathy}} {{analysis.scores.sold}}", "42 9.5 true"),
        ("{{ result.turns }}!", r#"[{"role":"user","content":"Yes"},{"role":"assistant","content":"Fine"}]!"#),
        ("{{ result.turns.1.content }}.", "Fine."),
        ("{% for turn in result.turns %}{{ turn.role }}={{ turn.content|upper }};{% endfor %}", "user=YES;assistant=FINE;"),
        ("{% if result.seconds > 40 and not call.empty %}long{% else %}short{% endif %}", "long"),
        ("{{ call.gone | default('none') }} {{ call.name | truncate(3) }}", "none Ada"),
        ("{{ result.turns | length }} {{ analysis.scores | json }}", r#"2 {"empathy":9.5,"sold":true}"#),
        ("{% for key in analysis.scores %}{{ key }} {% endfor %}", "empathy sold "),
        ("{{ [1, 2, 3] | join('-') }} {# unseen #}", "1-2-3 "),
    ] {
        assert_eq!(filled(template), expected, "{template}");
    }
}

#[test]
fn what_means_nothing_is_named() {
    let made =
        Templates::default().fill("{{call.gone}} {{qc.x}} {{odd}} {{call.name}}{% if crm.y %}{% endif %}", &names()).expect("filled");
    assert_eq!(made.missing.into_iter().collect::<Vec<_>>(), ["call.gone", "crm.y", "odd", "qc.x"]);
}

#[test]
fn what_a_name_puts_into_a_url_stays_a_part_of_it() {
    let url = |template: &str| Templates::default().fill_url(template, &names()).expect("filled").text;
    assert_eq!(url("https://crm.example/{{call.name}}?r={{call.sip_header_x-ref}}"), "https://crm.example/Ada%20%26%20co?r=r%2F1");
    assert_eq!(url("{{call.name}}"), "Ada%20%26%20co");
}

#[test]
fn what_does_not_end_grows_or_is_not_there_is_refused() {
    for (template, said) in [
        ("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}".to_owned(), "does not end"),
        ("{% for a in range(99999999) %}{% endfor %}".to_owned(), "cannot be used"),
        ("{% for a in range(400) %}{{ result.long }}{% endfor %}".to_owned(), "too long"),
        ("{{ 'x' * 90000000 }}".to_owned(), "too long"),
        ("{{ (['x'] * 90000000) | join }}".to_owned(), "too long"),
        (format!("{{{{ {}'a' }}}}", "'a' ~ ".repeat(17)), "joins too many"),
        ("{% set a = 1 %}".to_owned(), "'set'"),
        ("{%- macro m() %}{% endmacro %}".to_owned(), "'macro'"),
        ("{% include 'x' %}".to_owned(), "'include'"),
        ("{{ call.name | replace('a', 'b') }}".to_owned(), "cannot be used"),
        ("{{ call.".to_owned(), "cannot be used"),
        ("{% if %}".to_owned(), "cannot be used"),
        ("{{ nothing() }}".to_owned(), "cannot be used"),
        (format!("{{{{ call.name }}}} {}", "x".repeat(LONGEST)), "more than"),
    ] {
        let error = Templates::default().fill(&template, &names()).expect_err(&template);
        assert!(error.message().contains(said), "{template:.60}: {error}");
    }
    assert!(Templates::default().check("{{ call.name | upper }}").is_ok() && Templates::default().check("{{call.").is_err());
}

static NAMES: OnceLock<Arc<Names>> = OnceLock::new();

/// Pieces that mappings are made of, put together at random.
fn mapping() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{{call.name}}".to_owned()),
        Just("{{ result.turns }}".to_owned()),
        Just("{% for a in result.turns %}".to_owned()),
        Just("{% for a in range(1000) %}".to_owned()),
        Just("{{ a.role | upper }}".to_owned()),
        Just("{% endfor %}".to_owned()),
        Just("{% if analysis.scores.sold %}".to_owned()),
        Just("{% else %}".to_owned()),
        Just("{% endif %}".to_owned()),
        Just("{{ result.seconds * 2 ~ 'x' }}".to_owned()),
        "[a-z.{}%#|()'\" \\-]{0,12}",
        "\\PC{0,8}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn ten_thousand_random_mappings_end_and_never_panic(template in mapping()) {
        let templates = Templates::default();
        let names = NAMES.get_or_init(names);
        if let Ok(made) = templates.fill(&template, names) {
            assert!(made.text.len() <= MOST_OUTPUT + template.len());
            assert!(templates.check(&template).is_ok(), "what can be filled is accepted");
        }
        let _ = templates.fill_url(&template, names);
    }
}
