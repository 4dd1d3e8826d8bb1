//! The part of the form about what stays when sessions go.

use super::editor::Editor;
use crate::components::{
    field::section,
    volumes::{allowed_roots, volumes_help},
};
use domain::{confinement::Allowed, workspace::WorkspaceForm};
use leptos::prelude::*;

fn home_help(roots: &[String]) -> String {
    format!(
        "Empty for volumes of the engine. Or a directory of the engine's host for each user, with {{user_id}} or {{username}} in its path, and {{workspace}} where several workspaces keep homes there; behind a colon uid=… and gid=… for whose it is when it is made. {}",
        allowed_roots(roots)
    )
}

pub fn storage(editor: Editor, form: &WorkspaceForm, settings: &Allowed) -> AnyView {
    let fields = view! {
        {editor
            .ask("profile", "Keep each user's home directory", &form.profile)
            .help("It survives the session, and at launch people may start over with an empty one. Sessions that exist stay as they are.")
            .tick()}
        {editor
            .ask("home", "Home directory in the image", &form.home)
            .help("/home/user in the starter images; /home/jovyan in Jupyter's, /config in LinuxServer's, /home/kasm-user in Kasm's.")
            .example("/home/user")
            .line()}
        {editor
            .ask("profile_path", "Where they are kept", &form.profile_path)
            .help(home_help(&settings.host_roots))
            .example("/srv/homes/{user_id}/{workspace}:uid=1000,gid=1000")
            .line()}
        {editor
            .ask("folder", "A folder of each user's own", &form.folder)
            .help("The same one in every workspace that has this ticked. It goes with the account.")
            .tick()}
        {editor
            .ask("folder_at", "Where it is", &form.folder_at)
            .example("/srv/own")
            .line()}
        {editor
            .ask("volumes", "Volumes", &form.volumes)
            .help(volumes_help(&settings.host_roots))
            .example("team-data:/srv/team:ro")
            .code(3)}
    };
    section("Storage", fields.into_any())
}
