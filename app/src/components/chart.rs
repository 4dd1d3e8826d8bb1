//! A small chart of the last quarter of an hour: drawn by the server as plain paths, with the
//! present and the highest value as text beside it.

use domain::inside::UsagePoint;
use leptos::prelude::*;

/// The time a chart shows, in milliseconds.
pub const SPAN_MS: i64 = 15 * 60 * 1000;
/// Points further apart are not joined: nobody looked between them.
const GAP_MS: i64 = 15_000;
const WIDTH: i64 = 300;
const HEIGHT: i64 = 60;

/// A line of a chart.
pub struct Line {
    /// Stands before its value; empty for the only line.
    pub name: &'static str,
    pub of: fn(&UsagePoint) -> i64,
}

/// The path of one line. The newest point is at the right edge, `highest` near the top.
fn path(points: &[UsagePoint], of: fn(&UsagePoint) -> i64, highest: i64) -> String {
    let Some(newest) = points.last().map(|point| point.at) else { return String::new() };
    let mut path = String::new();
    let mut before = None;
    for point in points.iter().filter(|point| newest.since(point.at) <= SPAN_MS) {
        let x = WIDTH as f64 * (1.0 - newest.since(point.at) as f64 / SPAN_MS as f64);
        let part = of(point).max(0) as f64 / highest.max(1) as f64;
        let y = HEIGHT as f64 - 1.0 - part * (HEIGHT - 4) as f64;
        let joined = before.is_some_and(|before| point.at.since(before) <= GAP_MS);
        // A line from nowhere to itself is a dot, so that a lonely point is seen.
        let step = if joined { format!("L{x:.1} {y:.1}") } else { format!("M{x:.1} {y:.1}h.1") };
        path.push_str(&step);
        before = Some(point.at);
    }
    path
}

fn highest(points: &[UsagePoint], lines: &[Line]) -> i64 {
    let all = points.iter().flat_map(|point| lines.iter().map(|line| (line.of)(point)));
    all.max().unwrap_or_default()
}

#[component]
pub fn Chart(
    title: &'static str,
    lines: &'static [Line],
    /// Writes a value with its unit.
    write: fn(i64) -> String,
    /// What the value may be at most, where there is a limit.
    #[prop(optional)]
    limit: Option<fn(&UsagePoint) -> i64>,
    points: RwSignal<Vec<UsagePoint>>,
) -> AnyView {
    let present = Memo::new(move |_| {
        points.with(|points| {
            let last = points.last()?;
            let value = |line: &Line| match line.name {
                "" => write((line.of)(last)),
                name => format!("{name} {}", write((line.of)(last))),
            };
            let values = lines.iter().map(value).collect::<Vec<_>>().join(", ");
            Some(match limit {
                Some(limit) => format!("{values} of {}", write(limit(last))),
                None => values,
            })
        })
    });
    let most = Memo::new(move |_| points.with(|points| highest(points, lines)));
    let label = move || match present.get() {
        Some(present) => {
            format!("{title}: now {present}, at most {} in 15 minutes", write(most.get()))
        }
        None => format!("{title}: nothing measured yet"),
    };
    // Which line is which, where there are two.
    let key = (lines.len() > 1).then(|| {
        lines
            .iter()
            .enumerate()
            .map(|(number, line)| {
                let class = if number == 0 { "chart-key" } else { "chart-key chart-second" };
                view! { <span class=class>{line.name}</span> }.into_any()
            })
            .collect::<Vec<_>>()
    });
    let paths: Vec<AnyView> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let of = line.of;
            let class = if number == 0 { "chart-line" } else { "chart-line chart-second" };
            let d = move || points.with(|points| path(points, of, most.get()));
            view! { <path class=class d=d></path> }.into_any()
        })
        .collect();
    view! {
        <figure class="chart">
            <figcaption class="chart-head">
                <span class="chart-title">{title}</span>
                <span class="chart-now">
                    {move || present.get().unwrap_or_else(|| "—".to_owned())}
                </span>
            </figcaption>
            <svg
                role="img"
                aria-label=label
                viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                preserveAspectRatio="none"
            >
                {paths}
            </svg>
            <p class="chart-most">
                <span class="chart-keys">{key}</span>
                {move || present.get().map(|_| format!("highest {}", write(most.get())))}
            </p>
        </figure>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn point(at: i64, cpu_millis: i64) -> UsagePoint {
        UsagePoint {
            at: Timestamp(at),
            cpu_millis,
            memory_bytes: 0,
            memory_limit: 0,
            received: 0,
            sent: 0,
            read: 0,
            written: 0,
            processes: 0,
        }
    }

    #[test]
    fn a_line_ends_at_the_right_and_its_highest_is_at_the_top() {
        let points = [point(0, 0), point(3_000, 50), point(6_000, 100)];
        let drawn = path(&points, |p| p.cpu_millis, 100);
        assert!(drawn.starts_with('M') && drawn.ends_with("L300.0 3.0"), "{drawn}");
        assert_eq!(path(&[], |p| p.cpu_millis, 100), "");
    }

    #[test]
    fn what_was_not_measured_is_a_gap_and_what_is_long_ago_is_gone() {
        let points = [point(0, 1), point(SPAN_MS, 1), point(SPAN_MS + 3_000, 1)];
        let drawn = path(&points, |p| p.cpu_millis, 1);
        assert_eq!((drawn.matches('M').count(), drawn.matches('L').count()), (1, 1), "{drawn}");
        let apart = [point(0, 1), point(GAP_MS + 1, 1)];
        assert_eq!(path(&apart, |p| p.cpu_millis, 1).matches('M').count(), 2);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_chart_says_its_values_in_words() {
        const CPU: &[Line] = &[Line { name: "", of: |p| p.cpu_millis }];
        let owner = Owner::new();
        owner.set();
        let html = |points: Vec<UsagePoint>| {
            let points = RwSignal::new(points);
            view! { <Chart title="CPU" lines=CPU write=|n| format!("{n} m") points /> }.to_html()
        };
        let some = html(vec![point(0, 40), point(3_000, 20)]);
        assert!(
            some.contains("aria-label=\"CPU: now 20 m, at most 40 m in 15 minutes\""),
            "{some}"
        );
        assert!(some.contains("role=\"img\"") && some.contains("highest 40 m"), "{some}");
        assert!(!some.contains("style="), "{some}");
        assert!(html(Vec::new()).contains("CPU: nothing measured yet"));
    }
}
