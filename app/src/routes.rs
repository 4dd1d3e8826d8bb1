//! Every page and its path, in one table.
//!
//! Paths are written here and nowhere else: pages link through the functions below, so that a
//! moved page breaks the build instead of a link. The literals in [`App`] and the builders next to
//! it are the two halves of the table.

use crate::{
    components::{clock, confirm::PARAMETER, frame::Frame},
    lazy::lazy,
    live,
    pages::{
        account::AccountPage,
        audit::AuditPage,
        catalog::CatalogPage,
        definitions::DefinitionsPage,
        groups::{GroupsPage, edit::GroupEditPage},
        images::{ImagesPage, detail::ImagePage, disk::DiskPage},
        invite::InvitePage,
        job::JobPage,
        jobs::JobsPage,
        launch::LaunchPage,
        launcher::LauncherPage,
        login::LoginPage,
        login_code::LoginCodePage,
        not_found::NotFoundPage,
        registries::{RegistriesPage, edit::RegistryEditPage, import::RegistryImportPage},
        second_factor::SecondFactorPage,
        session::{SessionFilesPage, SessionLogPage, SessionPage, SessionProcessesPage},
        sessions::SessionsPage,
        settings::SettingsPage,
        setup::SetupPage,
        snapshot::SnapshotPage,
        stream::StreamPage,
        trial::TrialPage,
        users::{UsersPage, detail::UserPage, new::NewUserPage},
        workspace_edit::WorkspaceEditPage,
        workspace_image::WorkspaceImagePage,
        workspace_trial::WorkspaceTrialPage,
        workspaces::WorkspacesPage,
    },
    redirect,
};
use domain::{
    GroupId, IconId, JobId, RegistryId, SessionId, UserId, WorkspaceId,
    list::{ListQuery, encode},
    log::LogQuery,
    session::Action,
    snapshot::WizardStep,
};
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

pub const SETUP: &str = "/setup";
pub const LOGIN: &str = "/login";
/// Where a code is asked for after the password.
pub const LOGIN_CODE: &str = "/login/code";
/// Where a second factor is set up.
pub const SECOND_FACTOR: &str = "/second-factor";
/// Where a one-time link leads.
pub const INVITE: &str = "/invite";
pub const LAUNCHER: &str = "/";
pub const SESSIONS: &str = "/sessions";
pub const WORKSPACES: &str = "/workspaces";
pub const NEW_WORKSPACE: &str = "/workspaces/new";
/// The form of a new workspace that is a link.
pub const NEW_LINK: &str = "/workspaces/new?link=on";
pub const IMPORT_WORKSPACES: &str = "/workspaces/import";
/// What somebody else publishes, to be taken from.
pub const CATALOG: &str = "/workspaces/catalog";
/// Where a file with definitions is posted to; not a page.
pub const READ_DEFINITIONS: &str = "/workspaces/import/file";
/// Definitions as a file; not a page.
pub const EXPORT_WORKSPACES: &str = "/workspaces/export";
pub const IMAGES: &str = "/images";
pub const IMAGES_DISK: &str = "/images/disk";
pub const REGISTRIES: &str = "/registries";
pub const NEW_REGISTRY: &str = "/registries/new";
pub const IMPORT_REGISTRIES: &str = "/registries/import";
pub const GROUPS: &str = "/groups";
pub const NEW_GROUP: &str = "/groups/new";
pub const JOBS: &str = "/jobs";
pub const USERS: &str = "/users";
pub const NEW_USER: &str = "/users/new";
pub const AUDIT: &str = "/audit";
pub const SETTINGS: &str = "/settings";
pub const ACCOUNT: &str = "/account";
/// The stream of changes; the server's, but part of the same address space.
pub const EVENTS: &str = "/events";

/// The sign-in page that leads back to `next`.
pub fn login(next: &str) -> String {
    leading_to(LOGIN, next)
}

/// The page that asks for a code and leads on to `next`.
pub fn login_code(next: &str) -> String {
    leading_to(LOGIN_CODE, next)
}

/// The page that sets up a second factor and leads on to `next`.
pub fn second_factor(next: &str) -> String {
    leading_to(SECOND_FACTOR, next)
}

/// The same page with recovery codes that were just made.
pub fn recovery_codes(next: &str) -> String {
    format!("{SECOND_FACTOR}?codes=on&next={}", encode(next))
}

/// A page that leads on to another one when it is done; where none is named, to the launcher.
fn leading_to(page: &str, next: &str) -> String {
    if next.is_empty() || next == LAUNCHER {
        page.to_owned()
    } else {
        format!("{page}?next={}", encode(next))
    }
}

/// Whether an address is a path on this console, and leads to no other site.
pub fn is_local(next: &str) -> bool {
    next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n', '\t'])
}

