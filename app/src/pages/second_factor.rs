//! Setting up a second factor, or moving it to another device, in three steps: the password, the device,
//! and the recovery codes. Stands outside of the frame, because somebody who must have one and has none
//! reaches nothing else.

use crate::{
    api::{
        auth::SignOut,
        second_factor::{BeginSecondFactor, ConfirmSecondFactor, show_second_factor},
    },
    components::{
        FailureBox, Loading, PageHead,
        brand::Brand,
        field::{PasswordField, TextField},
        frame::{MAIN, focus},
        passwords::ShowPasswords,
        recovery_codes::recovery_codes,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::second_factor::{Proposal, SecondFactor};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

/// What the page opens with: the second factor, and codes that were made without JavaScript.
type First = (SecondFactor, Option<Vec<String>>);

async fn open(made: bool) -> Result<First, Refusal> {
    let factor = show_second_factor().await?;
    #[cfg(feature = "ssr")]
    if made && let Ok(request) = crate::request::Request::current() {
        let codes =
            request.arrived().ok().and_then(|a| request.services.second_factors.take_codes(a));
        return Ok((factor, codes));
    }
    #[cfg(not(feature = "ssr"))]
    let _ = made;
    Ok((factor, None))
}

#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let query = use_query_map();
    let (begin, confirm) = (Post::to::<BeginSecondFactor>(), Post::to::<ConfirmSecondFactor>());
    let first = wire::read(
        move || (begin.is_done(), confirm.is_done()),
        move |_| open(query.with_untracked(|map| map.get_str("codes").is_some())),
    );
    let next = move || {
        let next = query.with_untracked(|map| map.get("next").unwrap_or_default());
        if routes::is_local(&next) { next } else { routes::LAUNCHER.to_owned() }
    };
    // A refusal leaves the step, and what is typed into it, as it is.
    let made = Memo::new(move |_| confirm.answer::<Vec<String>>());
    // What had the focus goes with the step that it belongs to.
    Effect::watch(move || (begin.is_done(), confirm.is_done()), |_, _, _| focus(MAIN), false);
    let refusals = move || {
        let all = [begin.refusal(), confirm.refusal()];
        all.into_iter().flatten().map(|error| view! { <FailureBox error/> }).collect::<Vec<_>>()
    };
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id=MAIN tabindex="-1" class="sheet">
                <PageHead title="Second factor"/>
                {refusals}
                <Transition fallback=Loading>
                    // Only what is read makes it anew: what else changes must not take the signals
                    // away that the step before still shows.
                    {move || Suspend::new(async move {
                        match first.await {
                            Ok((factor, left)) => match made.get_untracked().or(left) {
                                Some(codes) => done(codes, next()),
                                None => step(factor, begin, confirm, next()),
                            },
                            Err(refusal) => view! { <FailureBox error=refusal.0/> }.into_any(),
                        }
                    })}
                </Transition>
            </main>
        </div>
    }
    .into_any()
}

/// The step that is next.
fn step(factor: SecondFactor, begin: Post, confirm: Post, next: String) -> AnyView {
    let SecondFactor { on_since, required_by, proposal, .. } = factor;
    // There is no way back where nothing else is open.
    let leave = if required_by.is_some() && on_since.is_none() {
        view! {
            <form method="post" action=SignOut::url()>
                <button type="submit" class="button">"Sign out"</button>
            </form>
        }
        .into_any()
    } else {
        view! { <p><a class="button" href=next.clone()>"Cancel"</a></p> }.into_any()
    };
    let step = match proposal {
        Some(proposal) => device(proposal, confirm, next),
        None => password(on_since.is_some(), required_by, begin, next),
    };
    view! {
        {step}
        {leave}
    }
    .into_any()
}

