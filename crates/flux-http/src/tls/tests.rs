//! TLS against a real server with certificates made for the test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::{SystemRoots, provider};
use crate::client::{Clients, Request};
use crate::environment::ProxyEnvironment;
use crate::error::HttpError;
use crate::options::{ClientOptions, TlsOptions};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("signed"))
    }

    /// A certificate for `localhost` and its key.
    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        (params.signed_by(&key, &self.0).expect("signed"), key)
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }
}

/// A server that wants a certificate of the same authority, and answers `hello`.
async fn serve(authority: &Authority) -> Url {
    let mut roots = RootCertStore::empty();
    roots.add(der(&authority.0)).expect("a root");
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .expect("a verifier");
    let (certificate, key) = authority.issue();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else {
                continue;
            };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    Url::parse(&format!("https://localhost:{port}/")).expect("a URL")
}

fn der(issuer: &CertifiedIssuer<'static, KeyPair>) -> rustls::pki_types::CertificateDer<'static> {
    issuer.der().clone()
}

async fn ask(url: &Url, tls: TlsOptions) -> Result<String, HttpError> {
    let clients = Clients::new(SystemRoots::none(), ProxyEnvironment::default());
    let client = clients.client(&ClientOptions {
        tls,
        ..ClientOptions::default()
    })?;
    let body = client
        .send(Request::get(url.clone()))
        .await?
        .bytes(100)
        .await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn both_sides_show_certificates() {
    let authority = Authority::new();
    let url = serve(&authority).await;
    let (certificate, key) = authority.issue();
    let client = Some((
        certificate.pem().into_bytes(),
        key.serialize_pem().into_bytes(),
    ));
    let ca = Some(authority.pem());
    let trusted = TlsOptions {
        ca: ca.clone(),
        client: client.clone(),
        insecure: false,
    };
    assert_eq!(ask(&url, trusted).await.expect("trusted"), "hello");

    let anonymous = TlsOptions {
        ca,
        ..TlsOptions::default()
    };
    assert!(matches!(
        ask(&url, anonymous).await,
        Err(HttpError::Transport { .. })
    ));
    let stranger = TlsOptions {
        ca: Some(Authority::new().pem()),
        client: client.clone(),
        insecure: false,
    };
    assert!(matches!(
        ask(&url, stranger).await,
        Err(HttpError::Transport { .. })
    ));
    let careless = TlsOptions {
        ca: None,
        client,
        insecure: true,
    };
    assert_eq!(ask(&url, careless).await.expect("not checked"), "hello");
}

#[test]
fn the_system_has_roots() {
    assert!(!SystemRoots::load().0.is_empty());
}
