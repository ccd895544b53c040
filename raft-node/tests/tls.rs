//! TLS between servers and of the API: who is let in.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use raft_node::client::{Client, ClientError, Options};
use raft_node::cluster::{Cluster, Plan};
use raft_node::tls::{Files, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::runtime::Runtime;

/// An authority, and the files of those that it certifies.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
    name: &'static str,
}

impl Authority {
    fn new(directory: &Path, name: &'static str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        fs::create_dir_all(directory).expect("a directory");
        fs::write(directory.join(format!("{name}.pem")), issuer.pem()).expect("a file");
        Authority { issuer, directory: directory.to_path_buf(), name }
    }

    /// Files of one that is certified for 127.0.0.1, until the end of that year.
    fn certify(&self, name: &str, until: i32) -> Files {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_string()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let file = |name: String, text: String| {
            let path = self.directory.join(name);
            fs::write(&path, text).expect("a file");
            path
        };
        Files {
            certificate: file(format!("{name}.pem"), certificate.pem()),
            key: file(format!("{name}.key"), key.serialize_pem()),
            authority: self.directory.join(format!("{}.pem", self.name)),
        }
    }
}

fn section(name: &str, Files { certificate, key, authority }: &Files) -> String {
    format!(
        "[tls.{name}]\ncertificate = {certificate:?}\nkey = {key:?}\nauthority = {authority:?}\n"
    )
}

fn directory(name: &str) -> PathBuf {
    let directory =
        std::env::temp_dir().join(format!("raft-node-tls-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    directory
}

#[test]
fn those_with_a_certificate_are_let_in_and_no_others() {
    let directory = directory("let-in");
    let authority = Authority::new(&directory, "authority");
    let server = authority.certify("server", 2100);
    let lines = section("peer", &server) + &section("api", &server);
    let runtime = Runtime::new().expect("a runtime");
    let plan = Plan { lines, ..Plan::new(&directory.join("data")) };
    let cluster = runtime.block_on(Cluster::start(&plan)).expect("a cluster");
    runtime.block_on(cluster.leader()).expect("servers reach one another");
    let client = |tls: Option<Files>, patience: u64| {
        let patience = Duration::from_secs(patience);
        let options = Options { patience, tls, ..Options::default() };
        Client::new(cluster.apis(), options).expect("files that can be read")
    };
    let mut known = client(Some(authority.certify("client", 2100)), 30);
    known.put("k", b"v").expect("it is let in");
    assert_eq!(known.get("k").expect("an answer"), Some(b"v".to_vec()));
    let other = Authority::new(&directory, "other");
    let strange = Files { authority: server.authority.clone(), ..other.certify("strange", 2100) };
    let expired = authority.certify("expired", 2001);
    for tls in [None, Some(strange), Some(expired)] {
        let refused = client(tls.clone(), 1).get("k");
        assert!(matches!(refused, Err(ClientError::TimedOut { .. })), "{tls:?}: {refused:?}");
    }
    runtime.block_on(cluster.stop());
    fs::remove_dir_all(directory).expect("it was there");
}

#[test]
fn servers_with_expired_certificates_do_not_hear_one_another() {
    let directory = directory("expired");
    let authority = Authority::new(&directory, "authority");
    let lines = section("peer", &authority.certify("late", 2001));
    let runtime = Runtime::new().expect("a runtime");
    let plan = Plan { lines, ..Plan::new(&directory.join("data")) };
    let cluster = runtime.block_on(Cluster::start(&plan)).expect("they start");
    let patience = Duration::from_secs(2);
    let elected =
        runtime.block_on(async { tokio::time::timeout(patience, cluster.leader()).await });
    assert!(elected.is_err(), "{elected:?}");
    let options = Options { patience, ..Options::default() };
    let client = Client::new(cluster.apis(), options).expect("a client");
    for api in cluster.apis() {
        let status = client.status_of(&api).expect("it runs");
        assert_eq!((status.leader, status.term), (None, 0));
    }
    runtime.block_on(cluster.stop());
    fs::remove_dir_all(directory).expect("it was there");
}

#[test]
fn files_that_are_none_are_named() {
    let directory = directory("files");
    let authority = Authority::new(&directory, "authority");
    let good = authority.certify("server", 2100);
    let error = |files: Files| Tls::new(&files).expect_err("it is refused").to_string();
    let missing = Files { key: directory.join("nowhere.key"), ..good.clone() };
    assert!(error(missing).contains("nowhere.key: expected a private key"));
    let swapped = Files { certificate: good.key.clone(), ..good.clone() };
    assert!(error(swapped).contains("server.key: expected a certificate in PEM, found none"));
    let other = authority.certify("other", 2100);
    let text = error(Files { key: other.key, ..good });
    assert!(text.contains("server.pem"), "{text}");
    fs::remove_dir_all(directory).expect("it was there");
}
