//! TLS between servers, and of the API: certificates from PEM files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Stream of bytes in both directions: a socket, or TLS on one.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Any such stream.
pub type BoxStream = Box<dyn Stream>;

/// Files of a server's identity, in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The certificate, and those between it and the authority's.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The certificates of the authorities that the other side must be certified by.
    pub authority: PathBuf,
}

/// TLS of one server, with both sides certified.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Reason for which TLS can't begin.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

fn wrong(path: &Path, error: impl fmt::Display) -> TlsError {
    TlsError(format!("{}: {error}", path.display()))
}

/// Reads the certificates in a file.
///
/// # Errors
/// [`TlsError`] with the name of the file, if it can't be read or has none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all = CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, error))?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(|error| wrong(path, error))?;
    if all.is_empty() {
        return Err(wrong(path, "expected a certificate in PEM, found none"));
    }
    Ok(all)
}

impl Tls {
    /// TLS with these files.
    ///
    /// # Errors
    /// [`TlsError`] with the name of the file in question.
    pub fn new(files: &Files) -> Result<Tls, TlsError> {
        let chain = certificates(&files.certificate)?;
        let key = || {
            PrivateKeyDer::from_pem_file(&files.key)
                .map_err(|error| wrong(&files.key, format!("expected a private key: {error}")))
        };
        let mut roots = RootCertStore::empty();
        for root in certificates(&files.authority)? {
            roots.add(root).map_err(|error| wrong(&files.authority, error))?;
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            .map_err(|error| wrong(&files.authority, error))?;
        let unusable = |error: rustls::Error| wrong(&files.certificate, error);
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key()?)
            .map_err(unusable)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key()?)
            .map_err(unusable)?;
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(server)),
            connector: TlsConnector::from(Arc::new(client)),
        })
    }

    /// Begins TLS on a connection that was accepted.
    ///
    /// # Errors
    /// If the other side has no valid certificate, or does not speak TLS.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<BoxStream> {
        Ok(Box::new(self.acceptor.accept(stream).await?))
    }

    /// Begins TLS on a connection that was made to this address, `host:port`.
    ///
    /// # Errors
    /// If the other side has no valid certificate of that host, or does not speak TLS.
    pub async fn connect(&self, address: &str, stream: TcpStream) -> io::Result<BoxStream> {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']').to_string();
        let name = ServerName::try_from(host)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Box::new(self.connector.connect(name, stream).await?))
    }
}
