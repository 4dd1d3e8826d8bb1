//! Accounts, for those who see and manage them, and the one-time links by which people choose their
//! password.

use crate::refusal::Refusal;
use domain::{
    Timestamp,
    list::{ListQuery, Page},
    user::{UserDetail, UserRow},
};
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

#[server(prefix = "/fn", endpoint = "list_users", input = Json)]
pub async fn list_users(query: ListQuery) -> Result<Page<UserRow>, Refusal> {
    super::signed_in(
        |request, actor| async move { request.services.users.list(&actor, &query).await },
    )
    .await
}

/// One account with its sign-ins and sessions.
#[server(prefix = "/fn", endpoint = "show_user")]
pub async fn show_user(id: String) -> Result<UserDetail, Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.users.detail(&actor, &id.parse()?).await
    })
    .await
}

/// What the form of a new account holds; never a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub name: String,
    pub role: String,
}

/// Form of a new account, for what it leaves to be shown again.
pub const NEW: &str = "user/";

#[cfg(feature = "ssr")]
fn role(text: &str) -> domain::Result<domain::actor::Role> {
    domain::actor::Role::parse(text).ok_or_else(|| domain::Error::at("role", "Choose a role."))
}

/// Makes an account with a password, and shows it.
#[server(prefix = "/fn", endpoint = "create_user")]
pub async fn create_user(
    #[server(default)] name: String,
    #[server(default)] role: String,
    #[server(default)] password: String,
    #[server(default)] again: String,
) -> Result<(), Refusal> {
    let left = Typed { name: name.clone(), role: role.clone() };
    let made = super::signed_in(|request, actor| async move {
        let role = self::role(&role)?;
        request.services.users.create(&actor, &name, role, password, &again).await
    })
    .await;
    if made.is_err() {
        crate::draft::keep(NEW, left).await;
    }
    leptos_axum::redirect(&format!("/users/{}?done=made", made?));
    Ok(())
}

/// A one-time link to an account, complete. It is nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// The account's id and name.
    pub id: String,
    pub name: String,
    pub address: String,
    pub expires_at: Timestamp,
}

#[cfg(feature = "ssr")]
impl NewLink {
    /// With the console's address as the reader's browser sees it.
    pub fn new(request: &crate::request::Request, link: services::Link) -> Self {
        Self {
            id: link.user.to_string(),
            name: link.name,
            address: format!("{}/invite?token={}", request.origin, link.token),
            expires_at: link.expires_at,
        }
    }
}

/// Hands a new link to the page: as the answer, or after a plain post through the account's page.
#[cfg(feature = "ssr")]
fn hand_over(
    request: &crate::request::Request,
    actor: &domain::actor::Actor,
    link: services::Link,
) -> NewLink {
    let shown = NewLink::new(request, link.clone());
    if crate::draft::is_plain_post() {
        request.services.users.leave_link(actor, link);
        leptos_axum::redirect(&format!("/users/{}?link=on", shown.id));
    }
    shown
}

/// Makes an account that is used once its owner has chosen a password, and the link for that.
#[server(prefix = "/fn", endpoint = "invite_user")]
pub async fn invite_user(
    #[server(default)] name: String,
    #[server(default)] role: String,
) -> Result<NewLink, Refusal> {
    let left = Typed { name: name.clone(), role: role.clone() };
    let made = super::signed_in(|request, actor| async move {
        let link = request.services.users.invite(&actor, &name, self::role(&role)?).await?;
        Ok(hand_over(&request, &actor, link))
    })
    .await;
    if made.is_err() {
        crate::draft::keep(NEW, left).await;
    }
    made
}

/// Makes a new one-time link to an account, to be invited once more or to choose another password.
#[server(prefix = "/fn", endpoint = "link_user")]
pub async fn link_user(id: String) -> Result<NewLink, Refusal> {
    super::signed_in(|request, actor| async move {
        let link = request.services.users.new_link(&actor, &id.parse()?).await?;
        Ok(hand_over(&request, &actor, link))
    })
    .await
}

