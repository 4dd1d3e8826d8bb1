//! Stories of testing a registry: against servers on this machine that behave well and badly, and
//! against Debian's registry where there is one.

#![allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]

mod certificates;
mod documents;
mod meanings;
mod real;
mod server;

use domain::registry::{Address, Fault, Outcome, TestReport, TestStep};
use registry::Question;
use server::{Answer, Asked, Server, plain, with};
use std::time::Duration;

pub const PATIENCE: Duration = Duration::from_secs(5);
/// `ada` and `orbit-lantern`.
const ADA: &str = "Basic YWRhOm9yYml0LWxhbnRlcm4=";

/// Tests the registry at `url` as somebody.
pub async fn visit(url: &str, username: &str, password: &str, repository: &str) -> TestReport {
    let address = Address::parse(url, false).unwrap();
    let question = Question { address: &address, username, password, ca: "", repository };
    registry::test(&question, PATIENCE).await
}

async fn as_ada(server: &Server) -> TestReport {
    visit(&format!("http://{}", server.host), "ada", "orbit-lantern", "team/app").await
}

pub fn failed(report: &TestReport, step: TestStep) -> Fault {
    match report.outcome(step) {
        Some(Outcome::Failed(fault)) => fault,
        other => unreachable!("{step:?} is {other:?}: {report:?}"),
    }
}

pub fn says(report: &TestReport, step: TestStep, words: &str) {
    let line = report.lines.iter().find(|line| line.step == step).unwrap();
    assert!(line.message.contains(words), "{line:?} does not say “{words}”");
}

