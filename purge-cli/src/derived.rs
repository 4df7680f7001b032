//! Committed files that are generated from the command line.

use clap_complete::Shell;

use crate::command::shell;

/// Completion scripts, manual pages and, with the feature `schema`, the JSON Schemas of the output, each with its
/// path in the package.
#[must_use]
pub fn derived_files() -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let mut files = Vec::new();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
        let generator: &dyn clap_complete::Generator = &shell;
        files.push((
            format!("completions/{}", generator.file_name("cdn-purge")),
            shell::script(shell),
        ));
    }
    let command = crate::command();
    let pages = std::iter::once(None).chain(shell::names(&command).map(Some));
    for name in pages {
        let Ok(page) = shell::page(name) else { continue };
        let file = name.map_or("cdn-purge.1".to_owned(), |name| format!("cdn-purge-{name}.1"));
        files.push((format!("man/{file}"), text(page)));
    }
    #[cfg(feature = "schema")]
    for (name, schema) in crate::output::schemas() {
        files.push((format!("schema/{name}.json"), format!("{schema:#}\n")));
    }
    files
}
