//! TLS as a client: whom to trust, with which cryptography.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::connection::BoxError;

/// TLS that trusts the system's certificates, or those in the file `SSL_CERT_FILE`. Reading them is most of what
/// a cold start costs.
///
/// # Errors
///
/// There are none.
pub(crate) fn client_config() -> Result<ClientConfig, BoxError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(reason = %error, "some trusted certificates not read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("the system has no trusted certificates; SSL_CERT_FILE can name a file".into());
    }
    // Not rustls's default, aws-lc, which gathers jitter entropy for 25 ms at every cold start.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
