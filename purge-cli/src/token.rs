//! The program that prints the token, as it is written on the command line and in a file of settings.

use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct TokenCommand {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<String>,
}

impl TokenCommand {
    /// The same command, as a file in `folder` names it: a program with a slash is relative to the folder. A
    /// bare name is looked for in `PATH`, and not in the working directory, on Windows either.
    pub(crate) fn below(mut self, folder: &Path) -> Self {
        let program = Path::new(&self.program);
        if program.parent().is_some_and(|parent| !parent.as_os_str().is_empty()) {
            self.program = folder.join(program).into();
        }
        self
    }
}

impl FromStr for TokenCommand {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words = shlex::split(text).ok_or("a quote is not closed")?;
        // Quoted, it may be an argument; but a shell alone joins programs by it.
        let unquoted = text.split_ascii_whitespace().filter(|word| is_operator(word));
        if unquoted.into_iter().any(|operator| words.iter().any(|word| word == operator)) {
            return Err(
                "no shell runs it, so that a pipe or redirection is an argument; write `sh -c '...'` around it",
            );
        }
        let mut words = words.into_iter();
        let program = words.next().ok_or("it names no program")?;
        Ok(Self { program: program.into(), arguments: words.collect() })
    }
}

/// Whether a word joins or redirects programs, for a shell.
fn is_operator(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
    matches!(word, "|" | "||" | "&&" | "&" | ";" | ">" | ">>" | "<" | "|&" | ">&1" | ">&2" | "&>")
        || word.starts_with(">/")
        || word.starts_with("</")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_commands() {
        let words = |text: &str| {
            let command = text.parse::<TokenCommand>().map_err(str::to_owned)?;
            let program = command.program.into_string().expect("text");
            Ok::<_, String>([vec![program], command.arguments].concat().join("|"))
        };
        assert_eq!(words("vault kv get 'a b' \"c\"").expect("words"), "vault|kv|get|a b|c");
        assert_eq!(words("sh -c 'a | b'").expect("words"), "sh|-c|a | b");
        assert_eq!(words("a 'b").expect_err("open"), "a quote is not closed");
        for text in [
            "cat ok | tr -d x",
            "a && b",
            "a || b",
            "a ; b",
            "a > b",
            "a 2> b",
            "a 2>/dev/null",
            "a 2>&1",
            "a < b",
            "a &",
        ] {
            let why = words(text).expect_err(text);
            assert!(why.ends_with("write `sh -c '...'` around it"), "{text}: {why}");
        }
        for text in ["sh -c 'a | b > c'", "a '|' b", "jq '.a > 1'", "a b>c", "sh -c \"a | b\""] {
            words(text).expect(text);
        }
        assert_eq!(words(" ").expect_err("empty"), "it names no program");
    }

    #[cfg(unix)]
    #[test]
    fn programs_with_a_slash_are_relative_to_the_file_that_names_them() {
        let below = |text: &str| {
            let command: TokenCommand = text.parse().expect("a command");
            command.below(Path::new("/home/me/.config/purge")).program
        };
        assert_eq!(below("vault kv get a/b"), "vault");
        assert_eq!(below("./login"), "/home/me/.config/purge/./login");
        assert_eq!(below("bin/login --quiet"), "/home/me/.config/purge/bin/login");
        assert_eq!(below("../login"), "/home/me/.config/purge/../login");
        assert_eq!(below("/usr/bin/vault"), "/usr/bin/vault");
    }
}
