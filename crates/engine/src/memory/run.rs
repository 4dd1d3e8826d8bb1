//! Toy commands: enough of a shell to write, to read what a container was given, to take time and to
//! fail.

use super::MemoryEngine;
use crate::{Ran, RunSpec};
use domain::Result;
use std::time::Duration;

/// Between two looks at whether the container is still there.
const LOOK: Duration = Duration::from_millis(5);
const KILLED: i64 = 137;
const UNKNOWN: i64 = 127;

impl MemoryEngine {
    pub(super) async fn play(&self, name: &str, spec: &RunSpec) -> Result<Ran> {
        self.world().awake(name, "run a command in")?.begun.push(spec.command.clone());
        let script = match spec.command.as_slice() {
            [_, flag, script, ..] if flag == "-c" => script.clone(),
            words => words.join(" "),
        };
        let mut output = String::new();
        let mut exit_code = Some(0);
        for line in script.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "sleep" => {
                    let wanted = Duration::from_secs_f64(rest.parse().unwrap_or_default());
                    if !self.sleep(name, wanted.min(spec.patience)).await {
                        exit_code = Some(KILLED);
                        break;
                    }
                    if wanted > spec.patience {
                        exit_code = None;
                        break;
                    }
                }
                "exit" => {
                    exit_code = Some(rest.parse().unwrap_or_default());
                    break;
                }
                _ => exit_code = Some(self.obey(name, word, rest, &mut output)),
            }
        }
        let from = output.len().saturating_sub(spec.longest);
        let from = (from..=output.len()).find(|at| output.is_char_boundary(*at));
        Ok(Ran { exit_code, output: output.split_off(from.unwrap_or_default()) })
    }

    /// Whether the container ran all the while.
    async fn sleep(&self, name: &str, wanted: Duration) -> bool {
        let until = tokio::time::Instant::now() + wanted;
        loop {
            let runs = self.world().containers.get(name).is_some_and(super::world::Held::alive);
            if !runs || tokio::time::Instant::now() >= until {
                return runs;
            }
            tokio::time::sleep(LOOK.min(wanted)).await;
        }
    }

    fn obey(&self, name: &str, word: &str, rest: &str, output: &mut String) -> i64 {
        let world = self.world();
        let Some(container) = world.containers.get(name) else { return KILLED };
        let said = match word {
            "echo" => Some(rest.to_owned()),
            "cat" => container.put.get(rest).cloned(),
            "printenv" => {
                let mut all = container.spec.environment.iter();
                all.find(|(known, _)| known == rest).map(|(_, value)| value.clone())
            }
            _ => return UNKNOWN,
        };
        let Some(said) = said else { return 1 };
        output.push_str(&said);
        if word != "cat" {
            output.push('\n');
        }
        0
    }
}
