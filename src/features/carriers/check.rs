//! Whether a carrier can be accepted. Pure.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::address::{SIP_PORT, SIPS_PORT, host_and_port, is_prefix};
use super::model::{CarrierBody, InboundAuth, TrunkTransport};
use crate::base::phone::is_e164;
use crate::base::{Error, Result};
use crate::contract::trunk::MediaEncryption;

/// The carrier with its address written out, or a refusal that names every wrong field.
pub(super) fn checked(mut body: CarrierBody) -> Result<CarrierBody> {
    body.name = body.name.trim().to_owned();
    let usual = if body.transport == TrunkTransport::Tls { SIPS_PORT } else { SIP_PORT };
    let address = host_and_port(body.sip_address.trim(), usual);
    body.tls_ca_pem = body.tls_ca_pem.filter(|pem| !pem.trim().is_empty());
    let mut wrong: Vec<(String, &str)> = Vec::new();
    let mut unless = |holds: bool, field: &str, sentence: &'static str| {
        if !holds {
            wrong.push((field.to_owned(), sentence));
        }
    };
    unless((1..=200).contains(&body.name.chars().count()), "name", "must have 1 to 200 characters");
    unless(address.is_some(), "sip_address", "must be a host or host:port such as sip.example.com:5060");
    let is_tls = body.transport == TrunkTransport::Tls;
    unless(is_tls || body.tls_ca_pem.is_none(), "tls_ca_pem", "is used with the transport tls only");
    unless(body.tls_ca_pem.as_deref().is_none_or(is_pem), "tls_ca_pem", "must be certificates in PEM form of at most 64 KiB");
    let is_required = body.media_encryption == MediaEncryption::Required;
    unless(is_tls || !is_required, "media_encryption", "can be required with the transport tls only: elsewhere the keys could be read");
    unless((30..=86_400).contains(&body.register_interval_seconds), "register_interval_seconds", "must be 30 to 86400");
    unless(body.options_interval_seconds <= 3600, "options_interval_seconds", "must be 1 to 3600, or 0 for never");
    unless((0.1..=100.0).contains(&body.outbound_cps), "outbound_cps", "must be 0.1 to 100");
    unless((1..=1000).contains(&body.outbound_burst), "outbound_burst", "must be 1 to 1000");
    unless((1..=500).contains(&body.outbound_channels), "outbound_channels", "must be 1 to 500");
    let has_addresses = !body.inbound_allowed_addresses.is_empty();
    unless(
        has_addresses || body.inbound_auth_mode != InboundAuth::Ip,
        "inbound_allowed_addresses",
        "must not be empty when inbound_auth_mode is ip",
    );
    for (n, prefix) in body.inbound_allowed_addresses.iter().enumerate() {
        unless(is_prefix(prefix), &format!("inbound_allowed_addresses[{n}]"), "must be an address or a prefix such as 10.0.0.0/8");
    }
    let is_country = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    unless(body.destination_country.as_deref().is_none_or(is_country), "destination_country", "must be two letters");
    let is_shown = |text: &str| is_e164(text) || (!text.is_empty() && text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit()));
    unless(body.from_number.as_deref().is_none_or(is_shown), "from_number", "must be a number such as +15551234567");
    for (field, name) in [
        ("auth_username", &body.auth_username),
        ("inbound_auth_username", &body.inbound_auth_username),
        ("outbound_auth_username", &body.outbound_auth_username),
    ] {
        let fine = name.as_deref().is_none_or(|name| name.len() <= 255 && !name.contains(['"', '\r', '\n']));
        unless(fine, field, "must have at most 255 bytes and no quotes or line ends");
    }
    let signs_in = body.outbound_login().0.is_some_and(|name| !name.is_empty());
    unless(signs_in || !body.register, "outbound_auth_username", "is needed to register");
    if let Some((field, sentence)) = wrong.first() {
        let error = Error::invalid(format!("{field}: {sentence}"));
        return Err(wrong.iter().fold(error, |error, (field, sentence)| error.field(field, *sentence)));
    }
    body.sip_address = address.unwrap_or_default();
    Ok(body)
}

/// Most bytes of a carrier's own authorities.
const MOST_PEM: usize = 64 * 1024;

fn is_pem(text: &str) -> bool {
    let read = || CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    text.len() <= MOST_PEM && read().is_ok_and(|found| !found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_refusal_names_its_field() {
        let good =
            json!({ "name": "A", "sip_address": "127.0.0.1:5090", "inbound_auth_mode": "ip", "inbound_allowed_addresses": ["127.0.0.1"] });
        assert_eq!(checked(serde_json::from_value(good.clone()).unwrap()).unwrap().sip_address, "127.0.0.1:5090");
        for (field, value) in [
            ("name", json!("")),
            ("sip_address", json!("sip:x")),
            ("tls_ca_pem", json!("-----BEGIN CERTIFICATE-----")),
            ("register_interval_seconds", json!(29)),
            ("options_interval_seconds", json!(3601)),
            ("outbound_cps", json!(0.05)),
            ("outbound_cps", json!(101)),
            ("outbound_burst", json!(0)),
            ("outbound_channels", json!(501)),
            ("inbound_allowed_addresses", json!([])),
            ("destination_country", json!("Malta")),
            ("from_number", json!("Alex")),
            ("outbound_auth_username", json!("a\"b")),
        ] {
            let mut body = good.clone();
            body[field] = value;
            let error = checked(serde_json::from_value(body).unwrap()).unwrap_err();
            assert_eq!(error.fields()[0].field, field);
        }
        for (change, field) in [
            (json!({ "register": true }), "outbound_auth_username"),
            (json!({ "transport": "tls", "tls_ca_pem": "no certificate" }), "tls_ca_pem"),
        ] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(checked(serde_json::from_value(body).unwrap()).unwrap_err().fields()[0].field, field);
        }
    }
}
