//! Stories of accounts: invited, changed, disabled and deleted, and of what each role may do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation ends a story")]

mod world;

use domain::{
    ErrorKind, Timestamp, UserId,
    actor::{Actor, Role},
    audit::{AuditLine, AuditResult},
    list::ListQuery,
    log::LogQuery,
    policy::{Policy, PolicyForm},
    session::{Action, State},
    user::{AccountState, UserRow},
};
use engine::memory::Op;
use futures_util::TryStreamExt;
use services::Format;
use std::{net::IpAddr, time::Duration};
use store::NewAuditLine;
use world::{PASSWORD, World};

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OTHER: &str = "meadow-copper-violin";
const WEEK_S: i64 = 7 * 24 * 3600;

impl World {
    async fn can_sign_in(&self, name: &str, password: &str) -> bool {
        self.services.access.check(name, password.to_owned(), HOME).await.is_ok()
    }

    async fn is_signed_in(&self, actor: &Actor) -> bool {
        self.services.access.actor(&actor.sign_in).await.unwrap().is_some()
    }

    async fn account(&self, id: &UserId) -> Option<UserRow> {
        self.store.user_row(id).await.unwrap()
    }

    /// The newest line of an action.
    async fn noted(&self, action: &str) -> AuditLine {
        let lines = self.store.audit(200).await.unwrap();
        let found = lines.into_iter().find(|line| line.action == action);
        found.unwrap_or_else(|| panic!("{action} was not noted"))
    }
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let users = &world.services.users;
    let link = users.invite(&admin, " Grace ", Role::Operator).await.unwrap();
    assert_eq!(link.name, "grace");
    assert!(link.token.len() >= 43, "256 bits");
    let kept = format!("{:?}", world.store.account_link(&link.token, world.now()).await.unwrap());
    assert_eq!(kept, "None", "the token itself is stored");
    let row = world.account(&link.user).await.unwrap();
    assert_eq!((row.state, row.role), (AccountState::Invited, Role::Operator));
    // Nobody signs in before, neither with nothing nor with something.
    for password in ["", PASSWORD] {
        assert!(!world.can_sign_in("grace", password).await);
    }
    world.clock.advance_secs(3600);
    let shown = users.invited(&link.token, HOME).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.has_password), ("grace", false));
    let accept = async |password: &str, again: &str| {
        users.accept(&link.token, HOME, password.to_owned(), again).await
    };
    // A mistake in the form does not use the link up.
    assert!(
        accept("password123", "password123").await.unwrap_err().problem_at("password").is_some()
    );
    assert!(accept(PASSWORD, OTHER).await.unwrap_err().problem_at("again").is_some());
    let (first, second) = tokio::join!(accept(PASSWORD, PASSWORD), accept(PASSWORD, PASSWORD));
    assert!(first.is_ok() != second.is_ok(), "exactly one gets through");
    assert_eq!(accept(PASSWORD, PASSWORD).await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(world.can_sign_in("grace", PASSWORD).await);
    assert_eq!(world.account(&link.user).await.unwrap().state, AccountState::Enabled);
    let line = world.noted("user.accept").await;
    assert_eq!((line.actor.as_deref(), line.address.as_str()), (Some("grace"), "192.0.2.1"));
    let all = format!("{:?}", world.store.audit(200).await.unwrap());
    assert!(!all.contains(&link.token) && !all.contains(PASSWORD), "{all}");
}

#[tokio::test]
async fn only_the_newest_link_works_and_for_seven_days() {
    let world = World::new().await;
    let admin = world.admin().await;
    let users = &world.services.users;
    let old = users.invite(&admin, "grace", Role::User).await.unwrap();
    let new = users.new_link(&admin, &old.user).await.unwrap();
    let works = async |token: &str| users.invited(token, HOME).await.is_ok();
    assert!(!works(&old.token).await && works(&new.token).await);
    world.clock.advance_secs(WEEK_S - 1);
    assert!(works(&new.token).await);
    world.clock.advance_secs(1);
    assert!(!works(&new.token).await, "its time is over");
    let last = users.new_link(&admin, &old.user).await.unwrap();
    users.set_enabled(&admin, &old.user, false).await.unwrap();
    assert_eq!(users.invited(&last.token, HOME).await.unwrap_err().kind, ErrorKind::Conflict);
    users.set_enabled(&admin, &old.user, true).await.unwrap();
    assert!(works(&last.token).await);
    users.withdraw_link(&admin, &old.user).await.unwrap();
    assert!(!works(&last.token).await);
    assert_eq!(world.noted("user.withdraw_link").await.target, "grace");
}

