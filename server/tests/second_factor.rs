//! Stories of the second factor as it looks without a script: asked for after the password, set up by
//! those who want or must have one, and reset for those who have lost it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod support;

use services::clock::Clock as _;
use support::{
    device::Device,
    http::{Answer, get, post},
    world::{PASSWORD, Person, World},
};

/// A browser without a script: it has a page open, and perhaps a cookie.
struct Browser<'a> {
    world: &'a World,
    cookie: Option<String>,
    page: String,
}

impl<'a> Browser<'a> {
    fn new(world: &'a World, page: &str) -> Self {
        Self { world, cookie: None, page: page.to_owned() }
    }

    fn of(world: &'a World, person: &Person, page: &str) -> Self {
        Self { cookie: Some(person.cookie.clone()), ..Self::new(world, page) }
    }

    /// Opens a page; gives what it shows.
    async fn open(&mut self, path: &str) -> String {
        let ask = get(path).for_page().with("cookie", self.cookie.as_deref().unwrap_or("a=b"));
        let answer = self.world.ask(ask).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        self.page = path.to_owned();
        answer.text()
    }

    /// Posts a form of the page; gives where that leads, as a path.
    async fn post(&mut self, function: &str, form: &[(&str, &str)]) -> String {
        let origin = &self.world.origin;
        let ask = post(&format!("/fn/{function}")).form(form).for_page().with("origin", origin);
        let ask = ask.with("referer", format!("{origin}{}", self.page));
        let ask = ask.with("cookie", self.cookie.as_deref().unwrap_or("a=b"));
        let answer: Answer = self.world.ask(ask).await;
        assert_eq!(answer.status, 302, "{function}: {}", answer.text());
        if let Some(cookie) = answer.cookie(self.world.cookie_name()) {
            self.cookie = Some(cookie);
        }
        let location = answer.header("location");
        location.strip_prefix(origin.as_str()).unwrap_or(location).to_owned()
    }

    /// Whom the server takes the browser's reader for.
    async fn reader(&self) -> Option<String> {
        let ask = post("/fn/who_is_it").with("cookie", self.cookie.as_deref().unwrap_or("a=b"));
        let viewer = self.world.ask(ask).await.json();
        viewer["actor"]["name"].as_str().map(str::to_owned)
    }

    async fn signs_in(&mut self, name: &str, next: &str) -> String {
        self.post("sign_in", &[("name", name), ("password", PASSWORD), ("next", next)]).await
    }
}

/// What stands between two marks of a page.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}"));
    rest.split_once(after).unwrap().0
}

/// The device that a page tells the secret.
fn told(page: &str) -> Device {
    Device::told(between(page, "hook-secret\">", "<"))
}

fn recovery_codes(page: &str) -> Vec<String> {
    let list = between(page, "class=\"codes\">", "</ul>");
    list.split("<code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_the_way_is_kept() {
    let world = World::new().await;
    world.admin().await;
    let ada = world.user().await;
    let (device, codes) = world.equip(&ada).await;
    let mut browser = Browser::new(&world, "/login?next=%2Faccount");
    let asked = browser.signs_in("ada", "/account").await;
    assert_eq!(asked, "/login/code?next=%2Faccount");

    // With the password alone nobody is signed in, and nothing but the code's page is there.
    assert_eq!(browser.reader().await, None);
    let pending = browser.cookie.clone().unwrap();
    for path in ["/", "/account", "/second-factor"] {
        let answer = world.ask(get(path).for_page().with("cookie", &pending)).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/login"), "{path}: {answer:?}");
        let plain = world.ask(get(path).with("cookie", &pending)).await;
        assert_eq!(plain.status, 401, "{path}");
    }
    assert_eq!(world.ask(get("/events").with("cookie", &pending)).await.status, 401);

    let page = browser.open(&asked).await;
    for part in ["one-time-code", "value=\"/account\"", "recovery codes"] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    let wrong = device.wrong(world.clock.now());
    let back = browser.post("confirm_sign_in", &[("code", &wrong), ("next", "/account")]).await;
    assert!(back.starts_with("/login/code?") && back.contains("__err"), "{back}");
    assert!(browser.open(&back).await.contains("This code is not right"));
    assert_eq!(browser.reader().await, None);

    let code = device.code(world.clock.now());
    let form = [("code", code.as_str()), ("next", "/account")];
    assert_eq!(browser.post("confirm_sign_in", &form).await, "/account");
    assert_eq!(browser.reader().await.as_deref(), Some("ada"));
    assert_ne!(browser.cookie.as_deref(), Some(pending.as_str()), "the same id as before");
    assert!(browser.open("/account").await.contains("Recovery codes left"));

    // The cookie of before is worth nothing, with whatever code.
    let mut late = Browser { cookie: Some(pending), ..Browser::new(&world, "/login/code") };
    let refused = late.post("confirm_sign_in", &[("code", &codes[0])]).await;
    assert!(refused.contains("__err"), "{refused}");
    assert_eq!(late.reader().await, None);
}

#[tokio::test]
async fn the_code_is_taken_in_the_browser_that_gave_the_password_and_in_no_other() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, codes) = world.equip(&ada).await;
    let eve = world.person("eve", domain::actor::Role::User).await;
    let mut own = Browser::new(&world, "/login");
    own.signs_in("ada", "").await;
    let code = device.code(world.clock.now());
    for mut other in [Browser::new(&world, "/login/code"), Browser::of(&world, &eve, "/login/code")]
    {
        let refused = other.post("confirm_sign_in", &[("code", &code)]).await;
        assert!(refused.contains("__err"), "{refused}");
        assert_ne!(other.reader().await.as_deref(), Some("ada"));
    }
    // No foreign site is where it leads.
    let form = [("code", codes[0].as_str()), ("next", "https://evil.example")];
    assert_eq!(own.post("confirm_sign_in", &form).await, "/");
    assert_eq!(own.reader().await.as_deref(), Some("ada"));
}

