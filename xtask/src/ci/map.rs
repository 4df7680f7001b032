//! The map of the library: the table in ARCHITECTURE.md names its modules in the order of their `mod`
//! lines.

use super::modules::Modules;
use super::source::Source;
use crate::Error;

/// The line above the table.
const BEGIN: &str = "In the library, from the bottom to the top:";

/// The differences between the table and the `mod` lines.
pub(super) fn differences(
    document: &str,
    root: &str,
    sources: &[Source],
) -> Result<Vec<String>, Error> {
    let modules = Modules::new(root, "lib", sources)?;
    let declared = modules.get("").map_or(&[][..], |module| module.files.as_slice());
    let Some(named) = table(document) else {
        return Ok(vec![format!("ARCHITECTURE.md: no table below the line `{BEGIN}`")]);
    };
    let missing = declared.iter().filter(|name| !named.contains(&name.as_str()));
    let gone = named.iter().filter(|name| !declared.iter().any(|declared| declared == *name));
    let mut found: Vec<String> = missing
        .map(|name| format!("ARCHITECTURE.md: the table lacks `{name}` of {root}/lib.rs; add it"))
        .chain(gone.map(|name| {
            format!("ARCHITECTURE.md: the table has `{name}`, which {root}/lib.rs lacks; remove it")
        }))
        .collect();
    let differs = |(named, declared): &(&&str, &String)| named != declared;
    if found.is_empty()
        && let Some((named, declared)) = named.iter().zip(declared).find(differs)
    {
        found.push(format!(
            "ARCHITECTURE.md: the table has `{named}` where {root}/lib.rs has `{declared}`; use the same order in both"
        ));
    }
    Ok(found)
}

/// The names in the first column.
fn table(document: &str) -> Option<Vec<&str>> {
    let (_, rest) = document.split_once(BEGIN)?;
    let rows = rest.trim_start().lines().take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let names: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    (!names.is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences_in(rows: &str) -> Vec<String> {
        let file = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
        let sources = [
            file("src/lib.rs", "mod a; mod b; mod c; #[cfg(test)] mod tests;"),
            file("src/a.rs", ""),
            file("src/b.rs", ""),
            file("src/c.rs", ""),
        ];
        let document =
            format!("# A\n\n{BEGIN}\n\n| module | what |\n|---|---|\n{rows}\nText `d`.\n");
        differences(&document, "src", &sources).expect("Rust")
    }

    #[test]
    fn table_in_the_order_of_the_modules_is_allowed() {
        assert_eq!(differences_in("| `a`, `b` | `x` |\n| `c` | y |\n"), Vec::<String>::new());
    }

    #[test]
    fn wrong_order_is_found() {
        let expected = "ARCHITECTURE.md: the table has `c` where src/lib.rs has `b`; use the same order in both";
        assert_eq!(differences_in("| `a` | x |\n| `c`, `b` | y |\n"), [expected]);
    }

    #[test]
    fn missing_and_left_over_modules_are_found() {
        let expected = [
            "ARCHITECTURE.md: the table lacks `b` of src/lib.rs; add it",
            "ARCHITECTURE.md: the table has `e`, which src/lib.rs lacks; remove it",
        ];
        assert_eq!(differences_in("| `a`, `c` | x |\n| `e` | y |\n"), expected);
    }

    #[test]
    fn missing_table_is_found() {
        let expected = format!("ARCHITECTURE.md: no table below the line `{BEGIN}`");
        assert_eq!(differences_in(""), [expected]);
    }
}