#[tokio::test]
async fn a_link_is_left_for_one_page_of_one_reader() {
    let world = World::new().await;
    let admin = world.admin().await;
    let eve = world.person("eve", Role::Administrator).await;
    let users = &world.services.users;
    let link = users.invite(&admin, "grace", Role::User).await.unwrap();
    users.leave_link(&admin, link.clone());
    assert_eq!(users.take_link(&eve, &link.user), None);
    assert_eq!(users.take_link(&admin, &link.user), Some(link.clone()));
    assert_eq!(users.take_link(&admin, &link.user), None);
    users.leave_link(&admin, link.clone());
    world.clock.advance_secs(3600);
    assert_eq!(users.take_link(&admin, &link.user), None, "forgotten");
}

#[tokio::test]
async fn a_new_password_by_link_ends_the_sign_ins_when_it_is_chosen_and_not_before() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let users = &world.services.users;
    let link = users.new_link(&admin, &ada.user).await.unwrap();
    assert!(world.can_sign_in("ada", PASSWORD).await && world.is_signed_in(&ada).await);
    assert!(users.invited(&link.token, HOME).await.unwrap().has_password);
    users.accept(&link.token, HOME, OTHER.to_owned(), OTHER).await.unwrap();
    assert!(!world.is_signed_in(&ada).await);
    assert!(!world.can_sign_in("ada", PASSWORD).await && world.can_sign_in("ada", OTHER).await);
    assert_eq!(world.noted("user.reset_link").await.actor.as_deref(), Some("admin"));
    assert_eq!(world.noted("user.reset_password").await.actor.as_deref(), Some("ada"));
}

#[tokio::test]
async fn the_last_administrator_who_can_sign_in_stays_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let eve = world.person("eve", Role::Administrator).await;
    let users = &world.services.users;
    // Nobody does it to himself.
    for refused in [
        users.set_role(&admin, &admin.user, Role::User).await,
        users.set_enabled(&admin, &admin.user, false).await,
        users.delete(&admin, &admin.user).await,
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("your own account"), "{error}");
    }
    // Two who do it to each other at once leave one.
    let (one, other) = tokio::join!(
        users.set_role(&admin, &eve.user, Role::User),
        users.set_role(&eve, &admin.user, Role::User),
    );
    assert!(one.is_ok() != other.is_ok(), "one of them stays");
    let (lasting, gone) = if one.is_ok() { (&admin, &eve) } else { (&eve, &admin) };
    // One who is only invited cannot stand in, nor one who is disabled.
    let invited = users.invite(lasting, "grace", Role::Administrator).await.unwrap();
    users.set_role(lasting, &gone.user, Role::Administrator).await.unwrap();
    users.set_enabled(lasting, &gone.user, false).await.unwrap();
    assert_eq!(world.store.other_administrators(&lasting.user).await.unwrap(), 0);
    for refused in [
        users.set_role(gone, &lasting.user, Role::Auditor).await,
        users.set_enabled(gone, &lasting.user, false).await,
        users.delete(gone, &lasting.user).await,
    ] {
        let error = refused.unwrap_err();
        assert!(error.message.contains("last administrator"), "{error}");
    }
    assert!(users.detail(lasting, &lasting.user).await.unwrap().last_administrator);
    users.accept(&invited.token, HOME, PASSWORD.to_owned(), PASSWORD).await.unwrap();
    assert!(!users.detail(lasting, &lasting.user).await.unwrap().last_administrator);
}