#[tokio::test]
async fn who_begins_to_sign_in_as_somebody_else_is_nobody_until_the_code() {
    let world = World::new().await;
    let ada = world.user().await;
    world.equip(&ada).await;
    let eve = world.person("eve", domain::actor::Role::User).await;
    let mut browser = Browser::of(&world, &eve, "/login");
    assert_eq!(browser.signs_in("ada", "").await, "/login/code");
    assert_eq!(browser.reader().await, None);
    let before = Browser::of(&world, &eve, "/");
    assert_eq!(before.reader().await, None, "the sign-in before has ended");
}

#[tokio::test]
async fn it_is_set_up_renewed_and_turned_off_without_a_script() {
    let world = World::new().await;
    let ada = world.user().await;
    let mut browser = Browser::of(&world, &ada, "/account");
    let account = browser.open("/account").await;
    let way = "/second-factor?next=%2Faccount";
    assert!(account.contains(way), "{account}");

    let first = browser.open(way).await;
    assert!(!first.contains("otpauth"), "{first}");
    let begin = [("password", "wrong"), ("next", "/account")];
    let refused = browser.post("begin_second_factor", &begin).await;
    let again = browser.open(&refused).await;
    assert!(again.contains("not your present password") && !again.contains("otpauth"), "{again}");
    let begin = [("password", PASSWORD), ("next", "/account")];
    assert_eq!(browser.post("begin_second_factor", &begin).await, way);
    let shown = browser.open(way).await;
    for part in ["data:image/svg+xml;base64,", "otpauth://totp/Slipway%3Aada%40localhost"] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    let device = told(&shown);
    let wrong = device.wrong(world.clock.now());
    let back =
        browser.post("confirm_second_factor", &[("code", &wrong), ("next", "/account")]).await;
    let back = browser.open(&back).await;
    assert!(back.contains("This code is not right") && back.contains("otpauth"), "{back}");
    let code = device.code(world.clock.now());
    let made =
        browser.post("confirm_second_factor", &[("code", &code), ("next", "/account")]).await;
    assert_eq!(made, "/second-factor?codes=on&next=%2Faccount");
    let once = browser.open(&made).await;
    let codes = recovery_codes(&once);
    assert_eq!(codes.len(), 10, "{once}");
    assert!(once.contains("href=\"/account\""), "{once}");
    assert!(!browser.open(&made).await.contains(&codes[0]), "shown twice");

    let account = browser.open("/account").await;
    assert!(
        account.contains("Turn it off") && account.contains("Recovery codes left"),
        "{account}"
    );
    let made = browser.post("new_recovery_codes", &[("password", PASSWORD)]).await;
    let new = recovery_codes(&browser.open(&made).await);
    assert!(new.len() == 10 && new[0] != codes[0], "{new:?}");
    let off = browser.post("turn_off_second_factor", &[("password", PASSWORD)]).await;
    assert_eq!(off, "/account?done=second-factor-off");
    assert!(browser.open(&off).await.contains("The second factor is off"));
}

