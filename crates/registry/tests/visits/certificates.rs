//! Registries with certificates of every sort.

use crate::{
    PATIENCE, failed, says,
    server::{Server, plain},
};
use domain::registry::{Address, Fault, Outcome, TestReport, TestStep};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use registry::Question;
use rustls::{ServerConfig, crypto::ring};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// A CA of somebody's own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Serves under a certificate that was made for `name`.
    pub fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Tests the server, giving the CA's certificate or not.
    pub async fn visit(&self, server: &Server, name: &str, known: bool) -> TestReport {
        let host = server.host.replace("localhost", name);
        let address = Address::parse(&format!("https://{host}"), false).unwrap();
        let ca = if known { self.pem() } else { String::new() };
        let question =
            Question { address: &address, username: "", password: "", ca: &ca, repository: "" };
        registry::test(&question, PATIENCE).await
    }
}

#[tokio::test]
async fn a_ca_of_its_own_is_trusted_where_it_is_given_and_the_engine_is_not_forgotten() {
    let own = Authority::new();
    let server = Server::secured(own.acceptor("localhost"), |_| plain(200, "{}")).await;
    let report = own.visit(&server, "localhost", true).await;
    assert!(report.is_good(), "{report:?}");
    let path = format!("/etc/docker/certs.d/{}/ca.crt", server.host);
    assert!(report.note.contains(&path), "{}", report.note);
    let report = own.visit(&server, "localhost", false).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Certificate);
    says(&report, TestStep::Reach, "nobody this machine trusts");
    let report = Authority::new().visit(&server, "localhost", true).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Certificate);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_none() {
    let own = Authority::new();
    let server = Server::secured(own.acceptor("r.example.org"), |_| plain(200, "{}")).await;
    let report = own.visit(&server, "localhost", true).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Certificate);
    says(&report, TestStep::Reach, "made for another name");
}

#[tokio::test]
async fn plain_and_secured_are_told_apart() {
    let own = Authority::new();
    let server = Server::start(|_| plain(200, "{}")).await;
    let report = own.visit(&server, "localhost", true).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Certificate);
    says(&report, TestStep::Reach, "does not speak HTTPS");
    let secured = Server::secured(own.acceptor("localhost"), |_| plain(200, "{}")).await;
    let report = crate::visit(&format!("http://{}", secured.host), "", "", "").await;
    assert!(matches!(report.outcome(TestStep::Reach), Some(Outcome::Failed(_))), "{report:?}");
}

#[test]
fn what_is_no_certificate_is_refused_before_it_is_kept() {
    assert!(registry::check_ca(&Authority::new().pem()).is_ok());
    for bad in ["", "hello", "-----BEGIN CERTIFICATE-----\nnope\n-----END CERTIFICATE-----"] {
        assert!(registry::check_ca(bad).is_err(), "{bad}");
    }
    let half = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    assert!(registry::check_ca(half).is_err());
}
