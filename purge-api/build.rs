//! Writes the bindings of each description to `OUT_DIR`.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    // The descriptions are compiled into `purge-openapi`, so Cargo rebuilds and reruns this script whenever one
    // changes. This line prevents reruns for any other reason.
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set; build with Cargo")?;
    for description in &purge_openapi::DESCRIPTIONS {
        let file = Path::new(&out).join(format!("{}.rs", description.name));
        fs::write(file, purge_openapi::codegen::bindings(description)?)?;
    }
    Ok(())
}