/// A registry that knows `ada`, lets everybody see nothing, and takes uploads to `team/`.
fn basic(asked: &Asked) -> Answer {
    if asked.authorization() != ADA {
        return with(
            401,
            &[("www-authenticate", r#"Basic realm="r""#)],
            r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
        );
    }
    match asked.what.as_str() {
        "GET /v2/" => plain(200, "{}"),
        "GET /v2/team/app/tags/list?n=1" => plain(404, ""),
        "POST /v2/team/app/blobs/uploads/" => {
            with(202, &[("location", "/v2/team/app/blobs/uploads/7?_state=x")], "")
        }
        "DELETE /v2/team/app/blobs/uploads/7?_state=x" => plain(204, ""),
        _ => plain(403, r#"{"errors":[{"code":"DENIED","message":"requested access is denied"}]}"#),
    }
}

#[tokio::test]
async fn who_may_push_is_told_so_and_nothing_is_left_behind() {
    let server = Server::start(basic).await;
    let report = as_ada(&server).await;
    assert!(report.is_good(), "{report:?}");
    assert!(report.lines.iter().all(|line| line.outcome == Outcome::Good), "{report:?}");
    says(&report, TestStep::SignIn, "knows ada");
    says(&report, TestStep::Push, "was cancelled");
    assert!(server.was_asked("DELETE /v2/team/app/blobs/uploads/7"));
    assert!(report.note.is_empty(), "an engine on this machine needs nothing: {}", report.note);
}

#[tokio::test]
async fn the_password_is_not_shown_before_it_is_asked_for() {
    let server = Server::start(basic).await;
    as_ada(&server).await;
    assert_eq!(server.seen()[0].authorization(), "");
}

#[tokio::test]
async fn a_wrong_password_ends_the_test_with_the_registrys_words() {
    let server = Server::start(basic).await;
    let report = visit(&format!("http://{}", server.host), "ada", "guess", "team/app").await;
    assert_eq!(failed(&report, TestStep::SignIn), Fault::Credentials);
    says(&report, TestStep::SignIn, "authentication required");
    assert_eq!(report.outcome(TestStep::Push), Some(Outcome::Skipped));
    assert!(!server.was_asked("POST"));
    let nobody = visit(&format!("http://{}", server.host), "", "", "team/app").await;
    assert_eq!(failed(&nobody, TestStep::SignIn), Fault::Credentials);
    says(&nobody, TestStep::SignIn, "wants a user name");
}

#[tokio::test]
async fn a_repository_of_somebody_else_is_no_permission() {
    let server = Server::start(basic).await;
    let url = format!("http://{}", server.host);
    let report = visit(&url, "ada", "orbit-lantern", "other/app").await;
    assert_eq!(report.outcome(TestStep::SignIn), Some(Outcome::Good));
    assert_eq!(failed(&report, TestStep::Push), Fault::Permission);
    says(&report, TestStep::Push, "may not push to other/app");
    let unnamed = visit(&url, "ada", "orbit-lantern", "").await;
    assert!(unnamed.is_good());
    assert_eq!(unnamed.outcome(TestStep::Push), Some(Outcome::Skipped));
}

/// A registry that wants tokens, which it gives out itself.
fn tokens(host: &str) -> impl Fn(&Asked) -> Answer + use<> {
    let challenge = format!(r#"Bearer realm="http://{host}/token",service="r.example""#);
    move |asked| {
        if let Some(query) = asked.what.strip_prefix("GET /token?") {
            assert!(query.starts_with("service=r.example"), "{query}");
            return match asked.authorization() {
                ADA if query.contains("scope=repository%3Ateam%2Fapp%3Apull%2Cpush") => {
                    plain(200, r#"{"token":"may-push"}"#)
                }
                ADA | "" => plain(200, r#"{"access_token":"may-look"}"#),
                _ => plain(401, ""),
            };
        }
        let refused = with(401, &[("www-authenticate", &challenge)], "");
        match (asked.what.as_str(), asked.authorization()) {
            ("GET /v2/", "Bearer may-look" | "Bearer may-push") => plain(200, "{}"),
            ("GET /v2/team/app/tags/list?n=1", "Bearer may-look") => plain(200, "{}"),
            ("POST /v2/team/app/blobs/uploads/", "Bearer may-push") => {
                with(202, &[("location", "/v2/team/app/blobs/uploads/7")], "")
            }
            (what, "Bearer may-push") if what.starts_with("DELETE") => plain(204, ""),
            _ => refused,
        }
    }
}

#[tokio::test]
async fn a_registry_that_wants_tokens_gets_them() {
    let server = Server::knowing_itself(tokens).await;
    let report = as_ada(&server).await;
    assert!(report.is_good(), "{report:?}");
    says(&report, TestStep::Push, "was cancelled");
    let url = format!("http://{}", server.host);
    let wrong = visit(&url, "ada", "guess", "team/app").await;
    assert_eq!(failed(&wrong, TestStep::SignIn), Fault::Credentials);
    let nobody = visit(&url, "", "", "team/app").await;
    assert_eq!(nobody.outcome(TestStep::Pull), Some(Outcome::Good));
    assert_eq!(failed(&nobody, TestStep::Push), Fault::Permission);
    says(&nobody, TestStep::Push, "has not signed in");
}

#[tokio::test]
async fn a_password_is_never_sent_where_everybody_reads_it_without_being_told() {
    let tls = certificates::Authority::new();
    let listener = Server::start(|_| plain(200, r#"{"token":"x"}"#)).await;
    let challenge = format!(r#"Bearer realm="http://{}/token""#, listener.host);
    let server = Server::secured(tls.acceptor("localhost"), move |_| {
        with(401, &[("www-authenticate", &challenge)], "")
    })
    .await;
    let report = tls.visit(&server, "localhost", true).await;
    assert_eq!(failed(&report, TestStep::SignIn), Fault::NotARegistry);
    assert!(listener.seen().is_empty());
}

#[tokio::test]
async fn nothing_is_followed_elsewhere() {
    let elsewhere = Server::start(|_| plain(200, "{}")).await;
    let there = format!("http://{}/v2/", elsewhere.host);
    let server = Server::start(move |_| with(307, &[("location", &there)], "")).await;
    let report = as_ada(&server).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::NotARegistry);
    says(&report, TestStep::Reach, &elsewhere.host);
    let upload = format!("http://{}/steal", elsewhere.host);
    let server = Server::start(move |asked| match asked.what.as_str() {
        "POST /v2/team/app/blobs/uploads/" => with(202, &[("location", &upload)], ""),
        _ => basic(asked),
    })
    .await;
    let report = as_ada(&server).await;
    assert!(report.is_good(), "{report:?}");
    says(&report, TestStep::Push, "lapses by itself");
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn too_many_requests_are_told_with_the_wait() {
    let server = Server::start(|asked| match asked.what.as_str() {
        "POST /v2/team/app/blobs/uploads/" => with(429, &[("retry-after", "37")], ""),
        _ => basic(asked),
    })
    .await;
    let report = as_ada(&server).await;
    assert_eq!(failed(&report, TestStep::Push), Fault::RateLimited);
    says(&report, TestStep::Push, "in 37 s");
}

#[tokio::test]
async fn what_may_still_be_pulled_is_told_by_who_says_it() {
    let server = Server::start(basic).await;
    assert_eq!(as_ada(&server).await.rate, None);
    let limit = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "7;w=21600")];
    // Docker Hub says it only where an image is asked for.
    let hub = Server::start(move |asked| match asked.what.as_str() {
        "HEAD /v2/team/app/manifests/latest" if asked.authorization() == ADA => {
            with(404, &limit, "")
        }
        _ => basic(asked),
    })
    .await;
    let report = as_ada(&hub).await;
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.rate.unwrap().to_string(), "7 of 100 pulls left in 6 h 0 min");
    let open = Server::start(move |asked| match asked.what.as_str() {
        "GET /v2/" => with(200, &limit, "{}"),
        _ => basic(asked),
    })
    .await;
    let url = format!("http://{}", open.host);
    assert_eq!(visit(&url, "", "", "").await.rate.map(|rate| rate.remaining), Some(7));
    as_ada(&open).await;
    assert!(!open.was_asked("HEAD"), "it is known already");
}

#[tokio::test]
async fn what_is_no_registry_is_said_to_be_none() {
    for (status, headers, body) in [
        (404, [("server", "x")], "not found"),
        (200, [("content-type", "text/html")], "<!doctype html><title>Hello</title>"),
        (401, [("www-authenticate", "Negotiate")], ""),
    ] {
        let server = Server::start(move |_: &Asked| with(status, &headers, body)).await;
        let report = as_ada(&server).await;
        assert_eq!(failed(&report, TestStep::Reach), Fault::NotARegistry, "{status}");
        assert_eq!(report.lines.len(), TestStep::ALL.len());
    }
    let long: &'static str = "x".repeat(1 << 20).leak();
    let endless = Server::start(move |_| plain(200, long)).await;
    assert_eq!(failed(&as_ada(&endless).await, TestStep::Reach), Fault::NotARegistry);
    let mirror = Server::start(|asked| match asked.what.as_str() {
        "POST /v2/team/app/blobs/uploads/" => plain(405, ""),
        _ => basic(asked),
    })
    .await;
    let report = as_ada(&mirror).await;
    assert_eq!(failed(&report, TestStep::Push), Fault::Permission);
    says(&report, TestStep::Push, "no pushes at all");
}

#[tokio::test]
async fn what_cannot_be_reached_says_why() {
    let report = visit("http://no-such-host.invalid:5000", "", "", "").await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Unreachable);
    says(&report, TestStep::Reach, "No address is known");
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let report = visit(&format!("http://{address}"), "", "", "").await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Unreachable);
    says(&report, TestStep::Reach, "Nothing listens");
    let busy = Server::start(|_| plain(503, "")).await;
    assert_eq!(failed(&as_ada(&busy).await, TestStep::Reach), Fault::Unreachable);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for_for_long() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let address = Address::parse(&url, false).unwrap();
    let question =
        Question { address: &address, username: "", password: "", ca: "", repository: "" };
    let report = registry::test(&question, Duration::from_millis(200)).await;
    assert_eq!(failed(&report, TestStep::Reach), Fault::Unreachable);
    says(&report, TestStep::Reach, "did not answer within");
}
