//! The reader's own account.

use crate::refusal::Refusal;
use domain::user::SignIn;
use leptos::prelude::*;

/// The reader's sign-ins, the present one first.
#[server(prefix = "/fn", endpoint = "list_sign_ins")]
pub async fn list_sign_ins() -> Result<Vec<SignIn>, Refusal> {
    super::signed_in(|request, actor| async move { request.services.access.sign_ins(&actor).await })
        .await
}

/// Changes the password and ends all other sign-ins.
#[server(prefix = "/fn", endpoint = "change_password")]
pub async fn change_password(current: String, new: String, again: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.users.change_password(&actor, current, new, again).await
    })
    .await?;
    leptos_axum::redirect("/account?done=password");
    Ok(())
}

#[server(prefix = "/fn", endpoint = "revoke_sign_in")]
pub async fn revoke_sign_in(id: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.access.revoke(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect("/account?done=revoked");
    Ok(())
}

/// Ends every sign-in of the reader but the present one.
#[server(prefix = "/fn", endpoint = "revoke_other_sign_ins")]
pub async fn revoke_other_sign_ins() -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.access.revoke_others(&actor).await
    })
    .await?;
    leptos_axum::redirect("/account?done=revoked");
    Ok(())
}

/// Remembers the theme in a cookie, so that the first byte of every page is right.
#[server(prefix = "/fn", endpoint = "set_theme")]
pub async fn set_theme(theme: String, #[server(default)] next: String) -> Result<(), Refusal> {
    let theme = domain::user::Theme::parse(&theme)
        .ok_or_else(|| domain::Error::at("theme", "Choose one of the themes."));
    let theme = crate::refusal::answer(theme)?;
    let cookie =
        format!("slipway_theme={}; Path=/; Max-Age=31536000; SameSite=Lax", theme.as_str());
    if let Ok(value) = http::HeaderValue::from_str(&cookie) {
        expect_context::<leptos_axum::ResponseOptions>()
            .append_header(http::header::SET_COOKIE, value);
    }
    leptos_axum::redirect(&super::local_path(&next, "/account"));
    Ok(())
}
