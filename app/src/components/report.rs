//! What a test of a registry found, step by step.

use super::icon::Glyph;
use crate::post::Post;
use domain::registry::{Outcome, TestLine, TestReport};
use leptos::prelude::*;

/// What the last test found; `before` is what one found that was asked for without JavaScript.
pub fn found(test: Post, before: Option<TestReport>) -> AnyView {
    let last = move || {
        let last = test.answer::<TestReport>().or_else(|| before.clone());
        (!test.is_pending()).then_some(last).flatten().map(report)
    };
    view! { <div role="status">{last}</div> }.into_any()
}

fn report(report: TestReport) -> AnyView {
    let verdict = if report.is_good() {
        format!("{} can be used.", report.host)
    } else {
        format!("{} cannot be used like this.", report.host)
    };
    let lines: Vec<AnyView> = report.lines.into_iter().map(line).collect();
    let rate = report.rate.map(|rate| {
        view! { <p class="muted">{format!("Of its rate limit it says: {rate}.")}</p> }
    });
    let note = (!report.note.is_empty()).then(|| {
        view! { <p class="notice notice-warning">{report.note}</p> }
    });
    view! {
        <section class="report" aria-label="What the test found">
            <p class="report-verdict">{verdict}</p>
            <ol class="launch-steps">{lines}</ol>
            {rate}
            {note}
        </section>
    }
    .into_any()
}

fn line(line: TestLine) -> AnyView {
    let (look, glyph, word) = match line.outcome {
        Outcome::Good => ("launch-step is-done", "check", "Yes"),
        Outcome::Failed(_) => ("launch-step is-failed", "alert", "No"),
        Outcome::Skipped => ("launch-step is-pending", "minus", "Not tried"),
    };
    let hint = (!line.hint.is_empty()).then(|| {
        view! { <p class="launch-step-note">{line.hint}</p> }
    });
    view! {
        <li class=look>
            <Glyph name=glyph />
            <span class="launch-step-name">{line.step.label()}</span>
            <span class="launch-step-state">{word}</span>
            <span class="launch-step-time"></span>
            <p class="launch-step-note">{line.message}</p>
            {hint}
        </li>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::registry::{Fault, RateLimit, TestStep};

    #[test]
    fn a_test_says_what_works_what_does_not_and_what_to_do() {
        let line = |step, outcome, message: &str, hint: &str| TestLine {
            step,
            outcome,
            message: message.into(),
            hint: hint.into(),
        };
        let owner = Owner::new();
        owner.set();
        let failed = Outcome::Failed(Fault::Credentials);
        let html = report(TestReport {
            host: "r.example.org".into(),
            lines: vec![
                line(TestStep::Reach, Outcome::Good, "It answers.", ""),
                line(TestStep::SignIn, failed, "It does not know <ada>.", "Correct them."),
                line(TestStep::Push, Outcome::Skipped, "Not tried.", ""),
            ],
            note: String::new(),
            rate: Some(RateLimit { limit: 100, remaining: 7, window_s: 21_600 }),
        })
        .to_html();
        for part in [
            "cannot be used",
            "does not know &lt;ada&gt;",
            "Correct them.",
            "is-pending",
            "7 of 100 pulls left in 6 h 0 min.",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("notice"), "{html}");
    }
}
