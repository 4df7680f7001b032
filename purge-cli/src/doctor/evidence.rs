//! What speaks for a fact, and what against it.

use serde_json::Value;

/// Whether a fact was seen to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Something that was seen is different from it.
    Contradicted,
    /// Nothing that was seen says anything about it.
    NotSeen,
    /// What was seen is as it says.
    Matched,
}

impl Outcome {
    /// Its word, in the text and in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::NotSeen => "not seen",
            Self::Matched => "matched",
        }
    }
}

/// What was seen of a fact. One contradiction outweighs every match.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    matches: Vec<String>,
    contradictions: Vec<String>,
    /// Why nothing was seen, if that is more than what the fact needs.
    silence: Option<&'static str>,
}

/// How many different forms of the same thing are named.
const NAMED: usize = 5;

impl Evidence {
    pub(super) fn matches(&mut self, what: impl Into<String>) {
        add(&mut self.matches, what.into());
    }

    pub(super) fn contradicts(&mut self, what: impl Into<String>) {
        add(&mut self.contradictions, what.into());
    }

    /// Something was there, and says nothing about the fact.
    pub(super) fn is_silent(&mut self, why: &'static str) {
        self.silence = Some(why);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.matches.is_empty() && self.contradictions.is_empty()
    }

    /// The outcome, and what was seen. Without evidence, it says what there would have to be.
    pub(super) fn conclusion(self, needs: &str) -> (Outcome, String) {
        let listed = |mut notes: Vec<String>| {
            let more = notes.len().saturating_sub(NAMED);
            notes.truncate(NAMED);
            let more = (more > 0).then(|| format!("{more} more"));
            notes.into_iter().chain(more).collect::<Vec<_>>().join("; ")
        };
        match (self.contradictions.is_empty(), self.matches.is_empty()) {
            (false, _) => (Outcome::Contradicted, listed(self.contradictions)),
            (true, false) => (Outcome::Matched, listed(self.matches)),
            (true, true) => {
                let why = self.silence.map_or_else(|| format!("needs {needs}"), str::to_owned);
                (Outcome::NotSeen, why)
            }
        }
    }
}

fn add(notes: &mut Vec<String>, what: String) {
    if !notes.contains(&what) {
        notes.push(what);
    }
}

/// What a value is, without the value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(false) => "false",
        Value::Bool(true) => "true",
        Value::Number(number) if number.is_f64() => "a number that is not an integer",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(items) if items.is_empty() => "an empty array",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Foreign text in a finding: its beginning, in backticks.
pub(super) fn quoted(text: &str) -> String {
    const CHARACTERS: usize = 40;
    let text = purge_api_ext::escape(text).replace('`', "'");
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradiction_outweighs_matches_and_nothing_is_not_a_match() {
        let mut evidence = Evidence::default();
        let needs = "a record";
        assert_eq!(evidence.clone().conclusion(needs), (Outcome::NotSeen, "needs a record".into()));
        evidence.is_silent("only null");
        assert_eq!(evidence.clone().conclusion(needs), (Outcome::NotSeen, "only null".into()));
        evidence.matches("a");
        evidence.matches("a");
        evidence.matches("b");
        assert_eq!(evidence.clone().conclusion(needs), (Outcome::Matched, "a; b".into()));
        (0..7).for_each(|number| evidence.contradicts(number.to_string()));
        assert_eq!(
            evidence.conclusion(needs),
            (Outcome::Contradicted, "0; 1; 2; 3; 4; 2 more".into())
        );
    }

    #[test]
    fn foreign_text_is_short_and_harmless() {
        assert_eq!(quoted("a`b\u{1b}"), r"`a'b\u{1b}`");
        assert_eq!(quoted(&"a".repeat(50)), format!("`{}…`", "a".repeat(40)));
    }
}
