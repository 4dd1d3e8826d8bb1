//! Stories of the second factor: turned on with a device, asked for after the password, required by a
//! group, moved, lost and reset.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    Error, ErrorKind, SignInId,
    actor::{Actor, Role},
    audit::{AuditLine, AuditResult},
    group::{GroupForm, Source},
    second_factor::SecondFactor,
};
use services::{
    Arrival, Then,
    access::{SignInRecord, sign_in_id},
};
use std::net::IpAddr;
use world::{PASSWORD, World, device::Device};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const OTHER: &str = "meadow-copper-violin";
const STEP_S: i64 = 30;

impl World {
    async fn factor(&self, actor: &Actor) -> SecondFactor {
        self.services.second_factors.show(actor, "slipway.test").await.unwrap()
    }

    /// Begins with a device and tells it the secret.
    async fn begun(&self, actor: &Actor) -> Device {
        self.services.second_factors.begin(actor, PASSWORD.into()).await.unwrap();
        Device::told(&self.factor(actor).await.proposal.unwrap().secret)
    }

    /// Turns it on; gives the device and the recovery codes. The next code is a new one.
    async fn equipped(&self, actor: &Actor) -> (Device, Vec<String>) {
        let device = self.begun(actor).await;
        let code = device.code(self.now());
        let codes = self.services.second_factors.confirm(actor, &code).await.unwrap();
        self.clock.advance_secs(STEP_S);
        (device, codes)
    }

    async fn then(&self, name: &str, password: &str) -> Result<Then, Error> {
        let checked = self.services.access.check(name, password.to_owned(), HOME).await;
        checked.map(|(_, then)| then)
    }

    /// The token for the code of somebody whose password was right.
    async fn waits(&self, name: &str) -> String {
        match self.then(name, PASSWORD).await.unwrap() {
            Then::Code(token) => token,
            other => panic!("{other:?}"),
        }
    }

    async fn code(&self, token: &str, code: &str) -> Result<(), Error> {
        self.services.access.confirm(token, code, HOME).await.map(|_| ())
    }

    /// Signs in with password and code; says whether it worked.
    async fn signs_in(&self, name: &str, code: &str) -> bool {
        let token = self.waits(name).await;
        self.code(&token, code).await.is_ok()
    }

    async fn is_signed_in(&self, sign_in: &SignInId) -> bool {
        self.services.access.actor(sign_in).await.unwrap().is_some()
    }

    /// The same person in another browser.
    async fn elsewhere(&self, actor: &Actor) -> SignInId {
        let id = sign_in_id(&format!("another browser of {}", actor.name)).unwrap();
        let user = Some(actor.user.to_string());
        let record = SignInRecord { user, data: "{}".into(), ..SignInRecord::default() };
        self.services.access.create_sign_in(id.clone(), record).await.unwrap();
        id
    }

    async fn noted(&self) -> Vec<AuditLine> {
        self.store.audit(200).await.unwrap()
    }

    async fn noted_as(&self, action: &str) -> AuditLine {
        let found = self.noted().await.into_iter().find(|line| line.action == action);
        found.unwrap_or_else(|| panic!("{action} was not noted"))
    }

