//! The card of the account page about the reader's second factor.

use crate::{
    api::second_factor::{NewRecoveryCodes, TurnOffSecondFactor, show_second_factor},
    components::{
        FailureBox, Loading, When, facts::fact, field::PasswordField,
        recovery_codes::recovery_codes,
    },
    live,
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    Timestamp,
    event::Change,
    second_factor::{FEW, SecondFactor},
};
use leptos::prelude::*;

pub fn card() -> AnyView {
    let (renew, turn_off) = (Post::to::<NewRecoveryCodes>(), Post::to::<TurnOffSecondFactor>());
    let changed = live::version(|change| matches!(change, Change::User { .. } | Change::Resync));
    let factor = wire::read(
        move || (changed.get(), renew.is_done(), turn_off.is_done()),
        |_| show_second_factor(),
    );
    let refusals = move || {
        let all = [renew.refusal(), turn_off.refusal()];
        all.into_iter().flatten().map(|error| view! { <FailureBox error/> }).collect::<Vec<_>>()
    };
    view! {
        <section class="card" aria-labelledby="second-factor-head">
            <h2 id="second-factor-head">"Second factor"</h2>
            {refusals}
            <div role="status">{move || renew.answer::<Vec<String>>().map(recovery_codes)}</div>
            <Transition fallback=Loading>
                {move || Suspend::new(async move {
                    match factor.await {
                        Ok(factor) => shown(factor, renew, turn_off),
                        Err(refusal) => view! { <FailureBox error=refusal.0/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

fn shown(factor: SecondFactor, renew: Post, turn_off: Post) -> AnyView {
    match factor.on_since {
        Some(since) => on(since, factor, renew, turn_off),
        None => off(),
    }
}

/// Leads to where a device is set up, and back here.
fn way(face: &'static str) -> AnyView {
    view! { <a class="button" href=routes::second_factor(routes::ACCOUNT)>{face}</a> }.into_any()
}

fn off() -> AnyView {
    view! {
        <p>
            "It is off: whoever has your password is you. With it a code is asked for too, which a device of yours shows."
        </p>
        {way("Set it up")}
    }
    .into_any()
}

fn on(since: Timestamp, factor: SecondFactor, renew: Post, turn_off: Post) -> AnyView {
    let SecondFactor { codes_left, required_by, .. } = factor;
    let few = (codes_left <= FEW).then(|| {
        view! {
            <p class="notice notice-warning">
                "Few recovery codes are left. Make new ones before the last is gone."
            </p>
        }
    });
    let busy = move || renew.is_pending() || turn_off.is_pending();
    let problem = move || {
        let all = [renew.refusal(), turn_off.refusal()];
        all.into_iter().flatten().find_map(|e| e.problem_at("password").map(str::to_owned))
    };
    let end = required_by.is_none().then(|| {
        view! {
            <button type="submit" class="button" formaction=turn_off.url() disabled=busy>
                "Turn it off"
            </button>
        }
    });
    let required = required_by.map(|group| fact("Required by", format!("the group “{group}”")));
    view! {
        <dl class="facts">
            {fact("On since", view! { <When at=since/> }.into_any())}
            {fact("Recovery codes left", codes_left.to_string())}
            {required}
        </dl>
        {few}
        {way("Move it to another device")}
        <PostForm post=renew also=turn_off>
            <PasswordField
                name="password"
                label="Your password"
                help="New recovery codes take the place of those you have. Turning it off ends your other sign-ins."
                problem=Signal::derive(problem)
                autocomplete="current-password"
            />
            <div class="actions">
                <button type="submit" class="button" disabled=busy>"Make new recovery codes"</button>
                {end}
            </div>
        </PostForm>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(factor: SecondFactor) -> String {
        let owner = Owner::new();
        owner.set();
        let (renew, off) = (Post::to::<NewRecoveryCodes>(), Post::to::<TurnOffSecondFactor>());
        shown(factor, renew, off).to_html()
    }

    fn on(codes_left: i64, required_by: Option<&str>) -> SecondFactor {
        let required_by = required_by.map(str::to_owned);
        SecondFactor { on_since: Some(Timestamp(0)), codes_left, required_by, proposal: None }
    }

    #[test]
    fn what_is_off_can_be_set_up_and_nothing_else() {
        let html = html(SecondFactor::default());
        assert!(html.contains("href=\"/second-factor?next=%2Faccount\""), "{html}");
        assert!(!html.contains("Turn it off") && !html.contains("<form"), "{html}");
    }

    #[test]
    fn what_is_on_says_how_many_codes_are_left_and_warns_of_few() {
        let many = html(on(9, None));
        for part in ["Recovery codes left", ">9", "Turn it off", "Make new recovery codes"] {
            assert!(many.contains(part), "{part} is missing: {many}");
        }
        assert!(!many.contains("Few recovery codes"), "{many}");
        assert!(html(on(FEW, None)).contains("Few recovery codes"));
    }

    #[test]
    fn what_a_group_requires_is_not_turned_off() {
        let html = html(on(9, Some("Staff")));
        assert!(html.contains("the group “Staff”") && !html.contains("Turn it off"), "{html}");
    }
}