/// Makes the open link to an account worth nothing.
#[server(prefix = "/fn", endpoint = "withdraw_user_link")]
pub async fn withdraw_user_link(id: String) -> Result<(), Refusal> {
    let page = format!("/users/{id}?done=withdrawn");
    super::signed_in(|request, actor| async move {
        request.services.users.withdraw_link(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/users"));
    Ok(())
}

#[server(prefix = "/fn", endpoint = "set_user_role")]
pub async fn set_user_role(id: String, role: String) -> Result<(), Refusal> {
    let page = format!("/users/{id}?done=role");
    super::signed_in(|request, actor| async move {
        let role = self::role(&role)?;
        request.services.users.set_role(&actor, &id.parse()?, role).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/users"));
    Ok(())
}

/// Enables (`enabled` is `on`) or disables an account.
#[server(prefix = "/fn", endpoint = "set_user_enabled")]
pub async fn set_user_enabled(
    id: String,
    #[server(default)] enabled: String,
) -> Result<(), Refusal> {
    let enabled = !enabled.is_empty();
    let page = format!("/users/{id}?done={}", if enabled { "enabled" } else { "disabled" });
    super::signed_in(|request, actor| async move {
        request.services.users.set_enabled(&actor, &id.parse()?, enabled).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/users"));
    Ok(())
}

/// Ends one of an account's sign-ins, or without `sign_in` all of them.
#[server(prefix = "/fn", endpoint = "end_user_sign_ins")]
pub async fn end_user_sign_ins(
    id: String,
    #[server(default)] sign_in: String,
) -> Result<(), Refusal> {
    let page = format!("/users/{id}?done=signed-out");
    super::signed_in(|request, actor| async move {
        let sign_in = (!sign_in.is_empty()).then(|| sign_in.parse()).transpose()?;
        request.services.users.end_sign_ins(&actor, &id.parse()?, sign_in.as_ref()).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/users"));
    Ok(())
}

/// Takes away the second factor of somebody who has lost it.
#[server(prefix = "/fn", endpoint = "reset_user_second_factor")]
pub async fn reset_user_second_factor(id: String) -> Result<(), Refusal> {
    let page = format!("/users/{id}?done=second-factor");
    super::signed_in(|request, actor| async move {
        request.services.users.reset_second_factor(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect(&super::local_path(&page, "/users"));
    Ok(())
}

/// What an account has that goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRemoval {
    pub name: String,
    /// Sessions that hold a container, which go with their files.
    pub sessions: i64,
}

#[server(prefix = "/fn", endpoint = "weigh_user")]
pub async fn weigh_user(id: String) -> Result<UserRemoval, Refusal> {
    super::signed_in(|request, actor| async move {
        let removal = request.services.users.removal(&actor, &id.parse()?).await?;
        Ok(UserRemoval { name: removal.name, sessions: removal.sessions })
    })
    .await
}

#[server(prefix = "/fn", endpoint = "delete_user")]
pub async fn delete_user(id: String) -> Result<(), Refusal> {
    super::signed_in(|request, actor| async move {
        request.services.users.delete(&actor, &id.parse()?).await
    })
    .await?;
    leptos_axum::redirect("/users?done=deleted");
    Ok(())
}

/// What the holder of a one-time link sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub name: String,
    /// Whether there is a password already, which another one replaces.
    pub has_password: bool,
    pub expires_at: Timestamp,
}

#[server(prefix = "/fn", endpoint = "show_invitation")]
pub async fn show_invitation(token: String) -> Result<Invitation, Refusal> {
    let request = crate::request::Request::current()?;
    let outcome = request.services.users.invited(&token, request.client.address).await;
    crate::refusal::answer(outcome.map(|invited| Invitation {
        name: invited.name,
        has_password: invited.has_password,
        expires_at: invited.expires_at,
    }))
}

/// Sets the password of the account that a link is for, and signs in with it; where there is a second
/// factor, not without that.
#[server(prefix = "/fn", endpoint = "accept_invitation")]
pub async fn accept_invitation(
    token: String,
    #[server(default)] password: String,
    #[server(default)] again: String,
) -> Result<(), Refusal> {
    let request = crate::request::Request::current()?;
    let users = &request.services.users;
    let outcome = users.accept(&token, request.client.address, password.clone(), &again).await;
    let name = crate::refusal::answer(outcome)?;
    let then = crate::refusal::answer(crate::sign_in::sign_in(&request, &name, password).await)?;
    leptos_axum::redirect(&crate::sign_in::lead(&then, "/"));
    Ok(())
}
