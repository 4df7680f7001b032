//! The commands of a page and their output.

use uuid::Uuid;

use super::text;

/// A page of `docs/`.
pub(super) struct Page(String);

/// A `bash` block and the `text` block that follows it. Without a `text` block, nothing is printed.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) script: String,
    pub(super) output: String,
}

impl Page {
    pub(super) fn read(name: &str) -> Self {
        Self(text(&format!("docs/{name}")))
    }

    /// All examples of the page, in order.
    pub(super) fn examples(&self) -> Vec<Example> {
        examples(&self.0)
    }

    /// The example of the section with this title.
    pub(super) fn example(&self, title: &str) -> Example {
        examples(self.section(title)).first().expect("an example").clone()
    }

    /// The first block of a language in the section with this title.
    pub(super) fn block(&self, title: &str, kind: &str) -> String {
        let mut lines = self.section(title).lines();
        lines.by_ref().find(|line| line.strip_prefix("```") == Some(kind)).expect(kind);
        lines.take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect()
    }

    fn section(&self, title: &str) -> &str {
        self.0.split("\n## ").find(|section| section.starts_with(title)).expect(title)
    }
}

fn examples(text: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else { continue };
        let block = lines.by_ref().take_while(|line| *line != "```");
        let block: String = block.flat_map(|line| [line, "\n"]).collect();
        match kind {
            "bash" => found.push(Example { script: block, output: String::new() }),
            "text" => found.last_mut().expect("a script before its output").output.push_str(&block),
            _ => {}
        }
    }
    found
}

/// Output as a page shows it: identifiers that differ in each run become an ellipsis.
pub(super) fn shown(printed: &str, page: &str) -> String {
    let words = printed.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let shown = words.map(|word| {
        let id = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        match Uuid::parse_str(id) {
            Ok(_) if id.len() == 36 && !page.contains(id) => word.replace(id, "…"),
            _ => word.to_owned(),
        }
    });
    shown.collect()
}