#[tokio::test]
async fn who_must_have_one_is_led_to_set_it_up_and_on_to_where_he_was_going() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.user().await;
    world.require_second_factor(&admin).await;
    let mut browser = Browser::new(&world, "/login");
    let way = browser.signs_in("ada", "/account").await;
    assert_eq!(way, "/second-factor?next=%2Faccount");
    assert_eq!(browser.reader().await, None);
    let cookie = browser.cookie.clone().unwrap();
    for (path, leads) in [
        ("/", "/second-factor"),
        ("/sessions?q=a", "/second-factor?next=%2Fsessions%3Fq%3Da"),
        ("/login", "/second-factor"),
        ("/login?next=%2Fjobs", "/second-factor?next=%2Fjobs"),
    ] {
        let answer = world.ask(get(path).for_page().with("cookie", &cookie)).await;
        assert_eq!((answer.status, answer.header("location")), (303, leads), "{path}");
    }
    let page = browser.open(&way).await;
    assert!(page.contains("The group “All users” requires a second factor"), "{page}");
    assert!(page.contains("/fn/sign_out") && !page.contains("Cancel"), "{page}");
    let begin = [("password", PASSWORD), ("next", "/account")];
    browser.post("begin_second_factor", &begin).await;
    let device = told(&browser.open(&way).await);
    let code = device.code(world.clock.now());
    let made =
        browser.post("confirm_second_factor", &[("code", &code), ("next", "/account")]).await;
    assert!(browser.open(&made).await.contains("href=\"/account\""));
    let account = browser.open("/account").await;
    assert!(
        account.contains("the group “All users”") && !account.contains("Turn it off"),
        "{account}"
    );
    assert_eq!(browser.reader().await.as_deref(), Some("ada"));

    // Signing out is open to those who do not want to, too.
    let mut other = Browser::new(&world, "/login");
    other.signs_in("admin", "").await;
    assert_eq!(other.post("sign_out", &[]).await, "/login");
    assert!(other.post("begin_second_factor", &begin).await.contains("__err"));
}

#[tokio::test]
async fn an_administrator_sees_who_has_one_and_resets_it_after_a_question() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let id = ada.actor.user.to_string();
    let page = format!("/users/{id}");
    let question = format!("{page}?confirm=reset:{id}");
    let mut browser = Browser::of(&world, &admin, &page);
    assert!(!browser.open(&page).await.contains("Reset the second factor"));
    world.equip(&ada).await;
    assert!(browser.open("/users").await.contains("data-label=\"Second factor\">On"));
    assert!(browser.open(&page).await.contains("Reset the second factor …"));
    let asked = browser.open(&question).await;
    for part in ["Reset the second factor of “ada”?", "password alone signs in", "Sessions stay"]
    {
        assert!(asked.contains(part), "{part} is missing: {asked}");
    }
    let done = browser.post("reset_user_second_factor", &[("id", &id)]).await;
    assert_eq!(done, format!("{page}?done=second-factor"));
    assert!(browser.open(&done).await.contains("The second factor is reset"));
    assert_eq!(Browser::of(&world, &ada, "/").reader().await, None, "the sign-ins have ended");
    let mut anew = Browser::new(&world, "/login");
    assert_eq!(anew.signs_in("ada", "").await, "/");
    let lines = browser.open("/audit").await;
    assert!(lines.contains("user.second_factor_reset"), "{lines}");
}

#[tokio::test]
async fn a_link_sets_a_password_and_then_the_code_is_asked_for() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let (device, _) = world.equip(&ada).await;
    let link = world.services.users.new_link(&admin.actor, &ada.actor.user).await.unwrap();
    let mut browser = Browser::new(&world, &format!("/invite?token={}", link.token));
    let new = "meadow-copper-violin";
    let form = [("token", link.token.as_str()), ("password", new), ("again", new)];
    assert_eq!(browser.post("accept_invitation", &form).await, "/login/code");
    assert_eq!(browser.reader().await, None);
    browser.open("/login/code").await;
    let code = device.code(world.clock.now());
    assert_eq!(browser.post("confirm_sign_in", &[("code", &code)]).await, "/");
    assert_eq!(browser.reader().await.as_deref(), Some("ada"));
}
