//! The contents of a module, without its child modules.

use std::collections::BTreeSet;

use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, Token, token};

use super::super::source::{is_for_tests, is_test, leaves};

#[derive(Default)]
pub(super) struct Content {
    /// Names and the paths they are imported from; a glob ends with `*`.
    pub(super) imports: Vec<(String, String)>,
    /// The names of the items defined here.
    pub(super) items: BTreeSet<String>,
    /// Every path, including those in macros and attributes.
    pub(super) paths: BTreeSet<String>,
}

impl Content {
    pub(super) fn add(&mut self, item: &Item) {
        let defined = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::TraitAlias(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Union(item) => Some(&item.ident),
            Item::Macro(item) => item.ident.as_ref(),
            _ => None,
        };
        self.items.extend(defined.map(|name| name.unraw().to_string()));
        self.visit_item(item);
    }

    /// Collects the paths in tokens that only a macro can parse.
    fn scan(&mut self, tokens: ParseStream<'_>) -> syn::Result<()> {
        while !tokens.is_empty() {
            if tokens.peek(Ident::peek_any) {
                let mut names = vec![tokens.call(Ident::parse_any)?.unraw().to_string()];
                while tokens.peek(Token![::]) && tokens.peek3(Ident::peek_any) {
                    tokens.parse::<Token![::]>()?;
                    names.push(tokens.call(Ident::parse_any)?.unraw().to_string());
                }
                self.paths.insert(names.join("::"));
                continue;
            }
            let inner;
            if tokens.peek(token::Paren) {
                syn::parenthesized!(inner in tokens);
            } else if tokens.peek(token::Bracket) {
                syn::bracketed!(inner in tokens);
            } else if tokens.peek(token::Brace) {
                syn::braced!(inner in tokens);
            } else {
                tokens.step(|cursor| {
                    cursor.token_tree().map_or(Ok(((), *cursor)), |(_, rest)| Ok(((), rest)))
                })?;
                continue;
            }
            self.scan(&inner)?;
        }
        Ok(())
    }
}

impl<'ast> Visit<'ast> for Content {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !item.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            leaves(&item.tree, "", &mut self.imports);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|segment| segment.ident.unraw().to_string());
            self.paths.insert(names.collect::<Vec<_>>().join("::"));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        // Any sequence of tokens can be scanned.
        let _ = (|tokens: ParseStream<'_>| self.scan(tokens)).parse2(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            let _ = (|tokens: ParseStream<'_>| self.scan(tokens)).parse2(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}
