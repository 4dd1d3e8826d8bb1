//! Binds the sign-in service to the browser's cookie.

use crate::{request::Request, routes};
use domain::{Error, Result, user::User};
use services::Then;

/// Key of the sign-in record that names the user. The store reads it into its own column, so that
/// a user's sign-ins can be listed and ended.
pub const USER: &str = "user";
/// Key of the browser and system, for the account page.
pub const CLIENT: &str = "client";
/// Key of the address signed in from.
pub const ADDRESS: &str = "address";
/// Key of the token by which a code may be given. A record that has it names no user.
const PENDING: &str = "pending";

fn failed(error: tower_sessions::session::Error) -> Error {
    leptos::logging::error!("sign-in record: {error}");
    Error::internal("sign-in-record")
}

/// Checks the password. Gives the browser a fresh sign-in (a new id, against fixation), or where a code
/// is asked for, only what it needs to give that.
pub async fn sign_in(request: &Request, name: &str, password: String) -> Result<Then> {
    let (user, then) =
        request.services.access.check(name, password, request.client.address).await?;
    match &then {
        Then::Code(token) => wait_for_code(request, token).await?,
        Then::In | Then::SetUp => begin(request, &user).await?,
    }
    Ok(then)
}

/// Checks the code after the password, and gives the browser a fresh sign-in.
pub async fn confirm(request: &Request, code: &str) -> Result<()> {
    let record = &request.sign_in;
    // Without a token the answer is the same as with one that is over.
    let token: Option<String> = record.get(PENDING).await.map_err(failed)?;
    let token = token.unwrap_or_default();
    let user = request.services.access.confirm(&token, code, request.client.address).await?;
    begin(request, &user).await
}

/// Where a browser goes whose password was right, on its way to `next`.
pub fn lead(then: &Then, next: &str) -> String {
    match then {
        Then::In => next.to_owned(),
        Then::SetUp => routes::second_factor(next),
        Then::Code(_) => routes::login_code(next),
    }
}

/// Signs the browser in.
async fn begin(request: &Request, user: &User) -> Result<()> {
    let record = &request.sign_in;
    record.remove_value(PENDING).await.map_err(failed)?;
    record.cycle_id().await.map_err(failed)?;
    record.insert(USER, user.id.as_str()).await.map_err(failed)?;
    record.insert(CLIENT, &request.client.user_agent).await.map_err(failed)?;
    record.insert(ADDRESS, request.client.address.to_string()).await.map_err(failed)?;
    record.save().await.map_err(failed)
}

/// Lets the browser give a code. It is nobody's until then, also if it was somebody's before.
async fn wait_for_code(request: &Request, token: &str) -> Result<()> {
    let record = &request.sign_in;
    record.clear().await;
    record.cycle_id().await.map_err(failed)?;
    record.insert(PENDING, token).await.map_err(failed)?;
    record.save().await.map_err(failed)
}

/// Ends the present sign-in and cuts the streams opened with it.
pub async fn sign_out(request: &Request) -> Result<()> {
    if let Some(actor) = &request.actor {
        request.services.access.revoke(actor, &actor.sign_in).await?;
    }
    request.sign_in.flush().await.map_err(failed)
}
