//! The Rust axis and the compiler agree: a small program that uses the old bindings compiles with the new ones exactly
//! if the verdict says that nothing breaks.

use std::fs;
use std::process::Command;

use openapi_review::RustDiff;

/// What changes, the old and the new bindings, and a program that uses the old ones.
struct Case {
    what: &'static str,
    old: &'static str,
    new: &'static str,
    program: &'static str,
}

const fn case(
    what: &'static str,
    old: &'static str,
    new: &'static str,
    program: &'static str,
) -> Case {
    Case { what, old, new, program }
}

const CASES: &[Case] = &[
    case(
        "a field of a struct that a literal can build",
        "pub struct A { pub a: u8 }",
        "pub struct A { pub a: u8, pub b: Option<u8> }",
        "pub fn f() -> A { A { a: 1 } }",
    ),
    case(
        "a field of a tuple that a literal can build",
        "pub struct A(pub u8);",
        "pub struct A(pub u8, pub u8);",
        "pub fn f() -> A { A(1) }",
    ),
    case(
        "the first field of a struct",
        "pub struct A {}",
        "pub struct A { pub a: u8 }",
        "pub fn f() -> A { A {} }",
    ),
    case(
        "a field of a struct that only builders make",
        "#[non_exhaustive] pub struct A { pub a: u8 }",
        "#[non_exhaustive] pub struct A { pub a: u8, pub b: u8 }",
        "pub fn f(a: A) -> u8 { let A { a, .. } = a; a }",
    ),
    case(
        "a field of a struct that has a private one",
        "#[derive(Default)] pub struct A { pub a: u8, b: u8 } impl A { pub fn b(&self) -> u8 { self.b } }",
        "#[derive(Default)] pub struct A { pub a: u8, b: u8, pub c: u8 } impl A { pub fn b(&self) -> u8 { self.b } }",
        "pub fn f() -> u8 { let A { a, .. } = A::default(); a }",
    ),
    case(
        "a private field where there was none",
        "pub struct A { pub a: u8 }",
        "pub struct A { pub a: u8, b: u8 } impl A { pub fn b(&self) -> u8 { self.b } }",
        "pub fn f() -> A { A { a: 1 } }",
    ),
    case(
        "a struct that literals can no longer build",
        "pub struct A { pub a: u8 }",
        "#[non_exhaustive] pub struct A { pub a: u8 }",
        "pub fn f() -> A { A { a: 1 } }",
    ),
    case(
        "a struct that a literal may build",
        "#[non_exhaustive] pub struct A { pub a: u8 }",
        "pub struct A { pub a: u8 }",
        "pub fn f(a: A) -> u8 { let A { a, .. } = a; a }",
    ),
    case(
        "a field with another type",
        "#[non_exhaustive] pub struct A { pub a: u8 }",
        "#[non_exhaustive] pub struct A { pub a: Option<u8> }",
        "pub fn f(a: A) -> u8 { a.a }",
    ),
    case(
        "a field that is gone",
        "#[non_exhaustive] pub struct A { pub a: u8 }",
        "#[non_exhaustive] pub struct A {}",
        "pub fn f(a: A) -> u8 { a.a }",
    ),
    case(
        "a variant of an enum that can be matched",
        "pub enum A { B, C }",
        "pub enum A { B, C, D }",
        "pub fn f(a: A) -> u8 { match a { A::B => 1, A::C => 2 } }",
    ),
    case(
        "a variant of an enum that is not exhaustive",
        "#[non_exhaustive] pub enum A { B, C }",
        "#[non_exhaustive] pub enum A { B, C, D }",
        "pub fn f(a: A) -> u8 { match a { A::B => 1, _ => 2 } }",
    ),
    case(
        "an enum that can no longer be matched",
        "pub enum A { B }",
        "#[non_exhaustive] pub enum A { B }",
        "pub fn f(a: A) -> u8 { match a { A::B => 1 } }",
    ),
    case(
        "a field of a variant",
        "#[non_exhaustive] pub enum A { B { a: u8 } }",
        "#[non_exhaustive] pub enum A { B { a: u8, b: u8 } }",
        "pub fn f() -> A { A::B { a: 1 } }",
    ),
    case(
        "a variant that is gone",
        "#[non_exhaustive] pub enum A { B, C }",
        "#[non_exhaustive] pub enum A { B }",
        "pub fn f() -> A { A::C }",
    ),
    case(
        "a derived trait that is gone",
        "#[derive(Clone)] pub struct A { pub a: u8 }",
        "pub struct A { pub a: u8 }",
        "pub fn f(a: &A) -> A { a.clone() }",
    ),
    case(
        "a derived trait that is new",
        "pub struct A { pub a: u8 }",
        "#[derive(Clone)] pub struct A { pub a: u8 }",
        "pub fn f() -> A { A { a: 1 } }",
    ),
    case(
        "an implementation that is gone",
        "pub struct A(pub u8); impl From<u8> for A { fn from(a: u8) -> Self { A(a) } }",
        "pub struct A(pub u8);",
        "pub fn f() -> A { 1.into() }",
    ),
    case(
        "a method with another parameter",
        "pub struct A; impl A { pub fn f(&self, a: u8) -> u8 { a } }",
        "pub struct A; impl A { pub fn f(&self, a: String) -> usize { a.len() } }",
        "pub fn f() -> u8 { A.f(1) }",
    ),
    case(
        "a method that is new",
        "pub struct A; impl A { pub fn f(&self) {} }",
        "pub struct A; impl A { pub fn f(&self) {} pub fn g(&self) {} }",
        "pub fn f() { A.f() }",
    ),
    case(
        "a method that changes its own copy",
        "pub struct A; impl A { pub fn f(self) -> u8 { 1 } }",
        "pub struct A; impl A { pub fn f(mut self) -> u8 { self = A; let _ = self; 1 } }",
        "pub fn f() -> u8 { A.f() }",
    ),
    case("a function that is gone", "pub fn a() {}", "", "pub fn f() { a() }"),
    case(
        "a constant of another type",
        "pub const A: u8 = 1;",
        "pub const A: u16 = 1;",
        "pub fn f() -> u8 { A }",
    ),
    case(
        "an alias of another type",
        "pub type A = u8;",
        "pub type A = u16;",
        "pub fn f(a: A) -> u8 { a }",
    ),
    case(
        "a module that is gone",
        "pub mod m { pub fn a() {} }",
        "pub mod n { pub fn a() {} }",
        "pub fn f() { m::a() }",
    ),
    case(
        "a name that is no longer exported",
        "pub mod m { pub struct A; } pub use m::A as B;",
        "pub mod m { pub struct A; }",
        "pub fn f() -> B { B }",
    ),
    case(
        "a method of a trait that callers implement",
        "pub trait T { fn a(&self); }",
        "pub trait T { fn a(&self); fn b(&self); }",
        "pub struct S; impl T for S { fn a(&self) {} }",
    ),
    case(
        "a method of a trait that has a body",
        "pub trait T { fn a(&self); }",
        "pub trait T { fn a(&self); fn b(&self) {} }",
        "pub struct S; impl T for S { fn a(&self) {} }",
    ),
    case(
        "a type that is not used",
        "pub struct A;",
        "pub struct A; pub struct B { pub a: u8 } pub enum C { D }",
        "pub fn f() -> A { A }",
    ),
    case(
        "a private item",
        "mod m {} pub struct A;",
        "pub struct A; fn g() {}",
        "pub fn f() -> A { A }",
    ),
];

/// Compiles bindings, and a program against them: whether the program compiles.
fn compiles(bindings: &str, program: &str) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("the folder is writable");
        file
    };
    let compile = |file: &std::path::Path, name: &str| {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--cap-lints=allow"]);
        rustc.args(["--crate-name", name, "--out-dir"]).arg(folder.path()).arg("-L");
        rustc.arg(folder.path()).arg(file).output().expect("rustc runs")
    };
    let built = compile(&write("bindings.rs", bindings), "bindings");
    assert!(built.status.success(), "{bindings}: {}", String::from_utf8_lossy(&built.stderr));
    let program =
        format!("extern crate bindings;\n#[allow(unused_imports)] use bindings::*;\n{program}\n");
    compile(&write("program.rs", &program), "program").status.success()
}

#[test]
fn the_verdict_matches_the_compiler() {
    for Case { what, old, new, program } in CASES {
        assert!(compiles(old, program), "{what}: the program uses the old bindings");
        let diff = RustDiff::between(Ok(old), Ok(new));
        assert_eq!(!diff.is_breaking(), compiles(new, program), "{what}: {diff:?}");
    }
}
