//! Whether the values of a document make sense together. Pure.

use std::net::IpAddr;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::doc::{MailSecurity, OutboundCalls, SettingsDoc};
use super::layers::{Base, Stored, refused};
use super::prices::{self, MOST_PRICE};
use crate::base::email::is_address;
use crate::base::{Error, Result};
use crate::platform::config::{BAD_CONFIG, LiveKey};
use crate::platform::net::Target;

/// Most local networks.
const MOST_NETWORKS: usize = 64;
/// In the place of countries: all of them.
pub const EVERYWHERE: &str = "*";
/// Most prices by prefix.
const MOST_PRICES: usize = 5000;
/// Most hosts of a fleet.
const MOST_HOSTS: usize = 64;

/// Refuses a document whose values cannot work; the first wrong field is named, without its section.
pub(super) fn check(doc: &SettingsDoc) -> Result<()> {
    outbound(doc)?;
    mail(doc)?;
    brand(doc)?;
    fleet(doc)?;
    providers(doc)?;
    storage(doc)?;
    unless((1..=1000).contains(&doc.backup.keep), "keep", "must be 1 to 1000")?;
    sip(doc)?;
    unless((1..=100).contains(&doc.knowledge.max_document_mb), "max_document_mb", "must be 1 to 100")?;
    unless((5..=250).contains(&doc.knowledge.parse_seconds), "parse_seconds", "must be 5 to 250")?;
    browser(doc)?;
    retention(doc)
}

/// Whether what a configuration file says about settings can be accepted.
pub fn check_config(keys: &[LiveKey]) -> Result<()> {
    let base = Base::new(keys.to_vec());
    base.doc(&Stored::new(), 0).and_then(|doc| check(&doc)).map_err(|error| named(error, keys))
}

/// The refusal in the words of the configuration: with section and source.
fn named(error: Error, keys: &[LiveKey]) -> Error {
    let field = error.fields().first().map(|field| field.field.split(['[', '.']).next().unwrap_or_default().to_owned());
    let of = |key: &&LiveKey| Some(&key.name) == field.as_ref() && key.fixed_by.is_some();
    let sentence = match keys.iter().find(of) {
        Some(key) => format!("{}.{} ({})", key.section, error.message(), key.fixed_by.as_deref().unwrap_or_default()),
        None => error.message().to_owned(),
    };
    Error::invalid(sentence).code(BAD_CONFIG)
}

fn outbound(doc: &SettingsDoc) -> Result<()> {
    let outbound = &doc.outbound;
    for (n, country) in outbound.allowed_countries.iter().enumerate() {
        let is_code = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let is_all = country == EVERYWHERE && outbound.allowed_countries.len() == 1;
        unless(
            is_code || is_all,
            &format!("allowed_countries[{n}]"),
            "must be two capital letters such as US, or * alone for all countries",
        )?;
    }
    for (n, prefix) in outbound.allowed_prefixes.iter().enumerate() {
        unless(prices::is_prefix(prefix), &format!("allowed_prefixes[{n}]"), "must be + and 1 to 15 digits, such as +4487")?;
    }
    caps(outbound)?;
    unless(may_be_address(&outbound.default_email), "default_email", "must be an e-mail address such as ada@example.com, or empty")?;
    unless(is_line(&outbound.default_bot_id, 64), "default_bot_id", "must be the id of a bot, or empty")?;
    unless(is_line(outbound.default_api_key.expose(), 4096), "default_api_key", "must be one line of at most 4096 bytes")
}

fn caps(outbound: &OutboundCalls) -> Result<()> {
    unless((0.0..=1e9).contains(&outbound.daily_spend), "daily_spend", "must be 0 to 1000000000")?;
    unless((0.0..=MOST_PRICE).contains(&outbound.minute_price), "minute_price", "must be 0 to 1000")?;
    unless(outbound.minute_prices.len() <= MOST_PRICES, "minute_prices", "has more than 5000 prices")?;
    let wrong = outbound.minute_prices.iter().position(|line| prices::read(line).is_none());
    let field = wrong.map(|n| format!("minute_prices[{n}]")).unwrap_or_default();
    unless(wrong.is_none(), &field, "must be the beginning of numbers and what a minute costs, 0 to 1000, such as +356=0.02")
}

