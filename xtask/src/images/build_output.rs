//! How far an image build is, read from what the client prints.
//!
//! Three programs say the same in three ways: Docker's classic builder, BuildKit, and Podman.

#[derive(Debug, PartialEq)]
pub struct Step {
    pub number: u32,
    pub of: u32,
    pub instruction: String,
}

/// Long commands are cut: the text goes into a tile.
const LONGEST: usize = 120;

pub fn step(line: &str) -> Option<Step> {
    classic(line).or_else(|| buildkit(line))
}

/// `Step 3/12 : RUN apt-get update` and `STEP 3/12: RUN apt-get update`
fn classic(line: &str) -> Option<Step> {
    let rest = line.strip_prefix("Step ").or_else(|| line.strip_prefix("STEP "))?;
    let (count, instruction) = rest.split_once(':')?;
    made(count.trim(), instruction)
}

/// `#7 [3/12] RUN apt-get update` and `#7 [build 3/12] RUN apt-get update`
fn buildkit(line: &str) -> Option<Step> {
    let (count, instruction) = line.strip_prefix('#')?.split_once(" [")?.1.split_once(']')?;
    made(count.rsplit(' ').next()?, instruction)
}

fn made(count: &str, instruction: &str) -> Option<Step> {
    let (number, of) = count.split_once('/')?;
    let instruction = instruction.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Step {
        number: number.parse().ok()?,
        of: of.parse().ok()?,
        instruction: match instruction.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &instruction[..end]),
            None => instruction,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builder_is_understood() {
        let wanted = || Some(Step { number: 3, of: 12, instruction: "RUN apt-get update".into() });
        for line in [
            "Step 3/12 : RUN apt-get update",
            "STEP 3/12: RUN apt-get update",
            "#7 [3/12] RUN apt-get  update",
            "#7 [build 3/12] RUN apt-get update",
        ] {
            assert_eq!(step(line), wanted(), "{line}");
        }
    }

    #[test]
    fn other_output_is_no_step() {
        for line in [
            "",
            " ---> 2b7f8bc40cfa",
            "#5 [internal] load build context",
            "#6 0.312 Get:1 http://deb.debian.org bookworm InRelease [151 kB]",
            "Step aside: 3/4",
            "Successfully tagged slipway/desktop:latest",
        ] {
            assert_eq!(step(line), None, "{line}");
        }
    }

    #[test]
    fn long_instructions_are_cut_at_a_character() {
        let step = step(&format!("Step 1/2 : RUN {}", "ü".repeat(200))).unwrap();
        assert_eq!(step.instruction.chars().count(), LONGEST + 1);
        assert!(step.instruction.ends_with('…'));
    }
}
