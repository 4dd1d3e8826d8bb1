//! Whose certificates are trusted: what the machine trusts, and the registry's own CA if one is
//! given. A certificate is always verified.

use crate::trouble::Trouble;
use domain::registry::Fault;
use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{io, path::Path, sync::Arc};

/// Where distributions keep what a machine trusts; the first that is there counts, as in Go, which
/// engines are written in.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Names another bundle, for OpenSSL and Go alike.
const BUNDLE_VARIABLE: &str = "SSL_CERT_FILE";

/// Whether this is what a registry's own CA may be given as.
///
/// # Errors
/// What is wrong with it.
pub fn check_ca(pem: &str) -> Result<(), String> {
    add(&mut RootCertStore::empty(), pem)
}

fn add(roots: &mut RootCertStore, pem: &str) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate =
            certificate.map_err(|_| "A certificate in it is damaged: copy it again, whole.")?;
        roots.add(certificate).map_err(|error| format!("A certificate in it is none: {error}."))?;
    }
    if roots.len() == before {
        return Err("There is no certificate in it.".into());
    }
    Ok(())
}

/// # Errors
/// When the CA is no certificate, or the TLS library refuses its own configuration.
pub(crate) async fn config(ca: &str) -> Result<ClientConfig, Trouble> {
    let unusable = |message: String| {
        Trouble::new(Fault::Certificate, message, "Give the CA's certificate as PEM text.")
    };
    let mut roots = RootCertStore::empty();
    let named = std::env::var(BUNDLE_VARIABLE).ok();
    for bundle in named.iter().map(String::as_str).chain(BUNDLES) {
        if let Ok(pem) = tokio::fs::read(Path::new(bundle)).await {
            // A machine may trust what this library cannot read; the rest is trusted all the same.
            roots.add_parsable_certificates(
                CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok),
            );
            break;
        }
    }
    if !ca.is_empty() {
        add(&mut roots, ca).map_err(unusable)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Why no secure connection came about.
pub(crate) fn refused(whom: &str, error: &io::Error) -> Trouble {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let of = |message: String, hint| Trouble::new(Fault::Certificate, message, hint);
    match inner {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => of(
            format!("The certificate of {whom} is signed by nobody this machine trusts."),
            "If the registry has a CA of its own, give that CA's certificate.",
        ),
        Some(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => of(
            format!("The certificate of {whom} was made for another name."),
            "Use the name that the certificate was made for, or have it made for this one too.",
        ),
        Some(Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        )) => of(
            format!("The certificate of {whom} is not valid today."),
            "Renew it, and check the clocks of both machines.",
        ),
        Some(Error::InvalidMessage(_)) => of(
            format!("{whom} does not speak HTTPS."),
            "If it speaks plain HTTP only, write http:// in the address and say that it is insecure.",
        ),
        _ => of(
            format!("No secure connection to {whom} came about: {error}."),
            "Check the registry's certificate.",
        ),
    }
}
