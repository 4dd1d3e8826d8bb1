//! First run: a one-time token instead of default credentials.
//!
//! The token is printed with the link, kept only as a hash, good for an hour and for one use. Each
//! start without an administrator makes a new one, and so does `slipway setup-token`.

use crate::{
    core::Core,
    engine_report::{EngineReport, report},
    entropy,
    users::{self, Users},
    workspaces,
};
use domain::{
    Error, Result,
    actor::Role,
    launcher::TileState,
    preset::{self, Preset},
};
use std::{net::IpAddr, sync::Arc};
use subtle::ConstantTimeEq;

const TOKEN: &str = "setup_token";
const LIFETIME_S: i64 = 3600;

#[derive(Clone)]
pub struct Setup(Arc<Core>);

/// What the holder of the token sees.
pub struct SetupPage {
    pub engine: EngineReport,
    /// Starters with the state of their image.
    pub starters: Vec<(Preset, TileState)>,
}

impl Setup {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Whether there is no administrator yet.
    pub async fn is_open(&self) -> Result<bool> {
        Ok(!self.0.store.has_administrator().await?)
    }

    /// Makes a new token; the one before is worth nothing from then on.
    ///
    /// # Errors
    /// `Conflict` when there is an administrator already.
    pub async fn new_token(&self) -> Result<String> {
        if !self.is_open().await? {
            return Err(Error::conflict("Setup is over: there is an administrator already.").hint(
                "Sign in, or make another administrator with `slipway user add NAME --admin`.",
            ));
        }
        let token = entropy::secret()?;
        let until = self.0.now().plus_secs(LIFETIME_S).millis();
        let mut tx = self.0.store.begin().await?;
        tx.set_meta(TOKEN, &format!("{until}:{}", entropy::digest(&token))).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Checks a token in constant time; returns what is stored, to be used up.
    async fn check(&self, token: &str, address: IpAddr) -> Result<String> {
        let core = &self.0;
        let refused = || {
            Error::forbidden("This setup link is not valid (any more).").hint(
                "Use the newest link the server printed, or make a new one with `slipway setup-token`.",
            )
        };
        if !self.is_open().await? {
            return Err(Error::conflict("Setup is over: there is an administrator already.")
                .hint("Sign in instead."));
        }
        core.throttle.attempt("setup token", address, false, core.now())?;
        let stored = core.store.meta(TOKEN).await?.unwrap_or_default();
        let (until, hash) = stored.split_once(':').unwrap_or(("0", ""));
        let given = entropy::digest(token);
        let same: bool = given.as_bytes().ct_eq(hash.as_bytes()).into();
        let fresh = until.parse::<i64>().is_ok_and(|until| core.now().millis() < until);
        if !(same && fresh) {
            return Err(refused());
        }
        core.throttle.succeeded("setup token", address);
        Ok(stored)
    }

    /// # Errors
    /// `Forbidden` without a valid token.
    pub async fn page(&self, token: &str, address: IpAddr) -> Result<SetupPage> {
        self.check(token, address).await?;
        let core = &self.0;
        let mut starters = Vec::new();
        for preset in preset::all().into_iter().filter(|p| p.starter) {
            let state = core.images.state_of(&preset.definition.image.canonical());
            starters.push((preset, state));
        }
        Ok(SetupPage { engine: report(core).await, starters })
    }

    /// Makes the administrator and the preset workspaces, enabling the chosen starters.
    ///
    /// # Errors
    /// `Forbidden` without a valid token; `Invalid` at `name`, `password` or `again`.
    pub async fn finish(
        &self,
        token: &str,
        address: IpAddr,
        name: &str,
        password: String,
        again: String,
        chosen: &[String],
    ) -> Result<()> {
        let stored = self.check(token, address).await?;
        let users = Users::new(self.0.clone());
        let (user, hash) = users.prepare(name, password, &again, Role::Administrator).await?;
        let mut tx = self.0.store.begin().await?;
        // Of two who use the link at the same moment, one gets through.
        if !tx.take_meta(TOKEN, &stored).await? {
            return Err(Error::conflict("This setup link was just used by somebody else."));
        }
        users::insert(&self.0, &mut tx, None, &user, &hash).await?;
        tx.commit().await?;
        workspaces::enable_starters(&self.0, chosen).await
    }

    /// Makes all preset workspaces and enables every starter, for an unattended first start.
    pub async fn enable_all_starters(&self) -> Result<()> {
        let keys: Vec<String> = preset::all().iter().map(|p| p.key.to_owned()).collect();
        workspaces::enable_starters(&self.0, &keys).await
    }
}