    /// Makes a group that says something about a second factor.
    async fn group(&self, admin: &Actor, name: &str, priority: i64, members: &str, says: &str) {
        let form = GroupForm {
            name: name.into(),
            priority: priority.to_string(),
            members: members.into(),
            second_factor: says.into(),
            ..GroupForm::default()
        };
        self.services.groups.save(admin, None, 0, &form).await.unwrap();
    }
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorKind {
    outcome.unwrap_err().kind
}

#[tokio::test]
async fn it_is_on_once_a_device_has_shown_a_right_code_and_not_before() {
    let world = World::new().await;
    let ada = world.user().await;
    let other = world.elsewhere(&ada).await;
    let factors = &world.services.second_factors;
    let wrong = factors.begin(&ada, "wrong".into()).await.unwrap_err();
    assert!(wrong.problem_at("password").is_some());
    assert_eq!(world.factor(&ada).await, SecondFactor::default());
    assert_eq!(kind(factors.confirm(&ada, "000000").await), ErrorKind::Conflict);

    let device = world.begun(&ada).await;
    let shown = world.factor(&ada).await.proposal.unwrap();
    assert!(shown.link.contains("Slipway%3Aada%40slipway.test"), "{}", shown.link);
    let elsewhere = Actor { sign_in: other.clone(), ..ada.clone() };
    assert_eq!(world.factor(&elsewhere).await.proposal, None, "shown in another browser");
    assert_eq!(
        kind(factors.confirm(&elsewhere, &device.code(world.now())).await),
        ErrorKind::Conflict
    );
    let wrong = device.wrong(world.now());
    assert!(factors.confirm(&ada, &wrong).await.unwrap_err().problem_at("code").is_some());
    assert_eq!(world.then("ada", PASSWORD).await, Ok(Then::In), "half a set-up locks nobody out");

    let codes = factors.confirm(&ada, &device.code(world.now())).await.unwrap();
    let factor = world.factor(&ada).await;
    assert_eq!((factor.on_since, factor.codes_left), (Some(world.now()), 10));
    assert_eq!((factor.proposal, codes.len()), (None, 10));
    assert!(world.is_signed_in(&ada.sign_in).await && !world.is_signed_in(&other).await);
    assert!(matches!(world.then("ada", PASSWORD).await, Ok(Then::Code(_))));
    assert_eq!(world.noted_as("user.second_factor_on").await.actor.as_deref(), Some("ada"));
    let row = world.store.user_row(&ada.user).await.unwrap().unwrap();
    assert!(row.second_factor);
}

#[tokio::test]
async fn what_is_secret_is_neither_in_the_database_nor_in_the_audit() {
    let world = World::new().await;
    let ada = world.user().await;
    world.services.second_factors.begin(&ada, PASSWORD.into()).await.unwrap();
    let secret = world.factor(&ada).await.proposal.unwrap().secret.replace(' ', "");
    let code = Device::told(&secret).code(world.now());
    let codes = world.services.second_factors.confirm(&ada, &code).await.unwrap();
    let kept = world.store.second_factor(&ada.user).await.unwrap().unwrap().secret;
    assert!(!String::from_utf8_lossy(&kept).contains(&secret));
    for part in ["slipway.db", "slipway.db-wal"] {
        let bytes = std::fs::read(world.folder.path().join(part)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).to_uppercase();
        assert!(!text.contains(&secret), "{part}");
        for code in &codes {
            let bare = code.replace('-', "").to_uppercase();
            assert!(!text.contains(&bare) && !text.contains(&code.to_uppercase()), "{part}");
        }
    }
    let noted = format!("{:?}", world.noted().await);
    assert!(!noted.contains(&secret) && !noted.contains(&codes[0]), "{noted}");
}

#[tokio::test]
async fn each_code_works_once_and_half_a_minute_around_its_time() {
    let world = World::new().await;
    let ada = world.user().await;
    let device = world.begun(&ada).await;
    let first = device.code(world.now());
    world.services.second_factors.confirm(&ada, &first).await.unwrap();
    assert!(!world.signs_in("ada", &first).await, "it turned the second factor on");
    // The clock of the device is ahead: its next code is taken, and with that the present one is old.
    let ahead = device.code(world.now().plus_secs(STEP_S));
    assert!(world.signs_in("ada", &ahead).await);
    assert!(!world.signs_in("ada", &ahead).await, "a second time");
    assert!(!world.signs_in("ada", &first).await, "an older one");
    world.clock.advance_secs(16 * 60);
    let late = device.code(world.now().plus_secs(-STEP_S));
    let later = device.code(world.now().plus_secs(-2 * STEP_S));
    let early = device.code(world.now().plus_secs(2 * STEP_S));
    assert!(!world.signs_in("ada", &later).await, "a minute too late");
    assert!(!world.signs_in("ada", &early).await, "a minute too early");
    assert!(world.signs_in("ada", &format!("{} {}", &late[..3], &late[3..])).await);
    assert!(world.signs_in("ada", &device.code(world.now())).await);
    // What was taken is remembered by a server that starts anew.
    let now = device.code(world.now());
    let world = world.restarted().await;
    assert!(!world.signs_in("ada", &now).await);
}

#[tokio::test]
async fn of_two_who_give_the_same_code_at_the_same_moment_one_gets_in() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    let (one, other) = (world.waits("ada").await, world.waits("ada").await);
    let code = device.code(world.now());
    let (first, second) = tokio::join!(world.code(&one, &code), world.code(&other, &code));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test]