#[tokio::test]
async fn disabling_ends_sign_ins_and_streams_at_once_and_keeps_everything_else() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let streams = &world.services.streams;
    let ticket = streams.open(&ada, &id, None).await.unwrap().unwrap().ticket;
    let token = streams.redeem(&ticket, &id).await.unwrap();
    let rights = streams.rights();
    let users = &world.services.users;
    users.set_enabled(&admin, &ada.user, false).await.unwrap();
    assert!(rights.has_changed().unwrap(), "open streams are told");
    assert!(streams.authorise(&id, &token).await.is_err());
    assert!(!world.is_signed_in(&ada).await && !world.can_sign_in("ada", PASSWORD).await);
    assert_eq!(world.state(&admin, &id).await, State::Running);
    let disabled = ListQuery { state: "disabled".into(), ..ListQuery::default() };
    let rows = users.list(&admin, &disabled).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["ada"]);
    assert_eq!(rows[0].sessions, 1);
    users.set_enabled(&admin, &ada.user, true).await.unwrap();
    assert!(world.can_sign_in("ada", PASSWORD).await);
    assert_eq!(world.noted("user.disable").await.actor.as_deref(), Some("admin"));
}

#[tokio::test]
async fn another_role_holds_at_once_also_for_what_is_open() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let oscar = world.person("oscar", Role::Operator).await;
    let streams = &world.services.streams;
    let ticket = streams.open(&oscar, &id, None).await.unwrap().unwrap().ticket;
    let token = streams.redeem(&ticket, &id).await.unwrap();
    assert!(streams.authorise(&id, &token).await.is_ok());
    world.services.users.set_role(&admin, &oscar.user, Role::Auditor).await.unwrap();
    assert!(streams.authorise(&id, &token).await.is_err(), "an auditor looks into nothing");
    let now = world.services.access.actor(&oscar.sign_in).await.unwrap().unwrap();
    assert_eq!(now.role, Role::Auditor);
    let line = world.noted("user.role").await;
    assert_eq!(line.detail.as_deref(), Some("operator to auditor"));
}

#[tokio::test]
async fn an_auditor_sees_a_session_and_does_not_look_into_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let grace = world.person("grace", Role::Auditor).await;
    let services = &world.services;
    let query = ListQuery::default();
    assert_eq!(services.sessions.list(&grace, &query).await.unwrap().total, 1);
    let detail = services.sessions.detail(&grace, &id).await.unwrap();
    assert!(!detail.timeline.is_empty());
    assert!(!(detail.may_steer || detail.may_create_image || detail.may_open_terminal));
    assert!(services.jobs.list(&grace, &query).await.is_ok());
    assert!(services.users.list(&grace, &query).await.unwrap().total >= 3);
    assert!(services.audit.page(&grace, &query).await.unwrap().total > 0);
    let refused = [
        services.sessions.read_log(&grace, &id, &LogQuery::default()).await.err(),
        services.sessions.processes(&grace, &id).await.err(),
        services.sessions.changed_files(&grace, &id, &query).await.err(),
        services.sessions.act(&grace, &id, Action::Stop).await.err(),
        services.sessions.act(&grace, &id, Action::Delete).await.err(),
        services.sessions.extend(&grace, &id).await.err(),
        services.sessions.launch(&grace, &workspace).await.err(),
        services.streams.open(&grace, &id, None).await.err(),
        services.workspaces.list(&grace, &query).await.err(),
        services.users.set_role(&grace, &ada.user, Role::Auditor).await.err(),
        services.users.new_link(&grace, &ada.user).await.err(),
    ];
    for (n, refusal) in refused.into_iter().enumerate() {
        assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "call {n} was allowed");
    }
    assert_eq!(world.state(&admin, &id).await, State::Running);
    assert!(services.launcher.page(&grace, "", "").await.unwrap().tiles.is_empty());
}