fn mail(doc: &SettingsDoc) -> Result<()> {
    let mail = &doc.mail;
    unless(mail.host.is_empty() || is_host(&mail.host), "host", "must be the name or address of a mail server, or empty")?;
    unless(mail.port != 0, "port", "must be 1 to 65535")?;
    unless((1..=120).contains(&mail.timeout_seconds), "timeout_seconds", "must be 1 to 120")?;
    unless(may_be_address(&mail.from), "from", "must be an e-mail address such as cxbox@example.com")?;
    unless(!mail.is_on() || !mail.from.is_empty(), "from", "is needed when a mail server is set")?;
    unless(is_line(&mail.username, 255), "username", "must be one line of at most 255 bytes")?;
    unless(is_line(mail.password.expose(), 1024), "password", "must be one line of at most 1024 bytes")?;
    let signs_in_openly = mail.security == MailSecurity::Off && !mail.username.is_empty();
    unless(!signs_in_openly, "username", "is only sent under TLS: set security to starttls or tls")?;
    let is_pem = mail.ca_pem.trim().is_empty()
        || CertificateDer::pem_slice_iter(mail.ca_pem.as_bytes()).collect::<Result<Vec<_>, _>>().is_ok_and(|found| !found.is_empty());
    unless(is_pem, "ca_pem", "must be certificates in PEM form, or empty")
}

fn providers(doc: &SettingsDoc) -> Result<()> {
    let providers = &doc.providers;
    let is_address = providers.openai_base_url.is_empty() || Target::read(&providers.openai_base_url).is_ok();
    unless(is_address, "openai_base_url", "must be a URL such as http://10.0.0.5:11434/v1, or empty")?;
    unless(is_line(providers.openai_api_key.expose(), 4096), "openai_api_key", "must be one line of at most 4096 bytes")
}

fn brand(doc: &SettingsDoc) -> Result<()> {
    let brand = &doc.brand;
    unless(!brand.name.trim().is_empty() && is_line(&brand.name, 100), "name", "must be one line of 1 to 100 bytes")?;
    let is_picture = brand.logo.is_empty() || Target::read(&brand.logo).is_ok_and(|target| target.tls);
    unless(is_picture, "logo", "must be a URL that begins with https://, or empty")?;
    unless(may_be_address(&brand.support_email), "support_email", "must be an e-mail address such as help@example.com, or empty")
}

fn fleet(doc: &SettingsDoc) -> Result<()> {
    unless(doc.fleet.hosts.len() <= MOST_HOSTS, "cxbcore_fleet", "has more than 64 hosts")?;
    for (n, url) in doc.fleet.hosts.iter().enumerate() {
        let is_base = Target::read(url).is_ok_and(|target| target.path == "/");
        unless(is_base, &format!("cxbcore_fleet[{n}]"), "must be a URL without a path, such as https://10.0.0.5:7443")?;
    }
    Ok(())
}

fn storage(doc: &SettingsDoc) -> Result<()> {
    let storage = &doc.storage;
    let is_place = Target::read(&format!("http://{}", storage.endpoint)).is_ok_and(|target| target.path == "/");
    unless(storage.endpoint.is_empty() || is_place, "endpoint", "must be a host with or without a port, such as localhost:9000")?;
    unless(is_line(&storage.access_key, 255), "access_key", "must be one line of at most 255 bytes")?;
    unless(is_line(storage.secret_key.expose(), 1024), "secret_key", "must be one line of at most 1024 bytes")?;
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    let is_bucket = (3..=63).contains(&storage.bucket.len()) && storage.bucket.bytes().all(is_letter);
    unless(storage.bucket.is_empty() || is_bucket, "bucket", "must be 3 to 63 lower-case letters, digits, dots and dashes")?;
    let is_region =
        !storage.region.is_empty() && storage.region.len() <= 63 && storage.region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    unless(is_region, "region", "must be a word such as us-east-1")?;
    unless(storage.link_days <= 36_500, "link_days", "must be 0 to 36500")
}