async fn the_right_to_give_a_code_is_used_once_ends_soon_and_is_no_sign_in() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    let token = world.waits("ada").await;
    let line = world.noted_as("sign_in.password").await;
    assert_eq!((line.actor.as_deref(), line.result), (Some("ada"), AuditResult::Done));
    assert!(!world.is_signed_in(&sign_in_id(&token).unwrap()).await);
    for none in ["", "guess"] {
        let refused = world.code(none, &device.code(world.now())).await;
        assert_eq!(kind(refused), ErrorKind::Unauthenticated);
    }
    // A mistake does not use it up.
    let wrong = world.code(&token, &device.wrong(world.now())).await.unwrap_err();
    assert!(wrong.problem_at("code").is_some());
    let line = world.noted_as("sign_in").await;
    assert_eq!((line.actor.as_deref(), line.result), (None, AuditResult::Refused));
    assert!(world.code(&token, &device.code(world.now())).await.is_ok());
    world.clock.advance_secs(STEP_S);
    let again = world.code(&token, &device.code(world.now())).await;
    assert_eq!(kind(again), ErrorKind::Unauthenticated, "used up");

    let late = world.waits("ada").await;
    world.clock.advance_secs(5 * 60);
    assert_eq!(
        kind(world.code(&late, &device.code(world.now())).await),
        ErrorKind::Unauthenticated
    );

    let old = world.waits("ada").await;
    let users = &world.services.users;
    users.change_password(&ada, PASSWORD.into(), OTHER.into(), OTHER.into()).await.unwrap();
    let after = world.code(&old, &device.code(world.now())).await;
    assert_eq!(kind(after), ErrorKind::Unauthenticated, "it belongs to the password before");
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_a_right_password_does_not_speed_it_up() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, codes) = world.equipped(&ada).await;
    for _ in 0..5 {
        assert!(!world.signs_in("ada", &device.wrong(world.now())).await);
    }
    let token = world.waits("ada").await;
    for right in [device.code(world.now()), codes[0].clone()] {
        assert_eq!(kind(world.code(&token, &right).await), ErrorKind::Exhausted);
    }
    // From elsewhere its owner gets in.
    let code = device.code(world.now());
    assert!(world.services.access.confirm(&token, &code, AWAY).await.is_ok());
    world.clock.advance_secs(16 * 60);
    assert!(world.signs_in("ada", &device.code(world.now())).await);
}

/// Somebody who has the password gives wrong codes from ever other addresses, until he is refused for
/// their number; gives how many were looked at, and the refusal.
async fn guessed(world: &World, device: &Device) -> (u8, Error) {
    let token = world.waits("ada").await;
    for n in 0..=u8::MAX {
        let from = IpAddr::from([203, 0, 113, n]);
        let wrong = match n % 2 {
            0 => device.wrong(world.now()),
            _ => "aaaa-aaaa-aaaa-aaaa".to_owned(),
        };
        let refused = world.services.access.confirm(&token, &wrong, from).await.unwrap_err();
        if refused.kind == ErrorKind::Exhausted {
            return (n, refused);
        }
    }
    panic!("every code is still looked at");
}

#[tokio::test]
async fn codes_cannot_be_guessed_for_days_from_many_addresses() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, codes) = world.equipped(&ada).await;
    let began = world.now();
    let (looked_at, refused) = guessed(&world, &device).await;
    assert_eq!(looked_at, 20);
    let hint = refused.hint.unwrap();
    assert!(hint.contains("24 hours") && hint.contains("administrator"), "{hint}");
    // No code is taken then, from nowhere, and not by a server that starts anew.
    let world = world.restarted().await;
    assert!(!world.signs_in("ada", &device.code(world.now())).await);
    assert!(!world.signs_in("ada", &codes[0]).await);
    // Who does not know the password changes nothing about it, and it ends by itself.
    world.clock.advance_secs(24 * 3600 - 1 - world.now().since(began) / 1000);
    assert!(!world.signs_in("ada", &device.code(world.now())).await);
    world.clock.advance_secs(1);
    assert!(world.signs_in("ada", &device.code(world.now())).await);
    assert!(world.signs_in("ada", &codes[0]).await);
}

