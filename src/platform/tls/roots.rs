//! The authorities that certificates of strangers are checked against: the common ones, built in, and those of this machine. As PEM, for a
//! library that takes nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// Characters in a line of PEM.
const LINE: usize = 64;

/// All public authorities, as PEM.
pub fn public_roots_pem() -> Vec<u8> {
    let native = rustls_native_certs::load_native_certs().certs;
    let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let mut pem = String::new();
    for certificate in built_in.chain(&native) {
        if is_usable(certificate) {
            push(&mut pem, certificate);
        }
    }
    pem.into_bytes()
}

/// One that the TLS library refuses would make it refuse all.
fn is_usable(certificate: &CertificateDer<'_>) -> bool {
    RootCertStore::empty().add(certificate.clone().into_owned()).is_ok()
}

fn push(pem: &mut String, certificate: &CertificateDer<'_>) {
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    let text = STANDARD.encode(certificate);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn the_common_authorities_can_be_read_back() {
        let pem = public_roots_pem();
        let read: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().expect("certificates");
        assert!(read.len() >= 100 && read.iter().all(is_usable), "{}", read.len());
    }
}
