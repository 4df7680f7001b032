//! A checklist of claims about the tree. Each gets a line: it holds, could not be checked, or is broken,
//! with details.

use std::io::Write;

use crate::Error;
use crate::workspace::Tree;

/// The exit code when a claim does not hold.
const BROKEN: u8 = 1;

pub(crate) enum Outcome {
    Holds,
    /// What is missing to check it.
    Skipped(String),
    /// What is wrong, where, and how to fix it: one line each.
    Broken(String),
}

/// A claim and its check.
pub(crate) type Claim = (&'static str, fn(&Tree) -> Result<Outcome, Error>);

pub(crate) fn run(tree: &Tree, claims: &[Claim], out: &mut dyn Write) -> Result<u8, Error> {
    let mut code = 0;
    for (claim, check) in claims {
        // A check that cannot run does not keep the others from running.
        match check(tree).unwrap_or_else(|error| Outcome::Broken(error.to_string())) {
            Outcome::Holds => writeln!(out, "ok      {claim}")?,
            Outcome::Skipped(why) => writeln!(out, "skipped {claim}: {why}")?,
            Outcome::Broken(how) => {
                code = BROKEN;
                writeln!(out, "broken  {claim}")?;
                for line in how.trim_end().lines() {
                    writeln!(out, "          {line}")?;
                }
            }
        }
    }
    Ok(code)
}

impl Outcome {
    /// Broken if anything was found.
    pub(crate) fn judge(found: Vec<String>) -> Self {
        if found.is_empty() { Self::Holds } else { Self::Broken(found.join("\n")) }
    }

    /// Broken unless it holds; `said` is the output of the command that checked it.
    pub(crate) fn unless(holds: bool, said: &[u8]) -> Self {
        if holds { Self::Holds } else { Self::Broken(String::from_utf8_lossy(said).into_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_cannot_run_is_one_line_among_others() {
        let tree = Tree::find(Some("nowhere".into())).expect("a tree");
        let mut out = Vec::new();
        let claims: [Claim; 2] = [
            ("it can be read", |_| Err(Error::new("it could not be read:\nno such file"))),
            ("it is there", |_| Ok(Outcome::Holds)),
        ];
        assert_eq!(run(&tree, &claims, &mut out).expect("memory can be written"), BROKEN);
        let lines = "broken  it can be read\n          it could not be read:\n          no such file\nok      it is there\n";
        assert_eq!(String::from_utf8_lossy(&out), lines);
    }
}