#[tokio::test]
async fn right_codes_do_not_make_room_for_more_wrong_ones() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    for _ in 0..4 {
        for _ in 0..4 {
            assert!(!world.signs_in("ada", &device.wrong(world.now())).await);
        }
        assert!(world.signs_in("ada", &device.code(world.now())).await);
        world.clock.advance_secs(STEP_S);
    }
    assert_eq!(guessed(&world, &device).await.0, 4);
}

#[tokio::test]
async fn a_new_password_or_a_reset_lets_in_whose_codes_were_guessed_at() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let (device, codes) = world.equipped(&ada).await;
    guessed(&world, &device).await;
    let users = &world.services.users;
    let link = users.new_link(&admin, &ada.user).await.unwrap();
    users.accept(&link.token, HOME, PASSWORD.into(), PASSWORD).await.unwrap();
    assert!(world.signs_in("ada", &codes[0]).await);

    guessed(&world, &device).await;
    users.reset_second_factor(&admin, &ada.user).await.unwrap();
    assert_eq!(world.then("ada", PASSWORD).await, Ok(Then::In));
    let ada = Actor { sign_in: world.elsewhere(&ada).await, ..ada };
    let (device, _) = world.equipped(&ada).await;
    assert!(world.signs_in("ada", &device.code(world.now())).await);
}

#[tokio::test]
async fn what_is_no_code_is_refused_as_a_wrong_one() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    let token = world.waits("ada").await;
    let wrong = world.code(&token, &device.wrong(world.now())).await.unwrap_err();
    for text in ["", "12345", "hello", "aaaa-aaaa-aaaa-aaaa"] {
        assert_eq!(world.code(&token, text).await.unwrap_err(), wrong, "{text:?}");
    }
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_new_ones_take_the_place_of_the_old() {
    let world = World::new().await;
    let ada = world.user().await;
    let (_, codes) = world.equipped(&ada).await;
    assert!(world.signs_in("ada", &codes[0].to_uppercase()).await);
    let line = world.noted_as("sign_in").await;
    assert_eq!(line.detail.as_deref(), Some("with a recovery code, 9 left"));
    assert!(!world.signs_in("ada", &codes[0]).await, "twice");
    assert_eq!(world.factor(&ada).await.codes_left, 9);
    assert!(world.signs_in("ada", &codes[1].replace('-', " ")).await);

    let factors = &world.services.second_factors;
    let refused = factors.new_codes(&ada, "wrong".into()).await.unwrap_err();
    assert!(refused.problem_at("password").is_some());
    let new = factors.new_codes(&ada, PASSWORD.into()).await.unwrap();
    assert_eq!((new.len(), world.factor(&ada).await.codes_left), (10, 10));
    assert!(!world.signs_in("ada", &codes[2]).await && world.signs_in("ada", &new[0]).await);
    assert!(world.is_signed_in(&ada.sign_in).await);
    assert_eq!(world.noted_as("user.recovery_codes").await.actor.as_deref(), Some("ada"));
}

#[tokio::test]
async fn recovery_codes_let_in_where_the_key_of_the_secrets_is_lost() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, codes) = world.equipped(&ada).await;
    std::fs::remove_file(world.folder.path().join("keys").join("secrets.key")).unwrap();
    let world = world.restarted().await;
    assert!(!world.signs_in("ada", &device.code(world.now())).await);
    assert!(world.signs_in("ada", &codes[0]).await);
    world.services.second_factors.turn_off(&ada, PASSWORD.into()).await.unwrap();
}