fn sip(doc: &SettingsDoc) -> Result<()> {
    let external = doc.sip.external_address.parse::<IpAddr>();
    let is_useful = external.is_ok_and(|ip| !ip.is_unspecified() && !ip.is_multicast());
    unless(doc.sip.external_address.is_empty() || is_useful, "external_address", "must be an IP address such as 203.0.113.9, or empty")?;
    unless(doc.sip.local_networks.len() <= MOST_NETWORKS, "local_networks", "has more than 64 networks")?;
    for (n, network) in doc.sip.local_networks.iter().enumerate() {
        unless(network.parse::<IpNet>().is_ok(), &format!("local_networks[{n}]"), "must be a network such as 10.0.0.0/8")?;
    }
    Ok(())
}

/// Longest time anything is kept that is not kept for ever: a hundred years.
const MOST_DAYS: u32 = 36_500;

fn browser(doc: &SettingsDoc) -> Result<()> {
    let browser = &doc.browser;
    unless((1..=1000).contains(&browser.visitors_at_once), "visitors_at_once", "must be 1 to 1000")?;
    unless((1..=1000).contains(&browser.visitor_calls_per_hour), "visitor_calls_per_hour", "must be 1 to 1000")?;
    unless((1..=100_000).contains(&browser.visitor_calls_per_day), "visitor_calls_per_day", "must be 1 to 100000")
}

fn retention(doc: &SettingsDoc) -> Result<()> {
    let kept = &doc.retention;
    for (field, days) in [
        ("audio_days", kept.audio_days),
        ("transcript_days", kept.transcript_days),
        ("analysis_days", kept.analysis_days),
        ("metadata_days", kept.metadata_days),
        ("consent_days", kept.consent_days),
        ("trace_days", kept.trace_days),
    ] {
        unless(days <= MOST_DAYS, field, "must be 0 to 36500")?;
    }
    unless((1..=100_000).contains(&kept.trace_mb), "trace_mb", "must be 1 to 100000")
}

fn unless(holds: bool, field: &str, sentence: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(refused(field, sentence)) }
}

fn may_be_address(text: &str) -> bool {
    text.is_empty() || is_address(text)
}

fn is_line(text: &str, most: usize) -> bool {
    text.len() <= most && !text.chars().any(char::is_control)
}

