//! Variants of a path.

use std::collections::BTreeMap;
use std::fmt;

use purge_api_ext::{PathError, PurgePath, escape};

/// The maximum number of variants of one template.
const MOST: usize = 1000;

/// One variant: the text before and after the path.
#[derive(Clone, Debug)]
pub(super) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// One for each combination of values.
    pub(super) fn all(
        template: &str,
        values: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<Self>, TemplateError> {
        let wrong = |why: Why| TemplateError { template: template.to_owned(), why };
        let (before, after) = template.split_once(PATH).ok_or_else(|| wrong(Why::NoPath))?;
        if after.contains(PATH) {
            return Err(wrong(Why::TwoPaths));
        }
        let mut all = vec![Self { before: String::new(), after: String::new() }];
        for (part, is_before) in [(before, true), (after, false)] {
            for piece in pieces(part).map_err(wrong)? {
                let texts = match piece {
                    Piece::Text(text) => &[text.to_owned()][..],
                    Piece::Name(name) => {
                        let values = values.get(name).filter(|values| !values.is_empty());
                        values.ok_or_else(|| wrong(Why::NoValues(name.to_owned())))?
                    }
                };
                if all.len() * texts.len() > MOST {
                    return Err(wrong(Why::TooMany));
                }
                all = all
                    .iter()
                    .flat_map(|one| texts.iter().map(|text| one.with(text, is_before)))
                    .collect();
            }
        }
        for one in &all {
            let example = one.fill("/x");
            let path = PurgePath::new(example.as_str())
                .map_err(|error| wrong(Why::Path(example.clone(), error)))?;
            if path.is_wildcard() {
                return Err(wrong(Why::Wildcard));
            }
        }
        Ok(all)
    }

    pub(super) fn fill(&self, path: &str) -> String {
        format!("{}{path}{}", self.before, self.after)
    }

    fn with(&self, text: &str, is_before: bool) -> Self {
        let mut more = self.clone();
        if is_before {
            more.before.push_str(text)
        } else {
            more.after.push_str(text)
        }
        more
    }
}

const PATH: &str = "{path}";

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn pieces(mut part: &str) -> Result<Vec<Piece<'_>>, Why> {
    let mut pieces = Vec::new();
    while let Some((text, rest)) = part.split_once('{') {
        let (name, rest) = rest.split_once('}').ok_or(Why::Open)?;
        pieces.extend([Piece::Text(text), Piece::Name(name)]);
        part = rest;
    }
    pieces.push(Piece::Text(part));
    Ok(pieces)
}

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    template: String,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    NoPath,
    TwoPaths,
    Open,
    NoValues(String),
    TooMany,
    Wildcard,
    Path(String, PathError),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template `{}`: ", escape(&self.template))?;
        match &self.why {
            Why::NoPath => f.write_str("it has no `{path}`"),
            Why::TwoPaths => f.write_str("it has `{path}` twice"),
            Why::Open => f.write_str("a `{` without a `}`"),
            Why::NoValues(name) => {
                let name = escape(name);
                write!(
                    f,
                    "`{name}` has no values: list them in `values`, as in `{name} = [\"a\", \"b\"]`"
                )
            }
            Why::TooMany => write!(f, "it makes more than {MOST} variants"),
            Why::Wildcard => f.write_str("a `*`: list the values that it stands for"),
            Why::Path(example, error) => write!(f, "`{}`: {error}", escape(example)),
        }
    }
}

impl std::error::Error for TemplateError {}
