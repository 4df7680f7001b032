//! The version of this program and of the API, and the commit it was built from.

use std::sync::LazyLock;

use purge_api_ext::Client;

/// For `--version`. `-V` shows its first word.
pub(crate) fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let api = Client::api_version();
        let commit = match env!("PURGE_COMMIT") {
            "" => String::new(),
            commit => format!(", commit {commit}"),
        };
        format!("{} (API {api}{commit})", env!("CARGO_PKG_VERSION"))
    });
    &LONG
}
