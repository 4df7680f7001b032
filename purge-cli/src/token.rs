//! Where the token comes from: the environment, and token commands as they are written on the command line and in
//! settings files.

use std::ffi::OsString;
use std::path::Path;

use purge_api_ext::TokenProvider;

use crate::environment::{self, API_KEY, API_SECRET, TOKEN};
use crate::exit::Failure;

/// The provider that the environment names, and the variable that does so.
pub(crate) fn from_environment() -> Result<Option<(TokenProvider, &'static str)>, Failure> {
    let is_token = environment::is_set(TOKEN);
    match (environment::is_set(API_KEY), environment::is_set(API_SECRET)) {
        (false, false) if is_token => Ok(Some((TokenProvider::from_env(TOKEN), TOKEN))),
        (false, false) => Ok(None),
        (true, true) if !is_token => {
            let text = |name| environment::text(name).map_err(Failure::usage);
            let (key, secret) = (text(API_KEY)?, text(API_SECRET)?);
            let provider =
                TokenProvider::from_api_key(key.unwrap_or_default(), secret.unwrap_or_default());
            Ok(Some((provider, API_KEY)))
        }
        (is_key, _) if is_token => {
            let other = if is_key { API_KEY } else { API_SECRET };
            Err(Failure::usage(format!("both {TOKEN} and {other} are set: unset one of them")))
        }
        (is_key, _) => {
            let (set, unset) = if is_key { (API_KEY, API_SECRET) } else { (API_SECRET, API_KEY) };
            Err(Failure::usage(format!("{set} is set, but {unset} is not: set both")))
        }
    }
}

/// A provider that runs the program. If a settings file names it, that file is in `folder`.
pub(crate) fn from_command(
    text: &str,
    folder: Option<&Path>,
) -> Result<TokenProvider, &'static str> {
    let mut words = words(text)?.into_iter();
    let program = words.next().ok_or("it names no program")?;
    let program = match folder {
        Some(folder) => below(folder, &program),
        None => program.into(),
    };
    Ok(TokenProvider::from_command(program, words))
}

/// A program that a file in `folder` names. With a slash, it is relative to that folder. A bare name is looked
/// up in `PATH` and never in the working directory, not even on Windows.
fn below(folder: &Path, program: &str) -> OsString {
    let parent = Path::new(program).parent();
    match parent.is_some_and(|parent| !parent.as_os_str().is_empty()) {
        true => folder.join(program).into(),
        false => program.into(),
    }
}

fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let words = shlex::split(text).ok_or("a quote is not closed")?;
    // A quoted operator may be an argument; an unquoted one was meant for a shell.
    let unquoted = text.split_ascii_whitespace().filter(|word| is_operator(word));
    if unquoted.into_iter().any(|operator| words.iter().any(|word| word == operator)) {
        return Err(
            "no shell runs it, so a pipe or redirection has no effect; wrap it in `sh -c '...'`",
        );
    }
    Ok(words)
}

/// Whether a shell takes this word for an operator that joins or redirects programs.
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
        assert_eq!(
            words("vault kv get 'a b' \"c\""),
            Ok(["vault", "kv", "get", "a b", "c"].map(str::to_owned).into())
        );
        assert_eq!(words("sh -c 'a | b'"), Ok(["sh", "-c", "a | b"].map(str::to_owned).into()));
        assert_eq!(words("a 'b"), Err("a quote is not closed"));
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
            assert!(why.ends_with("wrap it in `sh -c '...'`"), "{text}: {why}");
        }
        for text in ["sh -c 'a | b > c'", "a '|' b", "jq '.a > 1'", "a b>c", "sh -c \"a | b\""] {
            words(text).expect(text);
        }
        assert_eq!(from_command(" ", None).expect_err("empty"), "it names no program");
    }

    #[cfg(unix)]
    #[test]
    fn programs_with_a_slash_are_relative_to_the_file_that_names_them() {
        let below = |text: &str| below(Path::new("/home/me/.config/purge"), text);
        assert_eq!(below("vault"), "vault");
        assert_eq!(below("./login"), "/home/me/.config/purge/./login");
        assert_eq!(below("bin/login"), "/home/me/.config/purge/bin/login");
        assert_eq!(below("../login"), "/home/me/.config/purge/../login");
        assert_eq!(below("/usr/bin/vault"), "/usr/bin/vault");
    }
}
