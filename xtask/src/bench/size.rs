//! What a browser downloads before the console is live, against the budget.

use std::fs;

use anyhow::Result;

use super::lab::Lab;
use super::table::{Row, percent};
use crate::budget;
use crate::bundle;
use crate::precompress::neighbour;
use crate::progress::say;

pub fn run(lab: &Lab) -> Result<Vec<Row>> {
    bundle::bundle(lab.paths)?;
    say("size: the client's files");
    say(&format!("  {:<14} {:>12} {:>10} {:>10}", "", "as built", "gzip", "brotli"));
    let dist = &lab.paths.dist;
    for name in budget::COUNTED.iter().chain(&["app.css"]) {
        let file = dist.join("pkg").join(name);
        say(&format!(
            "  {name:<14} {:>12} {:>10} {:>10}",
            budget::kilobytes(fs::metadata(&file)?.len()),
            budget::kilobytes(fs::metadata(neighbour(&file, "gz"))?.len()),
            budget::kilobytes(budget::wire_size(&file)?),
        ));
    }
    let spent = budget::spent(dist)?;
    let budget_said = budget::kilobytes(budget::MOST);
    Ok(vec![
        Row::new("size: script and WASM, brotli", budget::kilobytes(spent))
            .beside("", percent(spent as f64 / budget::MOST as f64))
            .target(format!("≤ {budget_said}"), spent <= budget::MOST),
    ])
}
