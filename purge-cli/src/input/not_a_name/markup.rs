//! JSON, YAML and other formats in which names are quoted or listed.

use super::{LIKE_THAT, Says, is_file, says};

pub(super) fn refusal(line: &str) -> Says {
    if is_json(line) {
        return says("JSON: list one name per line, as `jq -r '.[]'` does", LIKE_THAT);
    }
    if line.starts_with("[/") || line.starts_with("(/") {
        return says("a path in brackets: remove them", LIKE_THAT);
    }
    if is_quoted(line) {
        return says("a name in quotes: remove them", "; a name that contains them needs `-0`");
    }
    if is_settings(line) {
        return says(
            "a line of YAML, TOML or a table: list only the names, one per line",
            LIKE_THAT,
        );
    }
    if is_variable(line) {
        return says("a variable that was not replaced: list the names themselves", LIKE_THAT);
    }
    if line.starts_with('<') && line.ends_with('>') {
        return says("markup: list only the names, one per line", LIKE_THAT);
    }
    None
}

fn is_json(line: &str) -> bool {
    let line = line.trim_ascii();
    let starts = ["[\"", "['", "{\"", "[{"].iter().any(|text| line.starts_with(text));
    // `["slug"].html`
    let is_name = is_file(line) && ["\"]", "']", "\"}"].iter().any(|text| line.contains(text));
    let is_key = line.starts_with('"') && line.contains("\":");
    (starts && (!is_name || line.contains(',')))
        || ["[", "]", "{", "}", "],", "},", "[]", "{}"].contains(&line)
        || is_key
        || (line.starts_with('"') && line.ends_with("\","))
}

fn is_quoted(line: &str) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_suffix(',').unwrap_or(line);
    let is = |quote: char| line.len() > 2 && line.starts_with(quote) && line.ends_with(quote);
    ['"', '\'', '`'].into_iter().any(is) || (line.starts_with('"') && line.contains("\","))
}

/// `paths:`, `  - a`, `---`; `paths = ["a"`; `| a | 1 |`, `----  ----`
fn is_settings(line: &str) -> bool {
    let is_rule = line.len() > 2
        && line.starts_with(['-', '=', '+'])
        && line.trim_start_matches('+').starts_with(['-', '='])
        && line.bytes().all(|byte| b"-=+| ".contains(&byte))
        && line.contains(['-', '='])
        && (line.starts_with("---") || line.starts_with("===") || line.starts_with("+-"));
    let value = line.split_once('=').map(|(key, value)| (key.trim_ascii(), value.trim_ascii()));
    let is_value = value.is_some_and(|(key, value)| {
        !key.is_empty()
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            && (["[\"", "['"].iter().any(|open| value.starts_with(open))
                || value == "["
                || (value.starts_with(['"', '\'']) && value.ends_with(['"', '\''])))
    });
    is_rule
        || is_value
        || (line.len() > 1 && line.ends_with(':'))
        || (line.starts_with(' ') && line.trim_ascii_start().starts_with("- "))
        || line.starts_with("| ")
        || (line.len() > 1 && line.starts_with('|') && line.ends_with('|'))
}

/// `$FILE`, `${file}`, `$(git diff)`, `$env:FILE`, `{{ item }}`, `%FILE%`. A route such as `$slug.tsx` is a name.
fn is_variable(line: &str) -> bool {
    let is_word = |word: &str| {
        word.len() > 1
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let first = line.trim_start_matches('/').split('/').next().unwrap_or_default();
    let percent = first.strip_prefix('%').and_then(|rest| rest.split_once('%'));
    let opened = line.find("{{").map(|at| &line[at..]);
    first.strip_prefix('$').is_some_and(is_word)
        || percent.is_some_and(|(word, _)| is_word(word))
        || ["${", "$("].iter().any(|open| begins_word(line, open))
        || first.starts_with("$env:")
        || opened.is_some_and(|rest| rest.contains("}}"))
}

fn begins_word(line: &str, open: &str) -> bool {
    let after = line.find(open).and_then(|at| line[at + open.len()..].chars().next());
    after.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
}
