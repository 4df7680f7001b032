//! The generated bindings as snapshots, so that a pull request shows how a change of a description affects
//! callers.

use purge_openapi::DESCRIPTIONS;

/// Exactly the code that is compiled into this crate, in the order of the descriptions.
const COMPILED: [&str; DESCRIPTIONS.len()] = [
    include_str!(concat!(env!("OUT_DIR"), "/purge.rs")),
    include_str!(concat!(env!("OUT_DIR"), "/login.rs")),
];

#[test]
fn compiled_bindings_match_the_snapshots() {
    for (description, compiled) in DESCRIPTIONS.iter().zip(COMPILED) {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(description.name, compiled);
        });
    }
}

#[test]
fn generation_is_deterministic() {
    for (description, compiled) in DESCRIPTIONS.iter().zip(COMPILED) {
        assert_eq!(purge_openapi::codegen::bindings(description).expect("bindings"), compiled);
    }
}
