//! The reader's own second factor. Three of these are all that somebody can call who must have one and
//! has none.

use crate::refusal::Refusal;
use domain::second_factor::SecondFactor;
use leptos::prelude::*;

/// Runs a use case for whoever has arrived, also for somebody who must set up a second factor first.
#[cfg(feature = "ssr")]
async fn arrived<T, F>(
    case: impl FnOnce(crate::request::Request, domain::actor::Actor) -> F,
) -> Result<T, Refusal>
where
    F: Future<Output = domain::Result<T>>,
{
    let request = crate::request::Request::current()?;
    let outcome = match request.arrived().cloned() {
        Ok(actor) => case(request, actor).await,
        Err(error) => Err(error),
    };
    crate::refusal::answer(outcome)
}

/// Hands recovery codes to the page: as the answer, or after a plain post through the page that shows
/// them, which then leads on to `next`.
#[cfg(feature = "ssr")]
fn hand_over(
    request: &crate::request::Request,
    actor: &domain::actor::Actor,
    codes: &[String],
    next: &str,
) {
    if crate::draft::is_plain_post() {
        request.services.second_factors.leave_codes(actor, codes.to_vec());
        leptos_axum::redirect(&crate::routes::recovery_codes(&super::local_path(next, "/")));
    }
}

/// Whether it is on, how many recovery codes are left, and the device that was begun with.
#[server(prefix = "/fn", endpoint = "show_second_factor")]
pub async fn show_second_factor() -> Result<SecondFactor, Refusal> {
    arrived(|request, actor| async move {
        request.services.second_factors.show(&actor, &request.origin.host).await
    })
    .await
}

/// Begins with a device and goes on to tell it the secret.
#[server(prefix = "/fn", endpoint = "begin_second_factor")]
pub async fn begin_second_factor(
    #[server(default)] password: String,
    #[server(default)] next: String,
) -> Result<(), Refusal> {
    arrived(|request, actor| async move {
        request.services.second_factors.begin(&actor, password).await
    })
    .await?;
    leptos_axum::redirect(&crate::routes::second_factor(&super::local_path(&next, "/")));
    Ok(())
}

/// Turns it on with the code that the device shows. Gives the recovery codes.
#[server(prefix = "/fn", endpoint = "confirm_second_factor")]
pub async fn confirm_second_factor(
    #[server(default)] code: String,
    #[server(default)] next: String,
) -> Result<Vec<String>, Refusal> {
    arrived(|request, actor| async move {
        let codes = request.services.second_factors.confirm(&actor, &code).await?;
        hand_over(&request, &actor, &codes, &next);
        Ok(codes)
    })
    .await
}

/// Makes new recovery codes in place of those there are.
#[server(prefix = "/fn", endpoint = "new_recovery_codes")]
pub async fn new_recovery_codes(
    #[server(default)] password: String,
) -> Result<Vec<String>, Refusal> {
    super::signed_in(|request, actor| async move {
        let codes = request.services.second_factors.new_codes(&actor, password).await?;
        hand_over(&request, &actor, &codes, crate::routes::ACCOUNT);
        Ok(codes)
    })
    .await
}

#[server(prefix = "/fn", endpoint = "turn_off_second_factor")]
pub async fn turn_off_second_factor(#[server(default)] password: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.second_factors.turn_off(&actor, password).await
    })
    .await?;
    leptos_axum::redirect("/account?done=second-factor-off");
    Ok(())
}
