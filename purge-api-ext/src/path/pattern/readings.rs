//! The possible readings of `*`, each implemented by its definition, as a reference for tests.

/// One way to read `*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    may_be_empty: bool,
    may_cut_escapes: bool,
}

impl Reading {
    pub(crate) const ALL: [Self; 4] = [
        Self { may_be_empty: false, may_cut_escapes: false },
        Self { may_be_empty: false, may_cut_escapes: true },
        Self { may_be_empty: true, may_cut_escapes: false },
        Self { may_be_empty: true, may_cut_escapes: true },
    ];

    /// Whether the pattern matches the text, by trying everything that each star could match.
    pub(crate) fn matches(self, pattern: &str, text: &str) -> bool {
        self.matches_units(&self.units(pattern), &self.units(text))
    }

    fn matches_units(self, pattern: &[&str], text: &[&str]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ["*", rest @ ..] => {
                let least = usize::from(!self.may_be_empty);
                (least..=text.len()).any(|taken| self.matches_units(rest, &text[taken..]))
            }
            [unit, rest @ ..] => text.first() == Some(unit) && self.matches_units(rest, &text[1..]),
        }
    }

    /// Splits a text into the units that a star matches only as a whole.
    fn units(self, mut text: &str) -> Vec<&str> {
        let mut units = Vec::new();
        while !text.is_empty() {
            let is_whole = text.starts_with('%') && !self.may_cut_escapes;
            let (unit, rest) = text.split_at(if is_whole { 3 } else { 1 });
            units.push(unit);
            text = rest;
        }
        units
    }
}

/// All texts of at most `most` of these units.
pub(crate) fn texts(units: &[&str], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..most {
        last = last
            .iter()
            .flat_map(|text| units.iter().map(move |unit| format!("{text}{unit}")))
            .collect();
        all.extend_from_slice(&last);
    }
    all
}
