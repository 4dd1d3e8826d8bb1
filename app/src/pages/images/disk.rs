//! What the engine's disk holds, which images could go and why, and having them taken away. Always
//! a plan first; nothing goes that anything needs.

use super::{NONE, label, some};
use crate::{
    api::images::{DiskReport, PruneImages, show_disk},
    components::{
        FailureBox, Glyph, PageHead,
        badge::badge,
        confirm::PARAMETER,
        field::{SelectField, TextField},
        opening,
        question::Question,
    },
    post::Post,
    refusal::Refusal,
    routes, wire,
};
use domain::{
    Error,
    library::{DiskShare, DiskUse, PruneMode, PrunePlan, Verdict},
    list::encode,
    quantity,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Verdicts that are shown; of more the rest is counted.
const SHOWN: usize = 200;

/// What the address asks with, about the whole plan.
const DEED: &str = "prune";

/// What the page opens with: the plan, and what is wrong with what was asked for.
type First = (DiskReport, Option<Error>);

/// The plan for what the address asks; what cannot be planned is told beside the plan of the
/// settings.
async fn open((mode, days): (String, String)) -> Result<First, Refusal> {
    match show_disk(mode.clone(), days.clone()).await {
        Err(Refusal(error)) if !error.fields.is_empty() => {
            let usual = show_disk(String::new(), String::new()).await?;
            Ok((DiskReport { mode, days, plan: PrunePlan::default(), ..usual }, Some(error)))
        }
        answer => Ok((answer?, None)),
    }
}

#[component]
pub fn DiskPage() -> impl IntoView {
    let map = use_query_map();
    let asked = Memo::new(move |_| {
        let field = |name| map.with(|map| map.get(name).unwrap_or_default());
        (field("mode"), field("days"))
    });
    let first = wire::read(move || asked.get(), open);
    opening(first, page)
}

fn page((report, wrong): First) -> AnyView {
    let DiskReport { disk, plan, mode, days } = report;
    let prune = Post::to::<PruneImages>();
    let problem = |field: &str| {
        Signal::stored(wrong.as_ref().and_then(|error| error.problem_at(field)).map(str::to_owned))
    };
    let modes =
        PruneMode::ALL.map(|mode| (mode.as_str().to_owned(), mode.label().to_owned())).to_vec();
    let form = view! {
        <form method="get" action=routes::IMAGES_DISK>
            <SelectField
                name="mode"
                label="What goes"
                value=mode.clone()
                options=modes
                problem=problem("prune")
            />
            <TextField
                name="days"
                label="Unused for at least so many days"
                value=days.clone()
                help="Counts for images that nothing uses: from their last pull or launch, or else from when they were made."
                inputmode="numeric"
                required=true
                problem=problem("unused_days")
            />
            <p class="field-help">
                "Nothing goes before it is asked for. That it goes by itself each day is decided under "
                <a href=routes::SETTINGS>"Settings"</a> "."
            </p>
            <button type="submit" class="button">
                "Show the plan"
            </button>
        </form>
    };
    let here = format!("{}?mode={}&days={}", routes::IMAGES_DISK, encode(&mode), encode(&days));
    let ask = (plan.going().count() > 0).then(|| format!("{here}&{PARAMETER}={DEED}"));
    let question = ask.is_some().then(|| question(prune, here, mode, days, &plan));
    let planned = wrong.is_none().then(|| planned(plan, ask));
    view! {
        <PageHead title="Disk and pruning">
            <a class="button" href=routes::IMAGES>
                "All images"
            </a>
        </PageHead>
        {question}
        {move || prune.refusal().map(|error| view! { <FailureBox error /> })}
        <div class="cards">
            <section class="card" aria-labelledby="disk">
                <h2 id="disk">"The engine's disk"</h2>
                {shares(disk)}
            </section>
            <section class="card" aria-labelledby="choice">
                <h2 id="choice">"What may go"</h2>
                {form}
            </section>
        </div>
        {planned}
    }
    .into_any()
}

fn shares(disk: DiskUse) -> AnyView {
    let all = [
        ("Images", disk.images),
        ("Containers", disk.containers),
        ("Volumes", disk.volumes),
        ("Build cache", disk.build_cache),
    ];
    let rows: Vec<AnyView> = all
        .into_iter()
        .map(|(what, DiskShare { count, bytes, reclaimable_bytes })| {
            view! {
                <tr>
                    <th scope="row" data-label="What">{what}</th>
                    <td data-label="Count" class="figures">{count.to_string()}</td>
                    <td data-label="Size" class="figures">{quantity::bytes(bytes)}</td>
                    <td data-label="Not needed" class="figures">
                        {quantity::bytes(reclaimable_bytes)}
                    </td>
                </tr>
            }
            .into_any()
        })
        .collect();
    view! {
        <div class="table-frame">
            <table class="table">
                <caption class="visually-hidden">"What the engine's disk holds"</caption>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col" class="figures">"Count"</th>
                        <th scope="col" class="figures">"Size"</th>
                        <th scope="col" class="figures">"Not needed"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// `12 images would go; 3.4 GiB would be free.`
fn summary(plan: &PrunePlan) -> String {
    match some(plan.going().count() as i64, "image", "images") {
        Some(images) => {
            format!("{images} would go; {} would be free.", quantity::bytes(plan.bytes))
        }
        None => "Nothing would go.".to_owned(),
    }
}

/// The plan, and the way to have it carried out; `ask` is the address that asks first.
fn planned(plan: PrunePlan, ask: Option<String>) -> AnyView {
    let summary = summary(&plan);
    let go = ask.map(|ask| {
        view! {
            <a class="button button-danger" href=ask data-noscroll="">
                <Glyph name="trash" />
                "Prune now …"
            </a>
        }
    });
    let more = plan.verdicts.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let rows: Vec<AnyView> = plan.verdicts.into_iter().take(SHOWN).map(row).collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">"The plan"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Image"</th>
                            <th scope="col" class="figures">"Size"</th>
                            <th scope="col">"Verdict"</th>
                            <th scope="col">"Why"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="plan">
            <div class="card-head">
                <h2 id="plan">"The plan"</h2>
                {go}
            </div>
            <p class="list-filter">{summary}</p>
            {table}
            {more.map(|more| view! { <p class="muted">{format!("and {more} more")}</p> })}
        </section>
    }
    .into_any()
}

fn row(verdict: Verdict) -> AnyView {
    let Verdict { id, tags, bytes, goes, why } = verdict;
    let name = if tags.is_empty() { label(&id) } else { tags.join(", ") };
    let verdict = if goes {
        badge("trash", "badge state-paused", "Goes")
    } else {
        badge("check", "badge", "Stays")
    };
    let size = if bytes > 0 { quantity::bytes(bytes) } else { NONE.to_owned() };
    view! {
        <tr>
            <th scope="row" data-label="Image">
                <span class="image-name">{name}</span>
            </th>
            <td data-label="Size" class="figures">{size}</td>
            <td data-label="Verdict">{verdict}</td>
            <td data-label="Why">{why}</td>
        </tr>
    }
    .into_any()
}

/// The question before images are taken away, asked by the address; `here` is the page without it.
fn question(prune: Post, here: String, mode: String, days: String, plan: &PrunePlan) -> AnyView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|map| map.get_str(PARAMETER) == Some(DEED)));
    let question = Question::new(DEED, "Prune now", prune, here);
    let images = some(plan.going().count() as i64, "image", "images").unwrap_or_default();
    let title = format!("Remove {images} from the engine?");
    let freed = format!("{} will be free.", quantity::bytes(plan.bytes));
    let shown = move || {
        let fields = vec![("mode", mode.clone()), ("days", days.clone())];
        let consequences = view! {
            <p>{freed.clone()}</p>
            <p>
                "What no registry has cannot be brought back. What something comes to need before its turn stays."
            </p>
        };
        question.shown(title.clone(), fields, consequences.into_any())
    };
    view! { {move || asked.get().then(&shown)} }.into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn verdict(tags: &[&str], goes: bool) -> Verdict {
        Verdict {
            id: format!("sha256:{}", "d".repeat(64)),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            bytes: quantity::GIB,
            goes,
            why: "It has <a> name.".into(),
        }
    }

    #[test]
    fn a_plan_is_one_sentence() {
        let plan = |going: usize| PrunePlan {
            verdicts: vec![verdict(&[], true); going],
            bytes: 3 * quantity::GIB / 2,
        };
        assert_eq!(summary(&plan(0)), "Nothing would go.");
        assert_eq!(summary(&plan(1)), "1 image would go; 1.5 GiB would be free.");
        assert_eq!(summary(&plan(12)), "12 images would go; 1.5 GiB would be free.");
    }

    #[test]
    fn a_verdict_is_told_by_sign_word_and_reason() {
        let owner = Owner::new();
        owner.set();
        let goes = row(verdict(&[], true)).to_html();
        assert!(goes.contains("No name dddddddddddd") && goes.contains("Goes"), "{goes}");
        let stays = row(verdict(&["a:1", "a:2"], false)).to_html();
        assert!(stays.contains("a:1, a:2") && stays.contains("Stays"), "{stays}");
        assert!(stays.contains("It has &lt;a&gt; name.") && stays.contains("#ui-check"), "{stays}");
    }
}
