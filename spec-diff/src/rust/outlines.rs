//! Reads Rust without the bodies of functions, which callers do not see and which are most of the text.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::File;

pub(super) fn parse(text: &str) -> syn::Result<File> {
    syn::parse2(outline(text.parse()?))
}

/// Empties the braces that end a function.
fn outline(tokens: TokenStream) -> TokenStream {
    let mut outlined = Vec::new();
    let mut in_function = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        outlined.push(match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                // Braces inside angle brackets are the value of a parameter.
                let is_body = in_function && !is_punctuation(tokens.peek(), &['>', ',']);
                in_function &= !is_body;
                let inner = if is_body { TokenStream::new() } else { outline(group.stream()) };
                TokenTree::Group(Group::new(Delimiter::Brace, inner))
            }
            token => {
                // A function has a name, and the type of a function has none.
                let names = matches!(&token, TokenTree::Ident(word) if word == "fn")
                    && matches!(tokens.peek(), Some(TokenTree::Ident(_)));
                in_function = (in_function || names) && !is_punctuation(Some(&token), &[';']);
                token
            }
        });
    }
    outlined.into_iter().collect()
}

fn is_punctuation(token: Option<&TokenTree>, characters: &[char]) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if characters.contains(&punct.as_char()))
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn check(text: &str, expected: &str) {
        let read = |text| syn::parse_file(text).expect("Rust").to_token_stream().to_string();
        let found = parse(text).expect("Rust").to_token_stream().to_string();
        assert_eq!(found, read(expected), "{text}");
    }

    #[test]
    fn only_bodies_are_left_out() {
        check(
            "fn a() -> u8 { 1 } struct B { c: fn(u8) -> u8 }",
            "fn a() -> u8 {} struct B { c: fn(u8) -> u8 }",
        );
        check(
            "impl A { fn b() { let c = {}; } const D: u8 = { 1 }; }",
            "impl A { fn b() {} const D: u8 = { 1 }; }",
        );
        check(
            "trait A { fn b(); type C; fn d() { todo!() } }",
            "trait A { fn b(); type C; fn d() {} }",
        );
        check("type A = fn(); struct B { c: u8 }", "type A = fn(); struct B { c: u8 }");
        check("mod a { mod b { fn c() { fn d() {} } } }", "mod a { mod b { fn c() {} } }");
        check(
            "fn a(b: [u8; { 1 }]) where [u8; { 2 }]: C { d() }",
            "fn a(b: [u8; { 1 }]) where [u8; { 2 }]: C {}",
        );
    }

    #[test]
    fn text_that_only_looks_like_a_body_stays() {
        check("fn a() -> B<{ 1 }> { c() }", "fn a() -> B<{ 1 }> {}");
        check(
            "fn a<const B: u8 = { 1 }, C>() where C: D, { c() }",
            "fn a<const B: u8 = { 1 }, C>() where C: D, {}",
        );
        for text in ["struct A<F = fn()> { b: F }", "enum A<F = fn(u8) -> u8> { B { c: F } }"] {
            check(text, text);
        }
        assert!(parse("fn a( {}").is_err());
        assert!(parse("struct 1;").is_err());
    }
}
