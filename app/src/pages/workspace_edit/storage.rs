//! The part of the form about what stays when sessions go.

use super::editor::Editor;
use crate::components::field::{AreaField, TextField, TickField, posted, section};
use domain::workspace::WorkspaceForm;
use leptos::prelude::*;

pub fn storage(editor: Editor, form: &WorkspaceForm) -> AnyView {
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
        <AreaField
            name=posted("volumes")
            label="Volumes"
            value=form.volumes.clone()
            rows=3
            code=true
            placeholder="team-data:/srv/team:ro"
            help="One a line: name, colon, path in the container, and :ro where it is only read. {username}, {user_id} and {workspace} in a name give each user, or each workspace, one of their own. The engine keeps them; a path of its host cannot be named."
            problem=editor.problem("volumes")
        />
    };
    section("Storage", fields.into_any())
}
