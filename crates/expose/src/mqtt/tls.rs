//! TLS to a broker: rustls with *ring*, trust from one file, nothing from the system.

use std::path::Path;
use std::sync::Arc;

use domain::Problem;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore, crypto};

use super::{Settings, TlsFiles};

/// Reads the files and gives what opens a TLS connection, with the name to be proven.
pub(super) fn connector(settings: &Settings, files: &TlsFiles) -> Result<(TlsConnector, ServerName<'static>), Problem> {
    let name = files.server_name.as_ref().unwrap_or(&settings.host);
    let server = ServerName::try_from(name.clone())
        .map_err(|_| Problem::new("outlet.bad-name", &settings.name, format!("`{name}` is no name of a broker")))?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(settings, &files.ca)? {
        roots.add(certificate).map_err(|error| unusable(settings, &files.ca, &error.to_string()))?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let trusting = versions
        .map_err(|error| Problem::new("outlet.no-tls", &settings.name, error.to_string()))?
        .with_root_certificates(roots);
    let config = match &files.own {
        None => trusting.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(settings, certificate)?;
            let secret =
                PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(settings, key, &error.to_string()))?;
            trusting
                .with_client_auth_cert(chain, secret)
                .map_err(|error| unusable(settings, certificate, &error.to_string()))?
        }
    };
    Ok((TlsConnector::from(Arc::new(config)), server))
}

fn certificates(settings: &Settings, file: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = read.map_err(|error| unusable(settings, file, &error.to_string()))?;
    if all.is_empty() { Err(unusable(settings, file, "there is no certificate in it")) } else { Ok(all) }
}

fn unusable(settings: &Settings, file: &Path, why: &str) -> Problem {
    Problem::new("outlet.bad-file", &settings.name, format!("the file `{}` cannot be used", file.display()))
        .why(why)
        .hint("it must be a PEM file that the user of this service may read")
}

/// What a failed handshake means, if it was about certificates.
pub(super) fn handshake_problem(settings: &Settings, error: &std::io::Error) -> Option<Problem> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    let problem = |what: String, hint: &str| Problem::new("outlet.not-trusted", &settings.name, what).hint(hint);
    Some(match error {
        // a bad signature: somebody of the same name vouches for it, with another key
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => problem(
            "the broker's certificate was signed by nobody we trust".to_owned(),
            "put the certificate of who signed it into `ca_file`",
        ),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => problem(
            format!("the broker's certificate is not for `{}`", settings.host),
            "write the name that stands in it as `server_name`, or have one made for this name",
        ),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            problem("the broker's certificate has run out".to_owned(), "have it renewed, and look at this box's clock")
        }
        Error::AlertReceived(alert) => {
            let what = format!("the broker refused the encrypted connection ({alert:?})");
            problem(what, "it may ask for a certificate of ours: `cert_file` and `key_file`")
        }
        other => problem("no encrypted connection came about".to_owned(), "").why(other.to_string()),
    })
}