#[tokio::test]
async fn codes_of_one_account_are_worth_nothing_for_another() {
    let world = World::new().await;
    let (ada, eve) = (world.user().await, world.person("eve", Role::User).await);
    let (device, codes) = world.equipped(&ada).await;
    world.equipped(&eve).await;
    assert!(!world.signs_in("eve", &codes[0]).await);
    assert!(!world.signs_in("eve", &device.code(world.now())).await);
}

#[tokio::test]
async fn recovery_codes_are_left_for_one_page_of_one_reader() {
    let world = World::new().await;
    let (ada, eve) = (world.user().await, world.person("eve", Role::User).await);
    let factors = &world.services.second_factors;
    factors.leave_codes(&ada, vec!["a".into()]);
    assert_eq!(factors.take_codes(&eve), None);
    assert_eq!(factors.take_codes(&ada), Some(vec!["a".into()]));
    assert_eq!(factors.take_codes(&ada), None);
    factors.leave_codes(&ada, vec!["a".into()]);
    world.clock.advance_secs(3600);
    assert_eq!(factors.take_codes(&ada), None, "forgotten");
}

#[tokio::test]
async fn it_is_turned_off_with_the_password_and_other_sign_ins_end() {
    let world = World::new().await;
    let ada = world.user().await;
    let factors = &world.services.second_factors;
    assert_eq!(kind(factors.turn_off(&ada, PASSWORD.into()).await), ErrorKind::Conflict);
    assert_eq!(kind(factors.new_codes(&ada, PASSWORD.into()).await), ErrorKind::Conflict);
    world.equipped(&ada).await;
    let other = world.elsewhere(&ada).await;
    let wrong = factors.turn_off(&ada, "wrong".into()).await.unwrap_err();
    assert!(wrong.problem_at("password").is_some());
    factors.turn_off(&ada, PASSWORD.into()).await.unwrap();
    assert_eq!(world.factor(&ada).await, SecondFactor::default());
    assert!(world.is_signed_in(&ada.sign_in).await && !world.is_signed_in(&other).await);
    assert_eq!(world.then("ada", PASSWORD).await, Ok(Then::In));
    assert_eq!(world.noted_as("user.second_factor_off").await.actor.as_deref(), Some("ada"));
}

#[tokio::test]
async fn it_is_moved_to_another_device_when_that_shows_a_right_code() {
    let world = World::new().await;
    let ada = world.user().await;
    let (old, codes) = world.equipped(&ada).await;
    let new = world.begun(&ada).await;
    assert!(world.signs_in("ada", &old.code(world.now())).await, "nothing has changed yet");
    world.clock.advance_secs(15 * 60);
    let late = world.services.second_factors.confirm(&ada, &new.code(world.now())).await;
    assert_eq!(kind(late), ErrorKind::Conflict, "it took too long");
    let (new, fresh) = world.equipped(&ada).await;
    assert!(!world.signs_in("ada", &old.code(world.now())).await);
    assert!(!world.signs_in("ada", &codes[0]).await);
    assert!(world.signs_in("ada", &new.code(world.now())).await);
    assert!(world.signs_in("ada", &fresh[0]).await);
}

#[tokio::test]
async fn who_must_have_one_and_has_none_reaches_nothing_until_it_is_set_up() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    world.group(&admin, "Staff", 50, "ada", "required").await;
    assert_eq!(world.then("ada", PASSWORD).await, Ok(Then::SetUp));
    assert_eq!(world.then("admin", PASSWORD).await, Ok(Then::In));
    // Also who was signed in before: no page, stream or terminal finds an actor.
    assert!(!world.is_signed_in(&ada.sign_in).await && world.is_signed_in(&admin.sign_in).await);
    let arrival = world.services.access.arrival(&ada.sign_in).await.unwrap().unwrap();
    assert!(matches!(&arrival, Arrival::SetUp(actor) if actor.user == ada.user), "{arrival:?}");
    assert_eq!(world.factor(&ada).await.required_by.as_deref(), Some("Staff"));
    let effective = world.services.groups.effective(&ada, &ada.user).await.unwrap();
    let said = effective.into_iter().find(|one| one.setting == "Second factor").unwrap();
    assert_eq!((said.value.as_str(), said.from), ("Required", Source::Group("Staff".into())));

    world.equipped(&ada).await;
    assert!(world.is_signed_in(&ada.sign_in).await);
    let off = world.services.second_factors.turn_off(&ada, PASSWORD.into()).await.unwrap_err();
    assert!(off.kind == ErrorKind::Conflict && off.message.contains("“Staff”"), "{off:?}");
    // The lowest number that says something decides.
    world.group(&admin, "Exceptions", 10, "ada", "optional").await;
    world.services.second_factors.turn_off(&ada, PASSWORD.into()).await.unwrap();
    assert!(world.is_signed_in(&ada.sign_in).await);
}

