//! The generated bindings, under review: the snapshot shows in a pull request what a change of the
//! description does to callers.

/// Exactly the text that is compiled into this crate.
const COMPILED: &str = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));

#[test]
fn compiled_text_is_the_reviewed_one() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("bindings", COMPILED);
    });
}

#[test]
fn generating_again_gives_the_same_bytes() {
    assert_eq!(purge_openapi::codegen::bindings().expect("bindings"), COMPILED);
}
