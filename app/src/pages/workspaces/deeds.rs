//! What an administrator does with a saved workspace: try it, copy it, switch it, delete it. One
//! place for the list and the form.
//!
//! Each deed is a form of its own that posts without JavaScript; all but the deletion happen at
//! once, because they lose nothing.

use crate::{
    api::workspaces::{
        Consequences, DeleteWorkspace, DuplicateWorkspace, PullImage, SetWorkspaceEnabled,
        TestLaunch, weigh_deletion,
    },
    components::{
        Glyph,
        confirm::{Confirm, FORM, PARAMETER, asked_for, weighed},
        failures,
    },
    post::{Post, PostForm},
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

#[derive(Clone, Copy)]
pub struct Deeds {
    enable: Post,
    duplicate: Post,
    test: Post,
    pull: Post,
    delete: Post,
    /// The workspace whose deletion is asked about.
    asked: RwSignal<Option<String>>,
    /// The page without a question.
    back: Signal<String>,
}

/// A form with one button.
fn one_button(post: Post, fields: Vec<AnyView>, look: &'static str, face: AnyView) -> AnyView {
    view! {
        <PostForm post>
            {fields}
            <button type="submit" class=look>
                {face}
            </button>
        </PostForm>
    }
    .into_any()
}

fn hidden(name: &'static str, value: String) -> AnyView {
    view! { <input type="hidden" name=name value=value /> }.into_any()
}

fn face(glyph: &'static str, label: &'static str) -> AnyView {
    view! {
        <Glyph name=glyph />
        <span>{label}</span>
    }
    .into_any()
}

impl Deeds {
    pub fn new(back: impl Into<Signal<String>>) -> Self {
        Self {
            enable: Post::to::<SetWorkspaceEnabled>(),
            duplicate: Post::to::<DuplicateWorkspace>(),
            test: Post::to::<TestLaunch>(),
            pull: Post::to::<PullImage>(),
            delete: Post::to::<DeleteWorkspace>(),
            asked: RwSignal::new(asked_for("delete").get_untracked()),
            back: back.into(),
        }
    }

    /// Grows when something was switched.
    pub fn version(self) -> u64 {
        self.enable.version()
    }

    pub fn test_button(self, id: &str, look: &'static str) -> AnyView {
        let fields = vec![hidden("id", id.to_owned())];
        one_button(self.test, fields, look, face("play", "Test launch"))
    }

    /// Also where an image is present: its tag may mean a newer one by now.
    pub fn pull_button(self, id: &str, look: &'static str) -> AnyView {
        let fields = vec![hidden("id", id.to_owned())];
        one_button(self.pull, fields, look, face("down", "Pull image"))
    }

    pub fn duplicate_button(self, id: &str, look: &'static str) -> AnyView {
        let fields = vec![hidden("id", id.to_owned())];
        one_button(self.duplicate, fields, look, face("copy", "Duplicate"))
    }

    /// Enables or disables, whichever it is not, and comes back to `next`.
    pub fn switch_button(
        self,
        id: &str,
        enabled: Signal<bool>,
        next: Signal<String>,
        look: &'static str,
    ) -> AnyView {
        let wanted = move |on: bool| if on { "" } else { "on" };
        let fields = vec![
            hidden("id", id.to_owned()),
            view! { <input type="hidden" name="enabled" value=move || wanted(enabled.get()) /> }
                .into_any(),
            view! { <input type="hidden" name="next" value=next /> }.into_any(),
        ];
        let face = view! {
            <Glyph name="off" />
            <span>{move || if enabled.get() { "Disable" } else { "Enable" }}</span>
        };
        one_button(self.enable, fields, look, face.into_any())
    }

    /// Asks first. `state` are hidden fields that lead back to the same page without JavaScript.
    pub fn delete_button(
        self,
        id: &str,
        path: String,
        state: AnyView,
        look: &'static str,
    ) -> AnyView {
        let own = id.to_owned();
        let value = format!("delete:{id}");
        let submit = move |ev: SubmitEvent| {
            ev.prevent_default();
            self.asked.set(Some(own.clone()));
        };
        view! {
            <form method="get" action=path on:submit=submit>
                {state}
                <button type="submit" class=look name=PARAMETER value=value>
                    {face("trash", "Delete …")}
                </button>
            </form>
        }
        .into_any()
    }

    /// The question before a workspace is deleted, while it is asked.
    pub fn question(self) -> AnyView {
        let navigate = use_navigate();
        let leave = Callback::new(move |()| {
            self.asked.set(None);
            // Only a page that came without JavaScript still has the question in its address.
            if window().location().search().unwrap_or_default().contains(PARAMETER) {
                let options =
                    leptos_router::NavigateOptions { replace: true, ..Default::default() };
                navigate(&self.back.get_untracked(), options);
            }
        });
        let question = move |id: String, doomed: Consequences| {
            let yes = move |ev: SubmitEvent| {
                self.delete.submit(&ev);
                self.asked.set(None);
            };
            view! {
                <Confirm
                    title=format!("Delete the workspace “{}”?", doomed.name)
                    verb="Delete workspace"
                    action=self.delete.url()
                    fields=vec![("id", id)]
                    cancel_href=self.back.get_untracked()
                    on_confirm=yes
                    on_cancel=move |()| leave.run(())
                >
                    {consequences(doomed)}
                </Confirm>
            }
            .into_any()
        };
        weighed(move || self.asked.get(), weigh_deletion, question)
    }

    /// Why the last deed was refused, if it was.
    pub fn refusals(self) -> AnyView {
        let last = move || {
            let all = [self.enable, self.duplicate, self.test, self.pull, self.delete];
            failures(all.map(Post::refusal))
        };
        view! { {last} }.into_any()
    }
}

fn consequences(doomed: Consequences) -> AnyView {
    let stays = match doomed.sessions {
        0 => "It has no sessions.".to_owned(),
        1 => "1 session of it stays and can be used until it is deleted.".to_owned(),
        n => format!("{n} sessions of it stay and can be used until they are deleted."),
    };
    let image = match (doomed.snapshot, doomed.others.as_slice()) {
        (Some(image), []) => view! {
            <label class="tick">
                <input type="checkbox" name="with_image" value="on" form=FORM />
                <span>{format!("Remove its image {image} from the engine too")}</span>
            </label>
        }
        .into_any(),
        (Some(_), others) => {
            let names = others.join(", ");
            view! { <p>{format!("Its image stays, because others use it: {names}.")}</p> }
                .into_any()
        }
        (None, _) => view! { <p>"The image stays on the engine."</p> }.into_any(),
    };
    let trial = doomed.trial.then(|| {
        view! { <p>"Its trial ends with it, and what testers said of that is gone."</p> }
    });
    view! {
        <p>"Its tile and its definition are removed. This cannot be undone."</p>
        {trial}
        <p>{stays}</p>
        {image}
        <p>"To take only the tile away, disable it instead."</p>
    }
    .into_any()
}
