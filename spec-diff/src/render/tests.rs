//! Whatever a document says: every output keeps its form, and shows the text as text.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use super::*;
use crate::message::{Message, Piece};
use crate::text::plain;
use crate::{Library, RustDiff, wire};

/// The pieces of the texts: those that end a span, a cell, a line or an element, or that are interpreted.
const PIECES: &[&str] = &[
    "a",
    "Z9",
    " ",
    "  ",
    "`",
    "``",
    "```",
    "|",
    "\\",
    "\\|",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{85}",
    "\u{9b}",
    "\u{61c}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{feff}",
    "\u{2}",
    "\u{3}",
    "\n::error::",
    "::",
    "##[error]",
    "#",
    "*",
    "_",
    "~~",
    "[a](b)",
    "![a](b)",
    "<b>",
    "</code>",
    "</table>",
    "</details>",
    "<!--",
    "-->",
    "&lt;",
    "&#124;",
    "http://a.example",
    "@a",
    "- ",
    "1. ",
    "→",
    "\u{e9}",
    "\u{1f600}",
    "'",
    "\"",
    "$",
    "{",
    "}",
    "/",
    "~",
    "---",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..6).prop_map(|pieces| pieces.concat())
}

/// A description with the texts in every place where its author can write any text.
fn document(t: &[String]) -> Value {
    let schema = json!({
        "type": t[0], "format": t[1], "pattern": t[2], "title": t[3], "description": t[4],
        "enum": [t[5], t[6]], "default": t[7], (t[8].clone()): t[9],
        "properties": { (t[10].clone()): { "type": t[11], "enum": [t[0]] } },
        "oneOf": [{ "pattern": t[12] }], "additionalProperties": { "pattern": t[13] },
        "minimum": t[1], "discriminator": { "propertyName": t[2] },
    });
    json!({
        "openapi": t[3], "info": { "title": t[4], "version": t[5], (format!("x-{}", t[6])): t[7] },
        "servers": [{ "url": t[8], "description": t[9], "variables": { "a": t[10] } }],
        "tags": [t[11]], (t[12].clone()): t[13],
        "security": [{ (t[0].clone()): [t[1]] }, { (t[2].clone()): [] }],
        "paths": {
            (format!("/{}", t[3])): {
                (t[4].clone()): t[5],
                "get": {
                    "operationId": t[6], "tags": [t[7]], (t[8].clone()): t[9],
                    "parameters": [
                        { "in": t[10], "name": t[11], "style": t[12], "schema": schema },
                        { "in": "query", "name": "same", "style": t[12], "schema": schema },
                    ],
                    "requestBody": { "content": { (t[13].clone()): { "schema": schema } } },
                    "responses": {
                        (t[0].clone()): { "description": t[1] },
                        "200": {
                            "headers": { (t[2].clone()): { "schema": schema } },
                            "content": { "same": { "schema": schema }, (t[3].clone()): {} },
                        },
                    },
                },
                "put": { "responses": {} },
            },
            "/same": { "get": { "operationId": "same", "summary": t[4],
                "parameters": [{ "in": "query", "name": "same", "style": t[5], "schema": schema }],
                "responses": { "200": {
                    "content": { "same": { "schema": schema } }, "headers": { "same": { "schema": schema } },
                } },
            } },
        },
        "components": {
            "schemas": { (t[6].clone()): schema, "Unused": schema },
            "securitySchemes": { (t[7].clone()): { "type": t[8] }, "same": { "scheme": t[9] } },
        },
    })
}

fn review() -> impl Strategy<Value = Review> {
    let texts = || prop::collection::vec(text(), 14);
    let items = || prop::collection::vec(text().prop_map(|text| format!("fn {text}")), 0..3);
    let lines = || prop::collection::vec(text(), 0..3);
    (texts(), texts(), items(), items(), prop::option::of(text()), lines()).prop_map(
        |(old, new, added, removed, codegen_error, breaking)| Review {
            versions: (old[5].clone(), new[5].clone()),
            changes: wire(&document(&old), &document(&new)),
            names: (old[1].clone(), new[1].clone()),
            link: None,
            removal: None,
            library: Some(Library { breaking, ..Library::default() }),
            rust: RustDiff { added, removed, codegen_error, known: true, ..RustDiff::default() },
        },
    )
}

