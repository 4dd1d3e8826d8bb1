//! `slipway setup-token`: a new one-time link to the setup page.

use crate::{assemble, config::Config, serve};
use domain::Result;

pub(super) async fn run(config: &Config) -> Result<()> {
    let services = assemble::services(config).await?;
    let token = services.setup.new_token().await?;
    println!("{}", serve::setup_link(config, &token));
    Ok(())
}
