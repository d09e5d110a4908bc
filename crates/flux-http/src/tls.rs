//! TLS: which roots are trusted, and the one implementation.

use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::HttpError;
use crate::options::TlsOptions;

/// Where distributions keep their bundle, in the order in which they are tried.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Makes aws-lc-rs the TLS implementation of this process. Harmless when called again.
pub fn install_crypto_provider() {
    // An error means that one is installed already, which is what we want.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider())))
}

/// The certificate authorities that are trusted by default, parsed once.
#[derive(Debug, Clone)]
pub struct SystemRoots(Arc<RootCertStore>);

impl SystemRoots {
    /// The bundle named by `SSL_CERT_FILE`, else that of the distribution, else the list compiled in:
    /// an image without a bundle still reaches public servers.
    pub fn load() -> Self {
        let named = std::env::var("SSL_CERT_FILE").ok();
        let store = named
            .as_deref()
            .into_iter()
            .chain(BUNDLES.iter().copied())
            .filter_map(|path| std::fs::read(path).ok())
            .find_map(|pem| {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
                (!store.is_empty()).then_some(store)
            });
        Self(Arc::new(store.unwrap_or_else(|| RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })))
    }

    /// No authority at all, for clients that bring their own.
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }
}

/// The TLS configuration of one client.
pub(crate) fn client_config(
    roots: &SystemRoots,
    options: &TlsOptions,
) -> Result<ClientConfig, HttpError> {
    let roots = match &options.ca {
        None => Arc::clone(&roots.0),
        Some(pem) => {
            let mut store = (*roots.0).clone();
            for certificate in authorities(pem)? {
                store
                    .add(certificate)
                    .map_err(|error| HttpError::CertificateAuthority(error.to_string()))?;
            }
            Arc::new(store)
        }
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::CertificateAuthority(error.to_string()))?;
    let builder = if options.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyServer))
    } else if roots.is_empty() {
        // A verifier needs a root; without one nothing can be trusted, and plain HTTP still works.
        builder.with_root_certificates(RootCertStore::empty())
    } else {
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|error| HttpError::CertificateAuthority(error.to_string()))?;
        builder.with_webpki_verifier(verifier)
    };
    let mut config = match &options.client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let refuse =
                |error: &dyn std::fmt::Display| HttpError::ClientCertificate(error.to_string());
            let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
                .collect::<Result<_, _>>()
                .map_err(|e| refuse(&e))?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| refuse(&e))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|e| refuse(&e))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| HttpError::CertificateAuthority(error.to_string()))?;
    if found.is_empty() {
        return Err(HttpError::CertificateAuthority(
            "no certificate in it".to_owned(),
        ));
    }
    Ok(found)
}

/// Accepts any certificate, and still checks that the server has its key.
#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &provider().signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests;
