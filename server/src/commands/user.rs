//! `slipway user`: accounts, for those who have the machine.

use crate::{assemble, config::Config};
use clap::ArgMatches;
use domain::{Error, Result, actor::Role};
use std::{io::Read as _, path::Path};

pub(super) async fn run(config: &Config, matches: &ArgMatches) -> Result<()> {
    let services = assemble::services(config).await?;
    let name =
        |matches: &ArgMatches| matches.get_one::<String>("name").cloned().unwrap_or_default();
    match matches.subcommand() {
        Some(("add", matches)) => {
            let password =
                read_password(matches.get_one::<String>("password_file").map(Path::new))?;
            let role = if matches.get_flag("admin") { Role::Administrator } else { Role::User };
            let name = name(matches);
            services.users.add(&name, password.clone(), &password, role).await?;
            println!("Made the {} “{}”.", role.as_str(), name.to_lowercase());
            Ok(())
        }
        Some(("reset-second-factor", matches)) => {
            let name = name(matches);
            if services.users.reset_second_factor_of(&name).await? {
                println!("The second factor of “{name}” is reset, and all sign-ins are ended.");
            } else {
                println!("“{name}” has no second factor.");
            }
            Ok(())
        }
        Some((verb, matches)) => {
            let name = name(matches);
            services.users.set_disabled(&name, verb == "disable").await?;
            println!("“{name}” is {verb}d. A running server notices within seconds.");
            Ok(())
        }
        None => Ok(()),
    }
}

/// The first line of a file, or of standard input.
pub(crate) fn read_password(file: Option<&Path>) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        Error::at("password_file", "The password cannot be read.").detail(error.to_string())
    };
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(unreadable)?,
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
            text
        }
    };
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