#[tokio::test]
async fn a_group_that_requires_it_holds_for_administrators_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.group(&admin, "Careful", 50, "admin", "required").await;
    assert_eq!(world.then("admin", PASSWORD).await, Ok(Then::SetUp));
    assert!(!world.is_signed_in(&admin.sign_in).await);
}

#[tokio::test]
async fn administrators_reset_it_for_somebody_who_has_lost_the_device() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let users = &world.services.users;
    users.reset_second_factor(&admin, &ada.user).await.unwrap();
    assert!(world.is_signed_in(&ada.sign_in).await, "there was nothing to reset");
    let (device, codes) = world.equipped(&ada).await;
    for role in [Role::Operator, Role::ImageMaintainer, Role::Auditor, Role::User] {
        let other = world.person(role.as_str(), role).await;
        let refused = users.reset_second_factor(&other, &ada.user).await;
        assert_eq!(kind(refused), ErrorKind::Forbidden, "{role:?}");
    }
    let token = world.waits("ada").await;
    users.reset_second_factor(&admin, &ada.user).await.unwrap();
    assert!(!world.is_signed_in(&ada.sign_in).await);
    assert_eq!(world.then("ada", PASSWORD).await, Ok(Then::In));
    for code in [device.code(world.now()), codes[0].clone()] {
        assert_eq!(kind(world.code(&token, &code).await), ErrorKind::Unauthenticated);
    }
    let line = world.noted_as("user.second_factor_reset").await;
    assert_eq!((line.actor.as_deref(), line.target.as_str()), (Some("admin"), "ada"));

    world.equipped(&admin).await;
    let own = users.reset_second_factor(&admin, &admin.user).await;
    assert_eq!(kind(own), ErrorKind::Conflict);
    // The last administrator has the machine.
    assert!(users.reset_second_factor_of("Admin").await.unwrap());
    assert!(!users.reset_second_factor_of("admin").await.unwrap());
    assert_eq!(kind(users.reset_second_factor_of("nobody").await), ErrorKind::NotFound);
    assert_eq!(world.then("admin", PASSWORD).await, Ok(Then::In));
    assert_eq!(world.noted_as("user.second_factor_reset").await.actor, None);
}

#[tokio::test]
async fn a_link_for_a_new_password_does_not_replace_the_second_factor() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    let token = world.waits("ada").await;
    let users = &world.services.users;
    let link = users.new_link(&admin, &ada.user).await.unwrap();
    users.accept(&link.token, HOME, OTHER.into(), OTHER).await.unwrap();
    let code = device.code(world.now());
    assert_eq!(kind(world.code(&token, &code).await), ErrorKind::Unauthenticated);
    let Ok(Then::Code(token)) = world.then("ada", OTHER).await else { panic!("not asked for") };
    assert!(world.code(&token, &code).await.is_ok());
}

#[tokio::test]
async fn a_disabled_account_is_not_let_in_by_a_code() {
    let world = World::new().await;
    let ada = world.user().await;
    let (device, _) = world.equipped(&ada).await;
    let token = world.waits("ada").await;
    world.services.users.set_disabled("ada", true).await.unwrap();
    let refused = world.code(&token, &device.code(world.now())).await;
    assert_eq!(kind(refused), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn names_and_passwords_are_still_answered_alike() {
    let world = World::new().await;
    let ada = world.user().await;
    world.equipped(&ada).await;
    let unknown = world.then("nobody", PASSWORD).await.unwrap_err();
    assert_eq!(world.then("ada", "wrong").await.unwrap_err(), unknown);
}
