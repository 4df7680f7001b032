//! Untrusted text in Markdown. It is shown as code, which nothing in it can end.

use crate::text::plain;

/// A text as code, in a paragraph or in a cell of a table.
pub(super) fn code(text: &str) -> String {
    let text = plain(text);
    // A code span is never empty, and even inside one, a bar ends the cell.
    if text.is_empty() || text.contains('|') {
        return format!("<code>{}</code>", entities(&text));
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // Markdown strips one space from each end if both have one, and backticks must not touch the fence.
    let (first, last) = (text.starts_with(['`', ' ']), text.ends_with(['`', ' ']));
    let touches = text.starts_with('`') || text.ends_with('`') || (first && last);
    let blank = text.bytes().all(|b| b == b' ');
    let pad = if touches && !blank { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines as a block of code.
pub(super) fn block(language: &str, lines: &str) -> String {
    let fence = "`".repeat(longest_run(lines).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", lines.trim_end_matches('\n'))
}

/// Escapes every character that Markdown or HTML may interpret, as a numeric reference.
fn entities(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            shown.push(c);
        } else {
            shown.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    shown
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_code_span() {
        let check = |text: &str, expected: &str| assert_eq!(code(text), expected);
        check("limit", "`limit`");
        check("a`b", "``a`b``");
        check("`a``", "``` `a`` ```");
        check(" a ", "`  a  `");
        check(" a", "` a`");
        check("  ", "`  `");
        check("a\\", "`a\\`");
        check("a\n</table>", "`a\\n</table>`");
        check("", "<code></code>");
        check("a|`\\", "<code>a&#124;&#96;&#92;</code>");
    }

    #[test]
    fn nothing_ends_a_block() {
        assert_eq!(block("diff", "+ a\n- b\n"), "```diff\n+ a\n- b\n```");
        assert_eq!(block("", "````\n"), "`````\n````\n`````");
    }
}
