//! Binds the sign-in service to the browser's cookie.

use crate::request::Request;
use domain::{Error, Result};

/// Key of the sign-in record that names the user. The store reads it into its own column, so that
/// a user's sign-ins can be listed and ended.
pub const USER: &str = "user";
/// Key of the browser and system, for the account page.
pub const CLIENT: &str = "client";
/// Key of the address signed in from.
pub const ADDRESS: &str = "address";

fn failed(error: tower_sessions::session::Error) -> Error {
    leptos::logging::error!("sign-in record: {error}");
    Error::internal("sign-in-record")
}

/// Checks the password and gives the browser a fresh sign-in (a new id, against fixation).
pub async fn sign_in(request: &Request, name: &str, password: String) -> Result<()> {
    let user = request.services.access.check(name, password, request.client.address).await?;
    let record = &request.sign_in;
    record.cycle_id().await.map_err(failed)?;
    record.insert(USER, user.id.as_str()).await.map_err(failed)?;
    record.insert(CLIENT, &request.client.user_agent).await.map_err(failed)?;
    record.insert(ADDRESS, request.client.address.to_string()).await.map_err(failed)?;
    record.save().await.map_err(failed)
}

/// Ends the present sign-in and cuts the streams opened with it.
pub async fn sign_out(request: &Request) -> Result<()> {
    if let Some(actor) = &request.actor {
        request.services.access.revoke(actor, &actor.sign_in).await?;
    }
    request.sign_in.flush().await.map_err(failed)
}
