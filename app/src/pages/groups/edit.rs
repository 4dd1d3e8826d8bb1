//! The form of a group, new or saved.

use crate::{
    api::groups::{OpenedGroup, SaveGroup, show_group},
    components::{
        PageHead,
        field::{AreaField, ProblemSummary, SelectField, TextField, posted, section},
        lifetime_fields::{Place, lifetime_fields},
        opening,
        submit::{submit, submit_or},
        ticks::ticks,
        volumes::volumes_help,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::group::{Deed, EVERYBODY, GroupForm};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The group; after a refusal without JavaScript, as it was typed.
async fn open(id: String, refused: bool) -> Result<OpenedGroup, Refusal> {
    let opened = show_group(id.clone()).await?;
    #[cfg(feature = "ssr")]
    if refused
        && let Some(left) = crate::draft::take::<(u32, GroupForm)>(&format!("group/{id}")).await
    {
        let (revision, form) = left;
        return Ok(OpenedGroup { form, revision, ..opened });
    }
    #[cfg(not(feature = "ssr"))]
    let _ = (id, refused);
    Ok(opened)
}

#[component]
pub fn GroupEditPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    // Another group is another form: nothing typed into the one before may stay in its fields.
    view! { <For each=move || [id.get()] key=String::clone children=one /> }.into_any()
}

fn one(id: String) -> AnyView {
    let query = use_query_map();
    let save = Post::to::<SaveGroup>();
    let shown = StoredValue::new(id.clone());
    let opened = wire::read(
        || (),
        move |()| {
            let refused = query.with_untracked(|map| map.get_str("__err").is_some());
            open(id.clone(), refused)
        },
    );
    opening(opened, move |opened| page(shown.get_value(), opened, save))
}

fn page(id: String, opened: OpenedGroup, save: Post) -> AnyView {
    let OpenedGroup { form, revision, built_in, workspaces, host_roots } = opened;
    let title = match id.as_str() {
        "" => "New group".to_owned(),
        _ => format!("Edit {}", form.name),
    };
    let refusal = Signal::derive(move || save.refusal());
    let launched = ticks(
        &posted("workspaces"),
        "Workspaces",
        "Members see their tiles and can launch them, if they are enabled and not hidden.",
        &workspaces,
        &form.workspaces,
        save.problem_at("workspaces"),
    );
    let sections = vec![
        section("Basics", basics(&form, built_in, save)),
        section("Who is in it", members(&id, &form, built_in, save)),
        section("What they may launch", launched),
        section("Within which bounds", bounds(&form, save)),
        section("What their sessions have mounted", volumes(&form, &host_roots, save)),
        section("How members sign in", second_factor(&form, save)),
        section("What members may do with their own sessions", deeds(&form, save)),
    ];
    view! {
        <PageHead title=title />
        <ProblemSummary problem=refusal posted_name=posted />
        <PostForm post=save>
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="revision" value=revision.to_string() />
            <div class="form">{sections}</div>
            {submit_or(routes::GROUPS, "Cancel", submit(save, "Save", "Saving …"))}
        </PostForm>
    }
    .into_any()
}

fn basics(form: &GroupForm, built_in: bool, save: Post) -> AnyView {
    let name = if built_in {
        view! { <input type="hidden" name=posted("name") value=form.name.clone() /> }.into_any()
    } else {
        view! {
            <TextField
                name=posted("name")
                label="Name"
                value=form.name.clone()
                required=true
                problem=save.problem_at("name")
            />
        }
        .into_any()
    };
    view! {
        {name}
        <TextField
            name=posted("description")
            label="Description"
            value=form.description.clone()
            problem=save.problem_at("description")
        />
        <TextField
            name=posted("priority")
            label="Priority"
            value=form.priority.clone()
            help="Between 1 and 10000. Of several groups that say something about the same setting, the lowest number wins."
            problem=save.problem_at("priority")
            inputmode="numeric"
            required=true
        />
    }
    .into_any()
}

fn members(id: &str, form: &GroupForm, built_in: bool, save: Post) -> AnyView {
    let who = match id {
        EVERYBODY => "Everybody who has an account is in it, without being put there.",
        _ => "Everybody with the role of an administrator is in it, without being put there.",
    };
    if built_in {
        return view! { <p class="field-help">{who}</p> }.into_any();
    }
    view! {
        <AreaField
            name=posted("members")
            label="Members"
            value=form.members.clone()
            help="One user name a line."
            problem=save.problem_at("members")
            rows=5
            code=true
        />
    }
    .into_any()
}

fn bounds(form: &GroupForm, save: Post) -> AnyView {
    view! {
        <p class="field-help">
            "What is left empty is left to other groups, and after them to Settings. Bounds hold for every launch and start from now on, rules of life time also for sessions that run."
        </p>
        <div class="field-row">
            <TextField
                name=posted("sessions_per_user")
                label="Sessions per member"
                value=form.sessions_per_user.clone()
                help="Running or not."
                problem=save.problem_at("sessions_per_user")
                inputmode="numeric"
            />
            <TextField
                name=posted("cpus")
                label="Processor cores per member"
                value=form.cpus.clone()
                help="The sum of what one member's sessions may use."
                problem=save.problem_at("cpus")
                inputmode="decimal"
            />
            <TextField
                name=posted("memory")
                label="Memory per member"
                value=form.memory.clone()
                help="The sum of what one member's sessions may use. Such as 4 GiB."
                problem=save.problem_at("memory")
            />
        </div>
        <TextField
            name=posted("networks")
            label="Networks of sessions"
            value=form.networks.clone()
            placeholder="own, internal"
            help="Those that members' sessions may be on, separated by commas: own, internal (without a way out), named (any of the engine's that the settings allow), or the names of some of those."
            problem=save.problem_at("networks")
        />
        {lifetime_fields(&form.lifetime, move |field| save.problem_at(field), Place::Group)}
    }
    .into_any()
}

fn volumes(form: &GroupForm, roots: &[String], save: Post) -> AnyView {
    view! {
        <p class="field-help">
            "Members have them in each session that they launch, beside those of the workspace and of their other groups; test launches have none. Where two are to be at the same path, the workspace's is mounted, and of groups that with the lowest priority number. Whoever makes workspaces decides what reads and writes there."
        </p>
        <AreaField
            name=posted("volumes")
            label="Volumes"
            value=form.volumes.clone()
            help=volumes_help(roots)
            problem=save.problem_at("volumes")
            rows=3
            code=true
            placeholder="team-data:/srv/team:ro"
        />
    }
    .into_any()
}

fn second_factor(form: &GroupForm, save: Post) -> AnyView {
    let all = [("", "Not said here"), ("required", "Required"), ("optional", "Not required")];
    let options = all.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    view! {
        <SelectField
            name=posted("second_factor")
            label="Second factor"
            value=form.second_factor.clone()
            options=options
            help="A code from a device beside the password. Where it is required, members who have none set one up before they reach anything else, at once also where they are signed in. Holds for administrators too."
            problem=save.problem_at("second_factor")
        />
    }
    .into_any()
}

fn deeds(form: &GroupForm, save: Post) -> AnyView {
    let options = || {
        let all = [("", "Not said here"), ("allow", "Allowed"), ("deny", "Not allowed")];
        all.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec()
    };
    let fields = Deed::ALL.map(|deed| {
        view! {
            <SelectField
                name=posted(deed.as_str())
                label=deed.label()
                value=form.typed(deed).to_owned()
                options=options()
                problem=save.problem_at(deed.as_str())
            />
        }
        .into_any()
    });
    view! {
        <p class="field-help">
            "What no group says, the role does: users pause, stop and delete their own sessions, pass files and the clipboard, and neither create images nor open terminals. Nothing is taken from administrators."
        </p>
        <p class="field-help">
            "Only the image of a session can keep files and the clipboard from its user, in the way that the form of its workspace says under Connection. Where nothing is said there, members can do it all the same, and the page of the session says so to administrators. It counts for containers that are made from now on."
        </p>
        <div class="field-row">{Vec::from(fields)}</div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(id: &str, form: GroupForm, built_in: bool) -> String {
        let owner = Owner::new();
        owner.set();
        let save = Post::to::<SaveGroup>();
        let all = [basics(&form, built_in, save), members(id, &form, built_in, save)];
        all.into_iter().map(|part| part.to_html()).collect()
    }

    #[test]
    fn a_group_of_ones_own_has_a_name_and_members_to_be_typed() {
        let form = GroupForm { name: "Team".into(), members: "ada".into(), ..GroupForm::default() };
        let html = html("a1", form, false);
        for part in ["id=\"form-name\"", "id=\"form-members\"", "ada", "One user name a line."] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }

    #[test]
    fn a_built_in_group_keeps_its_name_and_says_who_is_in_it() {
        let form = || GroupForm { name: "All users".into(), ..GroupForm::default() };
        let everybody = html(EVERYBODY, form(), true);
        for part in ["type=\"hidden\"", "value=\"All users\"", "who has an account"] {
            assert!(everybody.contains(part), "{part} is missing: {everybody}");
        }
        assert!(!everybody.contains("form-members"), "{everybody}");
        let other = html("administrators", form(), true);
        assert!(other.contains("the role of an administrator"), "{other}");
    }

    #[test]
    fn a_second_factor_is_required_or_not_or_left_open() {
        let owner = Owner::new();
        owner.set();
        let form = GroupForm { second_factor: "required".into(), ..GroupForm::default() };
        let html = second_factor(&form, Post::to::<SaveGroup>()).to_html();
        let (_, chosen) = html.split_once(" selected").unwrap();
        assert!(chosen.contains("Required") && chosen.contains("Not required"), "{html}");
        assert!(!chosen.contains("Not said here"), "{html}");
    }

    #[test]
    fn volumes_say_where_directories_of_the_host_may_be() {
        let owner = Owner::new();
        owner.set();
        let form = GroupForm { volumes: "team:/srv/team".into(), ..GroupForm::default() };
        let html = |roots: &[String]| volumes(&form, roots, Post::to::<SaveGroup>()).to_html();
        assert!(html(&[]).contains("none at present"), "{}", html(&[]));
        let allowed = html(&["/srv/data".to_owned()]);
        for part in ["It must be in /srv/data.", "team:/srv/team", "the lowest priority number"] {
            assert!(allowed.contains(part), "{part} is missing: {allowed}");
        }
    }

    #[test]
    fn a_deed_is_allowed_denied_or_left_open() {
        let owner = Owner::new();
        owner.set();
        let form = GroupForm { stop: "deny".into(), ..GroupForm::default() };
        let html = deeds(&form, Post::to::<SaveGroup>()).to_html();
        assert_eq!(html.matches("Not said here").count(), Deed::ALL.len(), "{html}");
        let (_, stop) = html.split_once("id=\"form-stop\"").unwrap();
        let (stop, _) = stop.split_once("</select>").unwrap();
        let (_, chosen) = stop.split_once(" selected").unwrap();
        assert!(chosen.contains("Not allowed") && !chosen.contains("Not said"), "{stop}");
    }
}
