//! The generated bindings as a snapshot, so that a pull request shows how a change of the description affects
//! callers.

/// Exactly the code that is compiled into this crate.
const COMPILED: &str = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));

#[test]
fn compiled_bindings_match_the_snapshot() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("bindings", COMPILED);
    });
}

#[test]
fn generation_is_deterministic() {
    assert_eq!(purge_openapi::codegen::bindings().expect("bindings"), COMPILED);
}
