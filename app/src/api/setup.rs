//! First run: the one-time token, the engine's state, the administrator, the starters.

use crate::refusal::Refusal;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// How the engine is, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineCheck {
    pub reachable: bool,
    /// Label and value, such as `Version` and `20.10.24`.
    pub facts: Vec<(String, String)>,
    pub warnings: Vec<domain::Error>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarterChoice {
    /// The preset's key; the value of its check box.
    pub key: String,
    pub name: String,
    pub description: String,
    pub state: domain::launcher::TileState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    pub engine: EngineCheck,
    pub starters: Vec<StarterChoice>,
}

/// What the setup page shows to the holder of the token.
#[server(prefix = "/fn", endpoint = "show_setup")]
pub async fn show_setup(token: String) -> Result<Setup, Refusal> {
    let request = crate::request::Request::current()?;
    let outcome = request.services.setup.page(&token, request.client.address).await;
    crate::refusal::answer(outcome.map(|page| {
        Setup {
            engine: EngineCheck {
                reachable: page.engine.reachable,
                facts: page.engine.facts,
                warnings: page.engine.warnings,
            },
            starters: page
                .starters
                .into_iter()
                .map(|(preset, state)| StarterChoice {
                    key: preset.key.into(),
                    name: preset.definition.name,
                    description: preset.definition.description,
                    state,
                })
                .collect(),
        }
    }))
}

/// Makes the administrator, enables the chosen starters, and signs in.
#[server(prefix = "/fn", endpoint = "finish_setup")]
pub async fn finish_setup(
    token: String,
    name: String,
    password: String,
    again: String,
    #[server(default)] starters: Vec<String>,
) -> Result<(), Refusal> {
    let request = crate::request::Request::current()?;
    let outcome = request
        .services
        .setup
        .finish(&token, request.client.address, &name, password.clone(), again, &starters)
        .await;
    crate::refusal::answer(outcome)?;
    let then = crate::refusal::answer(crate::sign_in::sign_in(&request, &name, password).await)?;
    leptos_axum::redirect(&crate::sign_in::lead(&then, "/"));
    Ok(())
}

/// The engine's state, for administrators.
#[server(prefix = "/fn", endpoint = "check_engine")]
pub async fn check_engine() -> Result<EngineCheck, Refusal> {
    super::signed_in(|request, actor| async move {
        let report = request.services.engine.report_for(&actor).await?;
        Ok(EngineCheck {
            reachable: report.reachable,
            facts: report.facts,
            warnings: report.warnings,
        })
    })
    .await
}