#[tokio::test]
async fn users_are_the_administrators_to_manage() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    let users = &world.services.users;
    let query = ListQuery::default();
    for role in [Role::Operator, Role::ImageMaintainer, Role::Auditor, Role::User] {
        let eve = world.person(role.as_str(), role).await;
        let refusals = [
            users.create(&eve, "x", Role::User, PASSWORD.to_owned(), PASSWORD).await.err(),
            users.invite(&eve, "x", Role::Administrator).await.err(),
            users.new_link(&eve, &ada.user).await.err(),
            users.withdraw_link(&eve, &ada.user).await.err(),
            users.set_role(&eve, &eve.user, Role::Administrator).await.err(),
            users.set_enabled(&eve, &admin.user, false).await.err(),
            users.end_sign_ins(&eve, &ada.user, None).await.err(),
            users.removal(&eve, &ada.user).await.err(),
            users.delete(&eve, &ada.user).await.err(),
        ];
        for (n, refusal) in refusals.into_iter().enumerate() {
            assert_eq!(refusal.map(|e| e.kind), Some(ErrorKind::Forbidden), "{role:?}: call {n}");
        }
        assert_eq!(users.list(&eve, &query).await.is_ok(), role == Role::Auditor);
    }
    // Those who may are told what is wrong with what they typed.
    let taken = users.create(&admin, "ADA", Role::User, PASSWORD.to_owned(), PASSWORD).await;
    assert!(taken.unwrap_err().problem_at("name").is_some());
    let sign_ins = users.detail(&admin, &ada.user).await.unwrap().sign_ins;
    users.end_sign_ins(&admin, &ada.user, Some(&sign_ins[0].id)).await.unwrap();
    assert!(!world.is_signed_in(&ada).await);
    let again = users.end_sign_ins(&admin, &ada.user, Some(&sign_ins[0].id)).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_deleted_account_takes_its_sessions_along_and_leaves_what_is_not_its_own() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let ada = world.user().await;
    let id = world.running(&ada, &workspace).await;
    let own = world.running(&admin, &workspace).await;
    let users = &world.services.users;
    assert_eq!(users.removal(&admin, &ada.user).await.unwrap().sessions, 1);

    world.engine.delay(Op::RemoveContainer, Duration::from_secs(2));
    users.delete(&admin, &ada.user).await.unwrap();
    let row = world.account(&ada.user).await.unwrap();
    assert_eq!(row.state, AccountState::Deleting, "its session still holds a container");
    assert!(!world.is_signed_in(&ada).await && !world.can_sign_in("ada", PASSWORD).await);
    assert_eq!(world.state(&admin, &id).await, State::Deleting);
    for refused in [
        users.set_enabled(&admin, &ada.user, true).await,
        users.set_role(&admin, &ada.user, Role::Auditor).await,
        users.new_link(&admin, &ada.user).await.map(drop),
        users.set_disabled("ada", false).await,
    ] {
        assert_eq!(refused.unwrap_err().kind, ErrorKind::Conflict);
    }
    users.delete(&admin, &ada.user).await.unwrap();

    world.until("the account is gone", async || world.account(&ada.user).await.is_none()).await;
    assert_eq!(world.containers().await, 1);
    assert_eq!(world.state(&admin, &own).await, State::Running);
    assert!(world.services.workspaces.get(&admin, &workspace).await.is_ok());
    assert_eq!(world.noted("user.delete").await.actor.as_deref(), Some("admin"));
    assert_eq!(world.noted("session.delete").await.actor.as_deref(), Some("admin"));
    assert_eq!(world.noted("user.deleted").await.who(), "Slipway");
    assert_eq!(world.noted("session.launch").await.actor.as_deref(), Some("admin"));
    // The name is free again, for somebody else.
    let other = world.person("ada", Role::User).await;
    assert_ne!(other.user, ada.user);
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished_after_a_restart() {
    let world = World::new().await;
    let admin = world.admin().await;
    let workspace = world.workspace(&admin).await;
    let (ada, bob) = (world.user().await, world.person("bob", Role::User).await);
    world.running(&ada, &workspace).await;
    world.running(&bob, &workspace).await;
    // One was killed while a container was being removed.
    world.engine.delay(Op::RemoveContainer, Duration::from_secs(3600));
    world.services.users.delete(&admin, &ada.user).await.unwrap();
    // The other before its session was even asked to go.
    let mut tx = world.store.begin().await.unwrap();
    tx.begin_user_deletion(&bob.user).await.unwrap();
    tx.commit().await.unwrap();
    world.engine.delay(Op::RemoveContainer, Duration::ZERO);
    let world = world.restarted().await;
    world
        .until("both accounts are gone", async || {
            world.account(&ada.user).await.is_none() && world.account(&bob.user).await.is_none()
        })
        .await;
    assert_eq!(world.containers().await, 0);
    assert_eq!(world.noted("session.delete").await.who(), "Slipway");
}

#[tokio::test]
async fn an_account_without_sessions_is_gone_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    world.services.users.delete(&admin, &ada.user).await.unwrap();
    assert!(world.account(&ada.user).await.is_none());
    world.services.users.delete(&admin, &ada.user).await.unwrap();
}

