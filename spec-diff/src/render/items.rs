//! Items of the bindings, one per line.

use crate::review::Review;
use crate::text::plain;

impl Review {
    /// The items, with the old form of each above the new one. An item that breaks callers without being removed has a
    /// `!`.
    pub(super) fn items(&self) -> String {
        let removed = whole(&self.rust.removed).into_iter().map(|item| (item, '-'));
        let added = whole(&self.rust.added).into_iter().map(|item| {
            let breaking = self.rust.breaking.contains(&item);
            (item, if breaking { '!' } else { '+' })
        });
        let mut items: Vec<_> = removed.chain(added).collect();
        items.sort();
        items.into_iter().map(|(item, sign)| format!("{sign} {}\n", plain(&item))).collect()
    }
}

/// A type that was added or removed as a whole takes one line; its members would add no information.
pub(super) fn whole(items: &[String]) -> Vec<String> {
    let name_of = |item: &String| {
        let name = item.strip_prefix("struct ").or_else(|| item.strip_prefix("enum "))?;
        Some(name.split('<').next().unwrap_or(name).to_owned())
    };
    let types: Vec<String> = items.iter().filter_map(name_of).collect();
    let owner = |item: &String| {
        let implemented = item.strip_prefix("impl ").and_then(|rest| rest.split_once(" for "));
        let member = ["async ", "const ", "fn "]
            .iter()
            .fold(item.as_str(), |rest, keyword| rest.strip_prefix(keyword).unwrap_or(rest));
        types.iter().find(|name| {
            let of = implemented.is_some_and(|(_, of)| implementer(of) == **name);
            let rest = member.strip_prefix(name.as_str());
            of || rest.is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
        })
    };
    items
        .iter()
        .filter(|item| owner(item).is_none())
        .map(|item| {
            let name = name_of(item);
            let members = items
                .iter()
                .filter(|other| name.is_some() && owner(other) == name.as_ref())
                .count();
            if members == 0 { item.clone() } else { format!("{item} and its {members} members") }
        })
        .collect()
}

/// The path of the type that a trait is implemented for. In the item, the module comes last.
fn implementer(of: &str) -> String {
    let (of, module) = of.split_once(" in ").unwrap_or((of, ""));
    let of = of.split('<').next().unwrap_or(of);
    if module.is_empty() { of.to_owned() } else { format!("{module}::{of}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_new_type_take_no_line() {
        let items = [
            "enum types::Mode",
            "fn types::Mode::name(&self) -> &str",
            "impl Clone for types::Mode",
            "impl Display for Mode in types",
            "impl From<&Mode> for Text in types",
            "impl Display for Mode in other",
            "types::Mode::Soft",
            "types::Models.a: u8",
        ];
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        assert_eq!(
            whole(&items),
            [
                "enum types::Mode and its 4 members",
                "impl From<&Mode> for Text in types",
                "impl Display for Mode in other",
                "types::Models.a: u8",
            ]
        );
    }
}
