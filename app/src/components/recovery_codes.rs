//! Recovery codes that were just made, on the one occasion on which they are shown.

use domain::list::encode;
use leptos::prelude::*;

pub fn recovery_codes(codes: Vec<String>) -> AnyView {
    // A file that the browser makes of the address itself; without JavaScript too.
    let file = format!("data:text/plain,{}", encode(&(codes.join("\n") + "\n")));
    let codes: Vec<AnyView> =
        codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }.into_any()).collect();
    view! {
        <section class="notice notice-good recovery-codes" aria-label="Recovery codes">
            <div>
                <p class="notice-title">"Your recovery codes, shown this once"</p>
                <p>
                    "Each lets you in once without your device. Keep them where it is not. Those that you had before are worth nothing any more."
                </p>
                <ul class="codes">{codes}</ul>
                <a class="button" href=file download="slipway-recovery-codes.txt">
                    "Save as a file"
                </a>
            </div>
        </section>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_shown_and_all_are_in_the_file() {
        let owner = Owner::new();
        owner.set();
        let html = recovery_codes(vec!["abcd-efgh".into(), "ijkl-mnop".into()]).to_html();
        for part in
            ["<code>abcd-efgh", "<code>ijkl-mnop", "abcd-efgh%0Aijkl-mnop%0A", "shown this once"]
        {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }
}