/// Details and timeline of a session.
pub fn session(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}")
}

/// A session's page with the question whether it is to begin anew, from the image that is waiting.
pub fn renew_session(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}?{PARAMETER}={}:{id}", Action::Renew.as_str())
}

/// What a session's container has written.
pub fn session_log(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/log")
}

/// New lines of a session's log as they come; not a page.
pub fn follow_log(id: &str, query: &LogQuery, since: i64) -> String {
    let (search, level) = (encode(&query.search), query.level.as_str());
    format!("{SESSIONS}/{id}/log/follow?q={search}&level={level}&since={since}")
}

/// A session's whole log as a file.
pub fn download_log(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/log/download")
}

/// What runs in a session's container.
pub fn session_processes(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/processes")
}

/// The files in which a session differs from its image.
pub fn session_files(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/files")
}

/// A session's stream, full window.
pub fn stream(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/view")
}

/// A shell in a session's container; a document of the server's own, not of the app.
pub fn terminal(id: &SessionId) -> String {
    format!("{SESSIONS}/{id}/terminal")
}

/// A page of the wizard that makes an image of a session.
pub fn create_image(id: &SessionId, step: WizardStep) -> String {
    format!("{SESSIONS}/{id}/image?step={}", step.as_str())
}

/// A job and its log.
pub fn job(id: &JobId) -> String {
    format!("{JOBS}/{id}")
}

/// The definitions that a list shows, all pages of it, as a file; not a page.
pub fn export_listed(query: &ListQuery) -> String {
    let asked = ListQuery { page: 1, sort: String::new(), descending: false, ..query.clone() };
    format!("{EXPORT_WORKSPACES}{}", asked.to_query())
}

/// The definition of a workspace as a file; not a page.
pub fn export_workspace(id: &WorkspaceId) -> String {
    format!("{EXPORT_WORKSPACES}?id={id}")
}

/// The form of a workspace.
pub fn workspace(id: &WorkspaceId) -> String {
    format!("{WORKSPACES}/{id}")
}

/// An image by its reference, or by its content id where it has no name.
pub fn image(reference: &str) -> String {
    format!("{IMAGES}/show?image={}", encode(reference))
}

/// Launching a workspace with a say in what it begins with.
pub fn launch(id: &WorkspaceId) -> String {
    format!("/launch/{id}")
}

/// Which image a workspace launches, and which ones it has launched.
pub fn workspace_image(id: &WorkspaceId) -> String {
    format!("{WORKSPACES}/{id}/image")
}

/// The trial of a workspace, for those who decide on it.
pub fn workspace_trial(id: &WorkspaceId) -> String {
    format!("{WORKSPACES}/{id}/trial")
}

/// A trial by its own id, for its testers.
pub fn trial(id: &WorkspaceId) -> String {
    format!("/trials/{id}")
}

/// The form of a registry.
pub fn registry(id: &RegistryId) -> String {
    format!("{REGISTRIES}/{id}")
}

/// The form of a group.
pub fn group(id: &GroupId) -> String {
    format!("{GROUPS}/{id}")
}

/// An account.
pub fn user(id: &UserId) -> String {
    format!("{USERS}/{id}")
}

/// What somebody did, as the audit log has it.
pub fn audit_of(name: &str) -> String {
    let query = ListQuery { filter: name.to_owned(), ..ListQuery::default() };
    format!("{AUDIT}{}", query.to_query())
}

/// The lines of the audit log that a query asks for, as a file; not a page.
pub fn export_audit(query: &ListQuery, format: &str) -> String {
    let asked = ListQuery { page: 1, ..query.clone() }.to_query();
    let asked = asked.strip_prefix('?').map(|rest| format!("&{rest}")).unwrap_or_default();
    format!("{AUDIT}/export?format={format}{asked}")
}

/// An uploaded picture.
pub fn icon(id: &IconId) -> String {
    format!("/icons/{id}")
}

fn document_title(page: String) -> String {
    match page.as_str() {
        "" => "Slipway".to_owned(),
        named if named.contains("Slipway") => page,
        page => format!("{page} · Slipway"),
    }
}