fn password(on: bool, required_by: Option<String>, begin: Post, next: String) -> AnyView {
    let why = match (on, required_by) {
        (true, _) => {
            "It is on. Another device can take the place of the one you have; until it has shown a right code, nothing changes.".to_owned()
        }
        (false, Some(group)) => format!(
            "The group “{group}” requires a second factor: a code from a device of yours, asked for beside the password. Set it up, then you go on."
        ),
        (false, None) => {
            "With it a code is asked for beside your password, which a device of yours shows: a phone with an authenticator app, or a password manager.".to_owned()
        }
    };
    view! {
        <p>{why}</p>
        <PostForm post=begin>
            <input type="hidden" name="next" value=next/>
            <PasswordField
                name="password"
                label="Your password"
                help="Asked for again, in case it is not you who sits here."
                problem=begin.problem_at("password")
                autocomplete="current-password"
                autofocus=true
            />
            <ShowPasswords fields=&["password"]/>
            <button
                type="submit"
                class="button button-primary button-wide"
                disabled=move || begin.is_pending()
            >
                "Go on"
            </button>
        </PostForm>
    }
    .into_any()
}

fn device(proposal: Proposal, confirm: Post, next: String) -> AnyView {
    let Proposal { secret, link, picture } = proposal;
    let again = routes::second_factor(&next);
    view! {
        <p>"Open your authenticator app, add an account, and let it see this picture:"</p>
        <img
            class="qr"
            src=picture
            width="240"
            height="240"
            alt="A QR code with the secret that is written out below"
        />
        <p>"Or open it " <a href=link rel="external">"on this device"</a> ", or type the secret:"</p>
        <p><code class="from-inside hook-secret" id="second-factor-secret">{secret}</code></p>
        <PostForm post=confirm>
            <input type="hidden" name="next" value=next/>
            <TextField
                name="code"
                label="Code"
                help="The six digits that it shows now. Your other sign-ins end when it is turned on."
                problem=confirm.problem_at("code")
                required=true
                autocomplete="one-time-code"
                inputmode="numeric"
            />
            <button
                type="submit"
                class="button button-primary button-wide"
                disabled=move || confirm.is_pending()
            >
                "Turn on"
            </button>
        </PostForm>
        <p class="field-help">
            "Taken for 15 minutes in this browser; after that, "
            <a href=again rel="external">"begin again"</a> "."
        </p>
    }
    .into_any()
}

fn done(codes: Vec<String>, next: String) -> AnyView {
    view! {
        {recovery_codes(codes)}
        // The whole document: to a reader who reached nothing before, everything is new.
        <p><a class="button button-primary" href=next rel="external">"I have kept them, go on"</a></p>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn html(factor: SecondFactor) -> String {
        let owner = Owner::new();
        owner.set();
        let (begin, confirm) = (Post::to::<BeginSecondFactor>(), Post::to::<ConfirmSecondFactor>());
        step(factor, begin, confirm, "/jobs".into()).to_html()
    }

    fn proposal() -> Option<Proposal> {
        Some(Proposal {
            secret: "GEZD GNBV".into(),
            link: "otpauth://totp/Slipway%3Aada?secret=GEZDGNBV".into(),
            picture: "data:image/svg+xml;base64,PHN2Zz4=".into(),
        })
    }

    #[test]
    fn the_password_is_asked_for_before_anything_is_shown() {
        let html = html(SecondFactor::default());
        for part in ["type=\"password\"", "begin_second_factor", "value=\"/jobs\"", "Cancel"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("otpauth") && !html.contains("Sign out"), "{html}");
    }

    #[test]
    fn a_device_is_told_by_a_picture_a_link_and_words() {
        let html = html(SecondFactor { proposal: proposal(), ..SecondFactor::default() });
        for part in [
            "src=\"data:image/svg+xml;base64,PHN2Zz4=\"",
            "href=\"otpauth://totp/",
            "GEZD GNBV",
            "confirm_second_factor",
            "autocomplete=\"one-time-code\"",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }

    #[test]
    fn who_must_have_one_is_told_who_says_so_and_can_only_sign_out() {
        let required_by = Some("All <users>".to_owned());
        let factor = SecondFactor { required_by, ..SecondFactor::default() };
        let must = html(factor.clone());
        assert!(must.contains("All &lt;users&gt;") && must.contains("Sign out"), "{must}");
        assert!(!must.contains("Cancel"), "{must}");
        let has = html(SecondFactor { on_since: Some(Timestamp(0)), ..factor });
        assert!(has.contains("Cancel") && !has.contains("Sign out"), "{has}");
    }
}
