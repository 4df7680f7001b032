//! Writes the bindings to `OUT_DIR`.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    // The description is compiled into `purge-openapi`, so Cargo rebuilds and reruns this script whenever it
    // changes. This line prevents reruns for any other reason.
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set; build with Cargo")?;
    fs::write(Path::new(&out).join("bindings.rs"), purge_openapi::codegen::bindings()?)?;
    Ok(())
}
