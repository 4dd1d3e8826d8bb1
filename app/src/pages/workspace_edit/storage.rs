//! The part of the form about what stays when sessions go.

use super::editor::Editor;
use crate::components::field::{AreaField, TextField, TickField, posted, section};
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
        <TickField
            name=posted("profile")
            label="Keep each user's home directory"
            ticked=!form.profile.is_empty()
            help="It survives the session, and at launch people may start over with an empty one. Sessions that exist stay as they are."
            problem=editor.problem("profile")
        />
        <TextField
            name=posted("home")
            label="Home directory in the image"
            value=form.home.clone()
            placeholder="/home/user"
            help="/home/user in the starter images; /home/jovyan in Jupyter's, /config in LinuxServer's, /home/kasm-user in Kasm's."
            problem=editor.problem("home")
        />
        <TickField
            name=posted("folder")
            label="A folder of each user's own"
            ticked=!form.folder.is_empty()
            help="The same one in every workspace that has this ticked. It goes with the account."
            problem=editor.problem("folder")
        />
        <TextField
            name=posted("folder_at")
            label="Where it is"
            value=form.folder_at.clone()
            placeholder="/srv/own"
            problem=editor.problem("folder_at")
        />
        <AreaField
            name=posted("volumes")
            label="Volumes"
            value=form.volumes.clone()
            rows=3
            code=true
            placeholder="team-data:/srv/team:ro"
            help=help
            problem=editor.problem("volumes")
        />
    };
    section("Storage", fields.into_any())
}