/// What is hydrated: the router and its pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    live::provide();
    clock::provide();
    redirect::provide();

    // Pages are rendered whole before they are sent: complete without JavaScript, and status and
    // title are known in time. Reads are local and take milliseconds.
    view! {
        <Title formatter=document_title/>
        <Router>
            <redirect::FollowRedirects/>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/setup") view=lazy!(desk, SetupPage) ssr=SsrMode::Async/>
                <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async/>
                <Route path=path!("/login/code") view=LoginCodePage ssr=SsrMode::Async/>
                <Route path=path!("/second-factor") view=lazy!(desk, SecondFactorPage) ssr=SsrMode::Async/>
                <Route path=path!("/invite") view=lazy!(desk, InvitePage) ssr=SsrMode::Async/>
                <Route path=path!("/sessions/:id/view") view=lazy!(stream, StreamPage) ssr=SsrMode::Async/>
                <ParentRoute path=path!("/") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("/") view=LauncherPage/>
                    <Route path=path!("/launch/:id") view=lazy!(stream, LaunchPage)/>
                    <Route path=path!("/trials/:id") view=lazy!(stream, TrialPage)/>
                    <Route path=path!("/sessions") view=lazy!(sessions, SessionsPage)/>
                    <Route path=path!("/sessions/:id") view=lazy!(sessions, SessionPage)/>
                    <Route path=path!("/sessions/:id/log") view=lazy!(sessions, SessionLogPage)/>
                    <Route path=path!("/sessions/:id/processes") view=lazy!(sessions, SessionProcessesPage)/>
                    <Route path=path!("/sessions/:id/files") view=lazy!(sessions, SessionFilesPage)/>
                    <Route path=path!("/sessions/:id/image") view=lazy!(sessions, SnapshotPage)/>
                    <Route path=path!("/jobs") view=lazy!(sessions, JobsPage)/>
                    <Route path=path!("/jobs/:id") view=lazy!(sessions, JobPage)/>
                    <Route path=path!("/workspaces") view=lazy!(workspaces, WorkspacesPage)/>
                    <Route path=path!("/workspaces/new") view=lazy!(workspaces, WorkspaceEditPage)/>
                    <Route path=path!("/workspaces/import") view=lazy!(workspaces, DefinitionsPage)/>
                    <Route path=path!("/workspaces/catalog") view=lazy!(workspaces, CatalogPage)/>
                    <Route path=path!("/workspaces/:id") view=lazy!(workspaces, WorkspaceEditPage)/>
                    <Route path=path!("/workspaces/:id/image") view=lazy!(workspaces, WorkspaceImagePage)/>
                    <Route path=path!("/workspaces/:id/trial") view=lazy!(workspaces, WorkspaceTrialPage)/>
                    <Route path=path!("/settings") view=lazy!(desk, SettingsPage)/>
                    <Route path=path!("/images") view=lazy!(images, ImagesPage)/>
                    <Route path=path!("/images/show") view=lazy!(images, ImagePage)/>
                    <Route path=path!("/images/disk") view=lazy!(images, DiskPage)/>
                    <Route path=path!("/registries") view=lazy!(images, RegistriesPage)/>
                    <Route path=path!("/registries/new") view=lazy!(images, RegistryEditPage)/>
                    <Route path=path!("/registries/import") view=lazy!(images, RegistryImportPage)/>
                    <Route path=path!("/registries/:id") view=lazy!(images, RegistryEditPage)/>
                    <Route path=path!("/groups") view=lazy!(desk, GroupsPage)/>
                    <Route path=path!("/groups/new") view=lazy!(desk, GroupEditPage)/>
                    <Route path=path!("/groups/:id") view=lazy!(desk, GroupEditPage)/>
                    <Route path=path!("/users") view=lazy!(desk, UsersPage)/>
                    <Route path=path!("/users/new") view=lazy!(desk, NewUserPage)/>
                    <Route path=path!("/users/:id") view=lazy!(desk, UserPage)/>
                    <Route path=path!("/audit") view=lazy!(desk, AuditPage)/>
                    <Route path=path!("/account") view=lazy!(desk, AccountPage)/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_survives_the_sign_in_page() {
        assert_eq!(login("/"), "/login");
        assert_eq!(login("/sessions?q=a b"), "/login?next=%2Fsessions%3Fq%3Da%20b");
        assert_eq!(login_code("/jobs"), "/login/code?next=%2Fjobs");
        assert_eq!(second_factor(""), "/second-factor");
    }

    #[test]
    fn a_form_never_leads_to_another_site() {
        assert!(is_local("/sessions?q=a"));
        for foreign in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "/\t/x",
            "javascript:x",
        ] {
            assert!(!is_local(foreign), "{foreign:?}");
        }
    }

    #[test]
    fn a_reference_survives_the_address_of_its_page() {
        let page = "/images/show?image=registry.example%3A5000%2Fteam%2Fapp%3A1.2";
        assert_eq!(image("registry.example:5000/team/app:1.2"), page);
    }

    #[test]
    fn a_file_of_the_audit_log_holds_what_the_page_asks_for() {
        let query = ListQuery { filter: "ada".into(), page: 3, ..ListQuery::default() };
        assert_eq!(export_audit(&query, "csv"), "/audit/export?format=csv&filter=ada");
        assert_eq!(export_audit(&ListQuery::default(), "jsonl"), "/audit/export?format=jsonl");
    }
}