#[tokio::test]
async fn the_audit_log_says_from_where_and_with_which_result() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ada = world.user().await;
    assert!(!world.can_sign_in("ada", "wrong").await);
    let refused = world.noted("sign_in").await;
    assert_eq!((refused.actor.as_deref(), refused.target.as_str()), (None, "ada"));
    assert_eq!((refused.result, refused.address.as_str()), (AuditResult::Refused, "192.0.2.1"));
    assert!(world.can_sign_in("ada", PASSWORD).await);
    let done = world.noted("sign_in").await;
    assert_eq!((done.actor.as_deref(), done.result), (Some("ada"), AuditResult::Done));
    assert!(world.account(&ada.user).await.unwrap().last_seen_at.is_some());

    // What somebody does who is signed in has the address of that sign-in, also signing out.
    let sign_in = services::access::sign_in_id("a browser elsewhere").unwrap();
    let record = services::access::SignInRecord {
        user: Some(ada.user.to_string()),
        address: "198.51.100.7".into(),
        data: "{}".into(),
        ..Default::default()
    };
    world.services.access.create_sign_in(sign_in.clone(), record).await.unwrap();
    let elsewhere = Actor { sign_in: sign_in.clone(), ..ada.clone() };
    world.services.access.revoke(&elsewhere, &sign_in).await.unwrap();
    assert_eq!(world.noted("sign_in.revoke").await.address, "198.51.100.7");

    let page = async |query: &ListQuery| world.services.audit.page(&admin, query).await.unwrap();
    let of = |actor: &str, group: &str| ListQuery {
        filter: actor.into(),
        state: group.into(),
        ..ListQuery::default()
    };
    let own = page(&of("ada", "sign_in")).await;
    assert_eq!(own.total, 2, "{own:?}");
    assert!(own.rows.windows(2).all(|pair| pair[0].id > pair[1].id), "newest first");
    assert_eq!(page(&of("ada", "workspace")).await.total, 0);
    let words = ListQuery { search: "198.51".into(), ..ListQuery::default() };
    assert_eq!(page(&words).await.total, 1);
    let refusal = world.services.audit.page(&ada, &words).await.unwrap_err();
    assert_eq!(refusal.kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn the_whole_audit_log_is_taken_away_piece_by_piece() {
    const LINES: usize = 2_500;
    let world = World::new().await;
    let admin = world.admin().await;
    let mut tx = world.store.begin().await.unwrap();
    for number in 0..LINES {
        let target = format!("=line {number}");
        tx.audit_outside(&NewAuditLine {
            at: world.now(),
            user: None,
            action: "test.line",
            target: &target,
            detail: None,
            address: "",
            result: AuditResult::Done,
        })
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let file = async |format: Format| -> String {
        let query = ListQuery { search: "=line".into(), ..ListQuery::default() };
        let lines = world.services.audit.export(&admin, &query, format).await.unwrap();
        lines.try_collect().await.unwrap()
    };
    let csv = file(Format::Csv).await;
    assert_eq!(csv.lines().count(), LINES + 1, "and a heading");
    assert!(csv.lines().skip(1).all(|line| line.contains("\"'=line ")), "a formula is none");
    let json = file(Format::JsonLines).await;
    let mut numbers: Vec<&str> = json.lines().collect();
    assert!(numbers[0].contains("=line 2499"), "the newest first: {}", numbers[0]);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), LINES);
}

#[tokio::test]
async fn old_lines_of_the_audit_log_go_when_the_settings_say_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    let form = PolicyForm { audit_days: "30".into(), ..PolicyForm::from(&Policy::new(3)) };
    world.services.policies.change(&admin, &form).await.unwrap();
    assert!(!world.store.audit(10).await.unwrap().is_empty());
    world.clock.advance_secs(31 * 24 * 3600);
    let oldest: Timestamp = world.now().plus_secs(-30 * 24 * 3600);
    // The engine's coming back is a reason to look at everything.
    world.engine.set_down(true);
    world.until("the engine is lost", async || world.services.ready().await.is_err()).await;
    world.engine.set_down(false);
    world
        .until("old lines are gone", async || {
            world.store.audit(100).await.unwrap().iter().all(|line| line.at >= oldest)
        })
        .await;
}
