//! The program that prints the token, as it is written on the command line and in a file of settings.

use std::str::FromStr;

/// A program and its arguments.
#[derive(Clone)]
pub(crate) struct TokenCommand {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
}

impl FromStr for TokenCommand {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = shlex::split(text).ok_or("a quote is not closed")?.into_iter();
        let program = words.next().ok_or("it names no program")?;
        Ok(Self { program, arguments: words.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_commands() {
        let words = |text: &str| {
            let command = text.parse::<TokenCommand>().map_err(str::to_owned)?;
            Ok::<_, String>([vec![command.program], command.arguments].concat().join("|"))
        };
        assert_eq!(words("vault kv get 'a b' \"c\"").expect("words"), "vault|kv|get|a b|c");
        assert_eq!(words("sh -c 'a | b'").expect("words"), "sh|-c|a | b");
        assert_eq!(words("a 'b").expect_err("open"), "a quote is not closed");
        assert_eq!(words(" ").expect_err("empty"), "it names no program");
    }
}
