//! The steps of a test, one after the other, as far as they go.

use crate::{
    Meaning, Question,
    challenge::{Challenge, challenge},
    http1::{Answer, Caller, Place},
    trouble::Trouble,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    list::encode,
    registry::{Fault, Outcome, RateLimit, TestLine, TestReport, TestStep},
};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

pub(crate) struct Visit<'a> {
    asked: &'a Question<'a>,
    patience: Duration,
    place: Place,
    lines: Vec<TestLine>,
    /// What any of its answers said of how much may still be pulled.
    rate: Mutex<Option<RateLimit>>,
}

/// What a place that signs people in gives.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(asked: &'a Question<'a>, patience: Duration) -> Self {
        let authority = asked.address.api_host().to_owned();
        let place = Place { plain: asked.address.plain, authority };
        Self { asked, patience, place, lines: Vec::new(), rate: Mutex::new(None) }
    }

    pub(crate) async fn run(mut self) -> TestReport {
        self.steps().await;
        for step in TestStep::ALL.into_iter().skip(self.lines.len()) {
            self.tell(step, Outcome::Skipped, "Not tried, because of the above.");
        }
        let (address, rate) = (self.asked.address, self.rate());
        let mut report =
            TestReport { host: address.host.clone(), lines: self.lines, note: String::new(), rate };
        if report.is_good() && !self.asked.ca.is_empty() {
            report.note = format!(
                "The engine pushes by itself and must trust the certificate too: put it at {} on the engine's host.",
                address.engine_ca_path()
            );
        } else if report.is_good() && address.plain && !is_local(&address.host) {
            report.note = format!(
                "The engine pushes by itself and insists on HTTPS, unless {} is among `insecure-registries` in its configuration.",
                address.host
            );
        }
        report
    }

    fn rate(&self) -> Option<RateLimit> {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the registry itself.
    async fn ask(
        &self,
        caller: &Caller,
        method: Method,
        target: &str,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Trouble> {
        let answer = caller.ask(method, &self.place, target, authorization).await?;
        if let Some(rate) = answer.rate() {
            *self.rate.lock().unwrap_or_else(PoisonError::into_inner) = Some(rate);
        }
        Ok(answer)
    }

    fn tell(&mut self, step: TestStep, outcome: Outcome, message: impl Into<String>) {
        self.lines.push(TestLine { step, outcome, message: message.into(), hint: String::new() });
    }

    /// Whatever is known of a step; an error ends the test where nothing can follow.
    async fn steps(&mut self) {
        let caller = match Caller::new(self.asked.ca, self.patience).await {
            Ok(caller) => caller,
            Err(trouble) => return self.lines.push(trouble.line(TestStep::Reach)),
        };
        let challenge = match self.reach(&caller).await {
            Ok(challenge) => challenge,
            Err(trouble) => return self.lines.push(trouble.line(TestStep::Reach)),
        };
        let whom = &self.place.authority;
        self.tell(TestStep::Reach, Outcome::Good, format!("{whom} is a registry and answers."));
        match self.sign_in(&caller, challenge.as_ref()).await {
            Ok(said) => self.tell(TestStep::SignIn, Outcome::Good, said),
            Err(trouble) => return self.lines.push(trouble.line(TestStep::SignIn)),
        }
        if self.asked.repository.is_empty() {
            let unknown = "Not tried: it takes the name of a repository.";
            self.tell(TestStep::Pull, Outcome::Skipped, unknown);
            return self.tell(TestStep::Push, Outcome::Skipped, unknown);
        }
        let pulled = self.pull(&caller, challenge.as_ref()).await;
        let may_pull = pulled.is_ok();
        match pulled {
            Ok(said) => self.tell(TestStep::Pull, Outcome::Good, said),
            Err(trouble) => self.lines.push(trouble.line(TestStep::Pull)),
        }
        match self.push(&caller, challenge.as_ref()).await {
            Ok(said) => self.tell(TestStep::Push, Outcome::Good, said),
            Err(trouble) => self.lines.push(trouble.line(TestStep::Push)),
        }
        if may_pull {
            self.learn_rate(&caller, challenge.as_ref()).await;
        }
    }

    /// Docker Hub says what is left only to who asks for an image; to ask for its digest counts as
    /// no pull. Done last, because the test is about other things.
    async fn learn_rate(&self, caller: &Caller, challenge: Option<&Challenge>) {
        if self.rate().is_some() {
            return;
        }
        let target = format!("/v2/{}/manifests/latest", self.asked.repository);
        if let Ok(authorization) = self.authorization(caller, challenge, Some("pull")).await {
            // What is not answered stays unknown.
            let _ = self.ask(caller, Method::HEAD, &target, authorization.as_ref()).await;
        }
    }

    /// Whether there is a registry, and how it asks who one is; `None` if it does not.
    async fn reach(&self, caller: &Caller) -> Result<Option<Challenge>, Trouble> {
        let whom = &self.place.authority;
        let answer = self.ask(caller, Method::GET, "/v2/", None).await?;
        let speaks = answer.headers.contains_key("docker-distribution-api-version");
        match answer.status {
            // A web site answers anything with a page.
            StatusCode::OK if speaks || !answer.body.trim_ascii().starts_with(b"<") => Ok(None),
            StatusCode::OK => Err(Trouble::no_registry(format!("{whom} answers with a web page."))),
            StatusCode::UNAUTHORIZED => challenge(&answer.headers).map(Some).ok_or_else(|| {
                Trouble::no_registry(format!("{whom} does not say how it is signed in to."))
            }),
            _ => Err(Trouble::of(&answer, whom, |status| {
                Trouble::new(
                    Fault::Permission,
                    format!("{whom} lets this machine in under no name (status {status})."),
                    "Check whether a firewall or proxy stands between.",
                )
            })),
        }
    }

    async fn sign_in(
        &self,
        caller: &Caller,
        challenge: Option<&Challenge>,
    ) -> Result<String, Trouble> {
        let username = self.asked.username;
        if username.is_empty() && challenge == Some(&Challenge::Basic) {
            return Err(wants_credentials(&self.place.authority));
        }
        if challenge.is_none() {
            return Ok(if username.is_empty() {
                "It answers without signing in.".to_owned()
            } else {
                format!("It does not ask who one is: {username} and the password were not tried.")
            });
        }
        let authorization = self.authorization(caller, challenge, None).await?;
        let answer = self.ask(caller, Method::GET, "/v2/", authorization.as_ref()).await?;
        match answer.status {
            StatusCode::OK if username.is_empty() => Ok("It answers without signing in.".into()),
            StatusCode::OK => Ok(format!("It knows {username} by this password.")),
            _ => Err(Trouble::of(&answer, &self.place.authority, |status| {
                self.not_known(&self.place.authority, status)
            })),
        }
    }

    async fn pull(
        &self,
        caller: &Caller,
        challenge: Option<&Challenge>,
    ) -> Result<String, Trouble> {
        let repository = self.asked.repository;
        let target = format!("/v2/{repository}/tags/list?n=1");
        let authorization = self.authorization(caller, challenge, Some("pull")).await?;
        let answer = self.ask(caller, Method::GET, &target, authorization.as_ref()).await?;
        match answer.status {
            StatusCode::OK => Ok(format!("It shows what is in {repository}.")),
            StatusCode::NOT_FOUND => Ok(format!("There is nothing in {repository} yet.")),
            _ => Err(self.may_not("pull from", &answer)),
        }
    }

    /// How the registry asks who one is, for questions that follow.
    pub(crate) async fn introduction(&self) -> Result<Option<Challenge>, Trouble> {
        let caller = Caller::new(self.asked.ca, self.patience).await?;
        self.reach(&caller).await
    }

    /// What a tag of the repository means there.
    pub(crate) async fn meaning(
        &self,
        challenge: Option<&Challenge>,
        tag: &str,
    ) -> Result<Meaning, Trouble> {
        let caller = Caller::new(self.asked.ca, self.patience).await?;
        let authorization = self.authorization(&caller, challenge, Some("pull")).await?;
        let target = format!("/v2/{}/manifests/{tag}", self.asked.repository);
        let authorization = authorization.as_ref();
        let answer = caller.ask(Method::HEAD, &self.place, &target, authorization).await?;
        let rate = answer.rate();
        match answer.status {
            StatusCode::OK => {
                let name = header::HeaderName::from_static("docker-content-digest");
                let digest = answer.header(name).map(str::to_owned).ok_or_else(|| {
                    let whom = &self.place.authority;
                    Trouble::no_registry(format!("{whom} does not say which image it has."))
                })?;
                Ok(Meaning { digest: Some(digest), rate })
            }
            StatusCode::NOT_FOUND => Ok(Meaning { digest: None, rate }),
            _ => Err(self.may_not("pull from", &answer)),
        }
    }

    /// Begins an upload and cancels it.
    async fn push(
        &self,
        caller: &Caller,
        challenge: Option<&Challenge>,
    ) -> Result<String, Trouble> {
        let repository = self.asked.repository;
        let target = format!("/v2/{repository}/blobs/uploads/");
        let authorization = self.authorization(caller, challenge, Some("pull,push")).await?;
        let authorization = authorization.as_ref();
        let answer = self.ask(caller, Method::POST, &target, authorization).await?;
        match answer.status {
            StatusCode::ACCEPTED => {}
            StatusCode::NOT_FOUND => {
                return Err(Trouble::new(
                    Fault::Permission,
                    format!("There is no repository {repository}, and pushing makes none."),
                    "Make the repository at the registry first, or name one that is there.",
                ));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                return Err(Trouble::new(
                    Fault::Permission,
                    "The registry takes no pushes at all.",
                    "It may be a mirror of another one: push to that.",
                ));
            }
            _ => return Err(self.may_not("push to", &answer)),
        }
        let done = match self.upload(&answer) {
            Some(upload) => self.ask(caller, Method::DELETE, &upload, authorization).await,
            None => {
                return Ok(format!(
                    "It takes uploads to {repository}. The one begun lapses by itself."
                ));
            }
        };
        Ok(match done {
            Ok(answer) if answer.status.is_success() => {
                format!("It takes uploads to {repository}. The one begun was cancelled.")
            }
            _ => format!("It takes uploads to {repository}. The one begun lapses by itself."),
        })
    }

    /// Where the begun upload is, unless that is another host: credentials do not go there.
    fn upload(&self, answer: &Answer) -> Option<String> {
        let location = answer.header(header::LOCATION)?;
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(location.to_owned());
        }
        let (place, target) = Place::of(location)?;
        (place == self.place).then_some(target)
    }

    /// What says who one is, for a repository if `actions` are named.
    async fn authorization(
        &self,
        caller: &Caller,
        challenge: Option<&Challenge>,
        actions: Option<&str>,
    ) -> Result<Option<HeaderValue>, Trouble> {
        match challenge {
            Some(Challenge::Bearer { realm, service }) => {
                self.token(caller, realm, service, actions).await.map(Some)
            }
            // A registry that lets everybody read may still ask before a push.
            Some(Challenge::Basic) | None => Ok(self.basic()),
        }
    }

    fn basic(&self) -> Option<HeaderValue> {
        let Question { username, password, .. } = self.asked;
        if username.is_empty() {
            return None;
        }
        let pair = STANDARD.encode(format!("{username}:{password}"));
        secret(&format!("Basic {pair}"))
    }

    async fn token(
        &self,
        caller: &Caller,
        realm: &str,
        service: &str,
        actions: Option<&str>,
    ) -> Result<HeaderValue, Trouble> {
        let whom = &self.place.authority;
        let (place, target) = Place::of(realm).ok_or_else(|| {
            Trouble::no_registry(format!("{whom} names no address to sign in at."))
        })?;
        if place.plain && !self.place.plain {
            return Err(Trouble::new(
                Fault::NotARegistry,
                format!("{whom} has people sign in over plain HTTP, at {}.", place.authority),
                "The password is not sent there. Have the registry name an address with https://.",
            ));
        }
        let mut target = target;
        let mut add = |name: &str, value: &str| {
            let joint = if target.contains('?') { '&' } else { '?' };
            target = format!("{target}{joint}{name}={}", encode(value));
        };
        if !service.is_empty() {
            add("service", service);
        }
        if let Some(actions) = actions {
            add("scope", &format!("repository:{}:{actions}", self.asked.repository));
        }
        let answer = caller.ask(Method::GET, &place, &target, self.basic().as_ref()).await?;
        if !answer.status.is_success() {
            return Err(Trouble::of(&answer, &place.authority, |status| {
                self.not_known(&place.authority, status)
            }));
        }
        let unusable = || {
            Trouble::no_registry(format!("{} gives no token that can be used.", place.authority))
        };
        let given: Token = serde_json::from_slice(&answer.body).map_err(|_| unusable())?;
        let token = if given.token.is_empty() { given.access_token } else { given.token };
        if token.is_empty() {
            return Err(unusable());
        }
        secret(&format!("Bearer {token}")).ok_or_else(unusable)
    }

    fn not_known(&self, whom: &str, status: u16) -> Trouble {
        match self.asked.username {
            "" => wants_credentials(whom),
            username if status == 403 => Trouble::new(
                Fault::Credentials,
                format!("{whom} does not let {username} in with this password."),
                "Correct them, and check that the account or token may use the registry.",
            ),
            username => Trouble::new(
                Fault::Credentials,
                format!("{whom} does not know {username} by this password."),
                "Correct them. Many registries want an access token in place of the password.",
            ),
        }
    }

    fn may_not(&self, deed: &str, answer: &Answer) -> Trouble {
        let repository = self.asked.repository;
        Trouble::of(answer, &self.place.authority, |_| {
            let who = match self.asked.username {
                "" => "Somebody who has not signed in",
                username => username,
            };
            Trouble::new(
                Fault::Permission,
                format!("{who} may not {deed} {repository}."),
                "Use a repository that the user may write to, or have the right given at the registry.",
            )
        })
    }
}

fn wants_credentials(whom: &str) -> Trouble {
    Trouble::new(
        Fault::Credentials,
        format!("{whom} wants a user name and a password."),
        "Give them; many registries want an access token in place of the password.",
    )
}

/// A header that is not shown by `Debug`.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Engines take a registry of their own machine over plain HTTP without being told.
fn is_local(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    name == "localhost" || name.starts_with("127.")
}
