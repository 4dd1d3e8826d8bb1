//! The part of the form about what stays when sessions go.

use super::editor::Editor;
use crate::components::field::section;
use domain::{confinement::Allowed, workspace::WorkspaceForm};
use leptos::prelude::*;

pub fn storage(editor: Editor, form: &WorkspaceForm, settings: &Allowed) -> AnyView {
    let roots = match settings.host_roots.as_slice() {
        [] => "`host_roots` in the server's settings says of which; none at present.".to_owned(),
        roots => format!("It must be in {}.", roots.join(", ")),
    };
    let help = format!(
        "One a line: name, colon, path in the container, and behind another colon ro where it is only read and uid=… and gid=… for whose it is. {{username}}, {{user_id}} and {{workspace}} in a name give each user, or each workspace, one of their own. In place of a name, a directory of the engine's host, optional where sessions may go without it. {roots}"
    );
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
            .ask("folder", "A folder of each user's own", &form.folder)
            .help("The same one in every workspace that has this ticked. It goes with the account.")
            .tick()}
        {editor
            .ask("folder_at", "Where it is", &form.folder_at)
            .example("/srv/own")
            .line()}
        {editor
            .ask("volumes", "Volumes", &form.volumes)
            .help(help)
            .example("team-data:/srv/team:ro")
            .code(3)}
    };
    section("Storage", fields.into_any())
}
