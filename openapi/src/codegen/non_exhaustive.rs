//! Types that may grow: a field or a variant that is added to the description later breaks no program.

use syn::{File, Item, Visibility, parse_quote};

/// Marks the public types of the module `types` as non-exhaustive. Builders make their values.
pub(super) fn leave_open(file: &mut File) {
    let types = file.items.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    for item in types.into_iter().flat_map(|(_, items)| items) {
        let (visibility, attributes) = match item {
            Item::Struct(item) => (&item.vis, &mut item.attrs),
            Item::Enum(item) => (&item.vis, &mut item.attrs),
            _ => continue,
        };
        if matches!(visibility, Visibility::Public(_)) {
            attributes.push(parse_quote!(#[non_exhaustive]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_types_of_the_module_are_marked() {
        let mut file = parse_quote! {
            pub struct Client;
            pub mod types {
                pub struct Answer { pub status: bool }
                pub enum Mode { Soft, Hard }
                struct Inner;
                pub mod builder { pub struct Answer { status: bool } }
            }
        };
        leave_open(&mut file);
        let text = prettyplease::unparse(&file);
        assert_eq!(text.matches("#[non_exhaustive]").count(), 2, "{text}");
        assert!(text.contains("#[non_exhaustive]\n    pub struct Answer {\n        pub"), "{text}");
        assert!(text.contains("#[non_exhaustive]\n    pub enum Mode"), "{text}");
    }
}
