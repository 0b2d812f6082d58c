//! Trust towards peers: the machine's certificates, the common ones built in, and one file of the operator's own.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tracing::warn;

use crate::base::{Context, Error, Result};

/// TLS towards peers. `extra_ca` is a PEM file whose certificates are trusted besides.
pub(super) fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let native = rustls_native_certs::load_native_certs();
    let (_, unusable) = roots.add_parsable_certificates(native.certs);
    if unusable > 0 {
        warn!("{unusable} of this machine's trusted certificates cannot be used");
    }
    if let Some(path) = extra_ca {
        let doing = || format!("cannot read the certificates in {}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).context(doing())? {
            roots.add(certificate.context(doing())?).map_err(|error| Error::invalid(doing()).caused_by(error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
