//! What this program is: its version, that of the API, and the commit that it was built from.

use std::sync::LazyLock;

use purge_api_ext::Client;

/// For `--version`; `-V` shows the first word of it.
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