/// GitHub refuses a longer comment, and then nobody sees any review.
#[test]
fn a_comment_on_many_documents_is_short_enough() {
    let document = |path: &str| json!({ "paths": { path: { "get": { "responses": {} } } } });
    let review = Review {
        versions: ("1.0.0".to_owned(), "1.0.0".to_owned()),
        changes: wire(&document("/a"), &document("/b")),
        names: ("a.yaml".to_owned(), format!("{}.yaml", "b".repeat(200))),
        link: None,
        removal: None,
        library: None,
        rust: RustDiff { codegen_error: Some("e".repeat(300)), ..RustDiff::default() },
    };
    for count in [2, 60, 161, 1000] {
        let mut out = Vec::new();
        render(&vec![review.clone(); count], Format::Markdown, &mut out).expect("a buffer");
        let comment = String::from_utf8(out).expect("UTF-8");
        assert!(comment.chars().count() <= 65_536, "{count}: {}", comment.len());
        let shown = comment.matches("\n### ").count() + 1;
        let rest = format!(
            "{} more documents do not fit into a comment; {0} of them break callers",
            count - shown
        );
        assert_eq!(comment.contains(&rest), shown < count, "{count}: {shown}");
        assert!(comment.ends_with(&format!("{MARK}\n")));
    }
}

fn rendered(review: &Review, format: Format) -> String {
    let mut out = Vec::new();
    review.render(format, &mut out).expect("a buffer takes everything");
    String::from_utf8(out).expect("UTF-8")
}

/// No active character is left, and no line is a command of a CI system.
fn is_fit_to_print(text: &str) {
    for line in text.split('\n') {
        assert_eq!(plain(line), line);
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
    }
}

/// A message as a reader sees it, without the marks of code.
fn seen(message: &Message) -> String {
    message.shown(|piece| match piece {
        Piece::Words(words) => words.replace('`', ""),
        Piece::Quoted(text) => plain(text),
    })
}

/// The cells of all rows of the only table, each as the texts and pieces of code that it shows.
fn table(comment: &str) -> Vec<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let (mut tables, mut inside) = (0, false);
    for event in Parser::new_ext(comment, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Table(_)) => (tables, inside) = (tables + 1, true),
            Event::End(TagEnd::Table) => inside = false,
            _ if !inside => {}
            Event::Start(Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) if !rows.is_empty() => {
                rows.last_mut().expect("a row").push(vec![String::new()]);
            }
            Event::Text(text) | Event::Code(text) if !rows.is_empty() => {
                let parts = rows.last_mut().and_then(|row| row.last_mut()).expect("a cell");
                parts.last_mut().expect("a part").push_str(&text);
            }
            Event::InlineHtml(html) if &*html == "<br>" => {
                let parts = rows.last_mut().and_then(|row| row.last_mut()).expect("a cell");
                parts.push(String::new());
            }
            Event::InlineHtml(html) => assert!(["<code>", "</code>"].contains(&&*html), "{html}"),
            Event::Text(_) | Event::Start(Tag::TableHead | Tag::TableCell) => {}
            Event::Start(Tag::Strong) | Event::End(_) => {}
            other => panic!("{other:?} in a table"),
        }
    }
    assert!(tables <= 1, "{tables} tables");
    rows
}

