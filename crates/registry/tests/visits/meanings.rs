//! What tags mean at a registry, asked one after the other: behind a certificate of its own, while it
//! hangs, and where it takes no more requests.

use crate::{
    PATIENCE,
    certificates::Authority,
    server::{Asked, Server, plain, with},
};
use domain::registry::{Address, Fault};
use registry::{Meaning, Question, Refusal, meanings};
use std::time::Duration;

const FIRST: &str = "sha256:11";

fn tags(count: usize) -> Vec<(String, String)> {
    (0..count).map(|number| ("team/app".to_owned(), number.to_string())).collect()
}

async fn asked(
    url: &str,
    ca: &str,
    count: usize,
    patience: Duration,
) -> Vec<Result<Meaning, Refusal>> {
    let address = Address::parse(url, false).unwrap();
    let question = Question { address: &address, username: "", password: "", ca, repository: "" };
    meanings(&question, &tags(count), patience).await
}

fn heads(server: &Server) -> usize {
    server.seen().iter().filter(|asked| asked.what.starts_with("HEAD")).count()
}

/// Has the first tag and nothing else.
fn one_tag(asked: &Asked) -> crate::server::Answer {
    match asked.what.as_str() {
        "HEAD /v2/team/app/manifests/0" => with(200, &[("docker-content-digest", FIRST)], ""),
        what if what.starts_with("HEAD") => plain(404, ""),
        _ => plain(200, "{}"),
    }
}

#[tokio::test]
async fn a_ca_of_its_own_is_trusted_for_what_tags_mean_and_only_where_it_is_given() {
    let own = Authority::new();
    let server = Server::secured(own.acceptor("localhost"), one_tag).await;
    let url = format!("https://{}", server.host);
    let known = asked(&url, &own.pem(), 2, PATIENCE).await;
    let digests: Vec<_> = known.into_iter().map(|answer| answer.unwrap().digest).collect();
    assert_eq!(digests, [Some(FIRST.to_owned()), None]);
    for ca in ["", &Authority::new().pem()] {
        for refused in asked(&url, ca, 2, PATIENCE).await {
            assert_eq!(refused.unwrap_err().fault, Fault::Certificate);
        }
    }
    assert_eq!(heads(&server), 2, "who is not trusted is told nothing");
}

#[tokio::test]
async fn a_registry_that_hangs_costs_one_patience_however_many_tags_are_asked_about() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    // Far less than a patience for each of them.
    let bound = Duration::from_secs(10);
    let all = asked(&url, "", 200, Duration::from_millis(200));
    let all = tokio::time::timeout(bound, all).await.unwrap();
    assert_eq!(all.len(), 200);
    for refused in all {
        let refused = refused.unwrap_err();
        assert_eq!(refused.fault, Fault::Unreachable);
        assert!(refused.message.contains("did not answer within"), "{refused:?}");
    }
}

#[tokio::test]
async fn nobody_goes_on_asking_a_registry_that_takes_no_more_requests() {
    let server = Server::start(|asked| match asked.what.as_str() {
        "HEAD /v2/team/app/manifests/0" => with(200, &[("docker-content-digest", FIRST)], ""),
        what if what.starts_with("HEAD") => with(429, &[("retry-after", "90")], ""),
        _ => plain(200, "{}"),
    })
    .await;
    let all = asked(&format!("http://{}", server.host), "", 5, PATIENCE).await;
    assert_eq!(all[0].as_ref().unwrap().digest.as_deref(), Some(FIRST));
    for refused in &all[1..] {
        let refused = refused.as_ref().unwrap_err();
        assert_eq!((refused.fault, refused.wait_s), (Fault::RateLimited, Some(90)));
    }
    assert_eq!(heads(&server), 2);
}
