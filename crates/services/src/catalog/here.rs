//! What is here already, and what an entry may do to it.
//!
//! A workspace that is here has what its administrators gave it: secrets among its variables, homes,
//! volumes, commands, people. All of that would be a stranger's image's, if a name were enough. So an entry
//! changes a workspace only where it runs the same image already, in whatever version.

use super::words::LeftOut;
use domain::{
    image::ImageRef,
    preset,
    workspace::{Definition, DefinitionFate, Workspace, WorkspaceForm},
};

/// What an entry is held against.
pub(super) struct Here<'a> {
    /// The workspace of its name, if there is one.
    pub known: Option<&'a Workspace>,
    /// What the engine runs; empty while that is not known.
    pub architecture: &'a str,
    /// Where the catalog is.
    pub address: &'a str,
}

/// Why nothing of an entry with this image is put into a workspace that is here, if that is so.
pub(super) fn refusal_of(known: &Definition, image: &ImageRef) -> Option<String> {
    let name = &known.name;
    if known.link.is_some() {
        return Some(format!("“{name}” is a link here. Rename it first."));
    }
    if !is_version_of(&known.image, image) {
        let own = &known.image;
        return Some(format!(
            "“{name}” is a workspace here with another image, `{own}`. Rename it here first."
        ));
    }
    let weakened = less_confined(known).into_iter().next()?;
    Some(format!(
        "“{name}” is less confined here than usual, so nothing from a catalog is put into it. {weakened}"
    ))
}

/// Whether two images are of the same people. What Slipway's own set-up builds has no other versions: what
/// a registry has under its name is somebody else's.
fn is_version_of(known: &ImageRef, image: &ImageRef) -> bool {
    known.canonical() == image.canonical()
        || known.canonical_repository() == image.canonical_repository()
            && !preset::is_built_here(known)
}

/// In what sessions are less confined than is usual for the image. Capabilities that its family cannot
/// start without are usual.
fn less_confined(definition: &Definition) -> Vec<String> {
    let family = preset::of_family(&definition.image);
    let usual = family.map(|preset| preset.definition.contract.capabilities).unwrap_or_default();
    let contract = &definition.contract;
    let more = contract.capabilities.iter().any(|one| !usual.contains(one));
    contract.weakened().filter(|_| more).into_iter().chain(definition.loosened()).collect()
}

/// The form that an entry is written into: of the workspace that is here, of the family of its image, or
/// a new one.
pub(super) fn begin(
    image: Option<&ImageRef>,
    here: &Here<'_>,
    left_out: &mut LeftOut,
) -> WorkspaceForm {
    if let Some(known) = here.known {
        return WorkspaceForm::from(&known.definition);
    }
    match image {
        Some(image) if preset::is_guess(image) => left_out.own(
            "How its image is reached is not known for certain: it is set up as desktops of its family are. Look at it under Connection.",
        ),
        _ => {}
    }
    let Some(preset) = image.and_then(preset::of_family) else {
        left_out.own(
            "How its image is reached is not known, so it is as in a new form. Say it under Connection.",
        );
        return WorkspaceForm { enabled: String::new(), ..WorkspaceForm::default() };
    };
    let mut definition = preset.definition;
    let capabilities = std::mem::take(&mut definition.contract.capabilities).join(", ");
    if !capabilities.is_empty() {
        left_out.own(format!(
            "Capabilities that images of this family need to start are not given back: {capabilities}. Do that in the form, under Connection."
        ));
    }
    definition.description.clear();
    definition.categories.clear();
    WorkspaceForm { enabled: String::new(), ..WorkspaceForm::from(&definition) }
}

/// What a form that was found right does to what is here.
pub(super) fn settle(
    definition: &Definition,
    here: &Here<'_>,
    form: &mut WorkspaceForm,
    left_out: &mut LeftOut,
    problems: &mut Vec<String>,
) -> DefinitionFate {
    match here.known {
        Some(known) if known.definition == *definition => return DefinitionFate::Unchanged,
        Some(known) => {
            if known.definition.enabled {
                left_out.own("It is disabled by this: try it, then enable it again.");
            }
            form.enabled.clear();
        }
        None => {}
    }
    // Nothing that is taken over can be the reason. Should that ever be otherwise, it ends here.
    let weakened = match here.known {
        Some(_) => less_confined(definition),
        None => definition.weakened(),
    };
    if !weakened.is_empty() {
        problems.extend(weakened);
        return DefinitionFate::Refused;
    }
    if here.known.is_some() { DefinitionFate::Changed } else { DefinitionFate::New }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(image: &str) -> Definition {
        let form = WorkspaceForm { name: "A".into(), image: image.into(), ..Default::default() };
        form.check().unwrap()
    }

    fn refused(known: &Definition, image: &str) -> Option<String> {
        refusal_of(known, &image.parse().unwrap())
    }

    #[test]
    fn only_the_image_that_runs_here_is_taken_in_another_version() {
        let known = runs("kasmweb/firefox:1.16.0");
        for same in ["kasmweb/firefox:1.17.0", "docker.io/kasmweb/firefox", "kasmweb/firefox"] {
            assert_eq!(refused(&known, same), None, "{same}");
        }
        for other in ["kasmweb/chrome:1.16.0", "evil.example/kasmweb/firefox:1.16.0", "firefox"] {
            let why = refused(&known, other).unwrap();
            assert!(why.contains("“A” is a workspace here with another image"), "{why}");
        }
        let built = runs("slipway/terminal:latest");
        assert_eq!(refused(&built, "slipway/terminal"), None);
        assert!(refused(&built, "slipway/terminal:evil").unwrap().contains("another image"));
    }

    #[test]
    fn capabilities_are_usual_for_the_images_that_cannot_start_without_them_only() {
        let image = "lscr.io/linuxserver/webtop:latest";
        let mut known = runs(image);
        known.contract.capabilities = vec!["CHOWN".into(), "SETUID".into()];
        assert_eq!(refused(&known, image), None);
        known.contract.capabilities.push("SYS_ADMIN".into());
        assert!(refused(&known, image).unwrap().contains("SYS_ADMIN"));
        let mut other = runs("kasmweb/firefox:1.16.0");
        other.contract.capabilities = vec!["CHOWN".into()];
        assert!(refused(&other, "kasmweb/firefox:1").unwrap().contains("CHOWN"));
        let mut loose = runs("a/b:1");
        loose.confinement.options.privileged = true;
        assert!(refused(&loose, "a/b:2").unwrap().contains("Privileged"));
    }
}