fn is_host(host: &str) -> bool {
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Target::read(&format!("http://{bracketed}")).is_ok_and(|target| target.path == "/" && target.port == 80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Config;
    use serde_json::{Value, json};

    use crate::features::settings::Section;

    fn refusal(section: Section, change: Value) -> Option<String> {
        let base = Base::new(Config::defaults().unwrap().live);
        let stored = Stored::from([(section, change.as_object().unwrap().clone())]);
        let error = base.doc(&stored, 0).and_then(|doc| check(&doc)).err()?;
        Some(error.fields()[0].field.clone())
    }

    #[test]
    fn the_defaults_fit_and_every_default_has_its_type() {
        let keys = Config::defaults().unwrap().live;
        check_config(&keys).unwrap();
        assert!(keys.iter().all(|key| Section::parse(&key.section).is_ok()), "each section of live keys is a section of the document");
    }

    #[test]
    fn each_refusal_names_its_field() {
        use Section::{Backup, Brand, Fleet, Mail, Outbound, Retention, Sip, Storage};
        for (section, key, value, field) in [
            (Sip, "external_address", json!("sip.example.com"), "external_address"),
            (Sip, "external_address", json!("0.0.0.0"), "external_address"),
            (Sip, "local_networks", json!(["10.0.0.0/8", "10.0.0.0/33"]), "local_networks[1]"),
            (Outbound, "window", json!("always"), "window"),
            (Outbound, "timezone", json!("Moon/Crater"), "timezone"),
            (Outbound, "allowed_countries", json!(["US", "usa"]), "allowed_countries[1]"),
            (Outbound, "allowed_countries", json!([1]), "allowed_countries[0]"),
            (Outbound, "allowed_prefixes", json!(["+44", "44"]), "allowed_prefixes[1]"),
            (Outbound, "only_whitelisted", json!("yes"), "only_whitelisted"),
            (Outbound, "daily_cap", json!(-1), "daily_cap"),
            (Outbound, "allowed_countries", json!(["US", "*"]), "allowed_countries[1]"),
            (Outbound, "daily_minutes", json!(1.5), "daily_minutes"),
            (Outbound, "daily_spend", json!(-1), "daily_spend"),
            (Outbound, "minute_price", json!(1001), "minute_price"),
            (Outbound, "minute_prices", json!(["+356=0.02", "+44"]), "minute_prices[1]"),
            (Outbound, "minute_prices", json!(["356=0.02"]), "minute_prices[0]"),
            (Outbound, "business_hours", json!("always"), "business_hours"),
            (Outbound, "default_email", json!("a@b\r\nBcc: c@d"), "default_email"),
            (Outbound, "default_bot_id", json!(7), "default_bot_id"),
            (Mail, "host", json!("mail.example.com:25"), "host"),
            (Mail, "host", json!("mail.example.com"), "from"),
            (Mail, "port", json!(0), "port"),
            (Mail, "port", json!(70_000), "port"),
            (Mail, "security", json!("maybe"), "security"),
            (Mail, "timeout_seconds", json!(0), "timeout_seconds"),
            (Mail, "from", json!("Box <box@example.com>"), "from"),
            (Mail, "username", json!("a\nb"), "username"),
            (Mail, "ca_pem", json!("not pem"), "ca_pem"),
            (Brand, "name", json!(" "), "name"),
            (Brand, "name", json!("a\r\nSubject: b"), "name"),
            (Brand, "logo", json!("javascript:alert(1)"), "logo"),
            (Brand, "support_email", json!("nobody"), "support_email"),
            (Fleet, "cxbcore_fleet", json!(["https://ok:1", "ftp://no"]), "cxbcore_fleet[1]"),
            (Fleet, "cxbcore_fleet", json!(["https://ok/path"]), "cxbcore_fleet[0]"),
            (Retention, "audio_days", json!(-1), "audio_days"),
            (Retention, "metadata_days", json!(36_501), "metadata_days"),
            (Retention, "trace_mb", json!(0), "trace_mb"),
            (Storage, "endpoint", json!("http://localhost:9000"), "endpoint"),
            (Storage, "endpoint", json!("localhost:9000/path"), "endpoint"),
            (Storage, "bucket", json!("Up"), "bucket"),
            (Storage, "bucket", json!("../main"), "bucket"),
            (Storage, "region", json!("us east"), "region"),
            (Storage, "secure", json!("yes"), "secure"),
            (Storage, "secret_key", json!("a\nb"), "secret_key"),
            (Backup, "schedule", json!("sometimes"), "schedule"),
            (Backup, "keep", json!(0), "keep"),
        ] {
            assert_eq!(refusal(section, json!({ key: value.clone() })).as_deref(), Some(field), "{key} = {value}");
        }
        for host in ["mail.example.com", "127.0.0.1", "::1", "localhost"] {
            assert_eq!(refusal(Mail, json!({ "host": host, "from": "box@example.com" })), None, "{host}");
        }
        let open = json!({ "host": "localhost", "from": "box@example.com", "security": "off", "username": "box" });
        assert_eq!(refusal(Mail, open).as_deref(), Some("username"));
    }
}