/// The verdict, and the blocks and elements around the table, are the ones that were written.
fn frame(comment: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = None;
    for event in Parser::new_ext(comment, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => found.extend(code.take()),
            Event::Text(text) if code.is_some() => code.iter_mut().for_each(|c| c.push_str(&text)),
            Event::Html(html) => found.push(html.trim().to_owned()),
            Event::Start(
                tag @ (Tag::Link { .. } | Tag::Image { .. } | Tag::Heading { .. } | Tag::List(_)),
            ) => panic!("{tag:?}"),
            _ => {}
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_for_a_terminal_stay_lines(review in review()) {
        let shown = rendered(&review, Format::Text);
        is_fit_to_print(&shown);
        let mut lines = shown.lines().skip(1);
        for change in &review.changes {
            let (first, second) = (lines.next().expect("a line"), lines.next().expect("a line"));
            prop_assert!(first.starts_with(change.level.name()), "{first:?}");
            let place = format!("{:12} at {} · ", "", plain(&review.place(change)));
            prop_assert!(second.starts_with(&place) && second.ends_with(change.rule.name()), "{second:?}");
        }
        let failed = lines.clone().take_while(|line| line.starts_with("rust   ")).count();
        prop_assert_eq!(failed, usize::from(review.rust.codegen_error.is_some()));
        let kinds = ["+ fn ", "- fn ", "library "];
        prop_assert!(lines.skip(failed).all(|line| kinds.iter().any(|kind| line.starts_with(kind))));
    }

    #[test]
    fn json_stays_json(review in review()) {
        let shown = rendered(&review, Format::Json);
        is_fit_to_print(&shown);
        let read: Value = serde_json::from_str(&shown).expect("JSON");
        let changes = read["changes"].as_array().expect("a list");
        prop_assert_eq!(changes.len(), review.changes.len());
        for (shown, change) in changes.iter().zip(&review.changes) {
            prop_assert_eq!(&shown["message"], &json!(change.message.to_string()));
            prop_assert_eq!(&shown["location"], &json!(change.pointer()));
        }
        prop_assert_eq!(&read["rust"]["added"], &json!(&review.rust.added));
    }

    #[test]
    fn a_comment_has_the_rows_and_the_texts_that_were_written(review in review()) {
        let shown = rendered(&review, Format::Markdown);
        is_fit_to_print(&shown);
        let shown_rows = table(&shown);
        prop_assert_eq!(shown_rows.len(), review.changes.len(), "{}", &shown);
        for (change, cells) in review.changes.iter().zip(shown_rows) {
            let operations: Vec<_> = change.operations.iter().map(|name| plain(name)).collect();
            let operations = if operations.is_empty() { vec!["–".to_owned()] } else { operations };
            let row = vec![
                vec![change.level.name().to_owned()],
                vec![seen(&change.message)],
                vec![plain(&review.place(change))],
                operations,
                vec![change.rule.name().to_owned()],
            ];
            prop_assert_eq!(cells, row, "{}", &shown);
        }
        let frame = frame(&shown);
        let mut expected: Vec<String> = Vec::new();
        let items = review.items();
        if !items.is_empty() {
            expected.push(items);
            expected.push("</details>".to_owned());
        }
        let library: Vec<_> = review.library.iter().flat_map(|library| library.lines()).collect();
        if !library.is_empty() {
            let lines = library.iter().map(|line| format!("! {}", plain(line))).collect::<Vec<_>>().join("\n");
            // A block of code ends with one line feed, however many lines were empty.
            expected.push(format!("{}\n", lines.trim_end_matches('\n')));
        }
        expected.push(MARK.to_owned());
        let summary = |part: &&String| !part.starts_with("<details><summary>");
        let frame: Vec<String> = frame.iter().filter(summary).cloned().collect();
        prop_assert_eq!(frame, expected);
    }

    #[test]
    fn annotations_are_commands_of_one_line(review in review()) {
        let shown = rendered(&review, Format::Github);
        let lines: Vec<&str> = shown.lines().collect();
        let (headline, commands) = lines.split_last().expect("a headline");
        prop_assert_eq!(*headline, review.verdict().0);
        for command in commands {
            let (head, _) = command[2..].split_once("::").expect("a message");
            let (kind, properties) = head.split_once(' ').expect("properties");
            prop_assert!(["error", "warning", "notice"].contains(&kind), "{command:?}");
            let names = properties.split(',').map(|pair| pair.split_once('=').expect("a value").0);
            prop_assert_eq!(names.collect::<Vec<_>>(), ["file", "title"], "{}", command);
            prop_assert_eq!(plain(command), *command);
        }
    }

    #[test]
    fn sarif_names_every_change_on_every_axis(review in review()) {
        let shown = rendered(&review, Format::Sarif);
        is_fit_to_print(&shown);
        let read: Value = serde_json::from_str(&shown).expect("JSON");
        let run = &read["runs"][0];
        let results = run["results"].as_array().expect("a list");
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            prop_assert_eq!(&run["tool"]["driver"]["rules"][index]["id"], &result["ruleId"]);
        }
        let (changes, further) = results.split_at(review.changes.len());
        for (result, change) in changes.iter().zip(&review.changes) {
            prop_assert_eq!(&result["message"]["text"], &json!(change.message.to_string()));
        }
        // One for missing bindings, one for each item of the bindings, and one for each line about the libraries.
        let library = review.library.iter().flat_map(|library| library.lines());
        let others = review.items().lines().count() + library.count();
        prop_assert_eq!(further.len(), others + usize::from(review.rust.codegen_error.is_some()));
    }

    #[test]
    fn a_refusal_is_one_block(lines in prop::collection::vec(text(), 1..4)) {
        let error = lines.iter().map(|line| plain(line)).collect::<Vec<_>>().join("\n  ");
        let mut out = Vec::new();
        refusal(&error, Format::Markdown, &mut out).expect("a buffer takes everything");
        let shown = String::from_utf8(out).expect("UTF-8");
        let expected = format!("{}\n", error.trim_end_matches('\n'));
        prop_assert_eq!(frame(&shown), [expected.as_str(), MARK]);
    }
}
