//! Settings from files: a `purge.toml` in the working directory or above it, and the user's own.

mod key;
mod file;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use purge_api_ext::{OrganizationId, PurgePath, Rate, ResourceId, TokenProvider};

pub(crate) use file::{TOKENS, is_secret};
#[cfg(feature = "queue")]
pub(crate) use key::{DEFAULT_LANE, QUEUE};
pub(crate) use key::{KEYS, Key, base_url, timeout};

use crate::exit::Failure;
use crate::shown::{excerpt, file_name};

/// The name of the file, wherever it is.
const NAME: &str = "purge.toml";
/// The maximum size of the file.
const MAX_BYTES: u64 = 64 * 1024;

pub(crate) const HELP: &str = "\
Where settings come from, in order of precedence:
  1. the command line
  2. the environment
  3. purge.toml in the working directory, or in the nearest folder above it that has one
  4. purge/purge.toml in your configuration folder ($XDG_CONFIG_HOME or ~/.config; %APPDATA% on Windows)

Example of a purge.toml:
  organization = \"550e8400-e29b-41d4-a716-446655440000\"
  resource = \"660f9511-f30c-52e5-b827-557766551111\"
  rate = \"5/s\"
  concurrency = 4
  max-attempts = 4
  timeout = \"30s\"
  index = \"index.html\"
  clean-urls = true
  templates = [\"/{lang}{path}\"]
  values = { lang = [\"en\", \"de\"] }
  always = [\"/feed.xml\", \"/404.html\"]
  [queue]
  lane = \"shop\"
  producer = \"cms\"

A profile is another resource, chosen by --profile or PURGE_PROFILE. Its settings take precedence over the
environment and over the settings outside any profile:
  [profile.shop]
  resource = \"660f9511-f30c-52e5-b827-557766551111\"
  prefix = \"/shop\"
  rate = \"5/s\"
It can have organization, resource, prefix, rate and lane and, in your own file, base-url, api-key-file, token-file and
token-command.

What is allowed only in your own file:
  api-key-file, token-file, token-command and base-url, and in [queue] url and credentials-file. Anyone who can write to a working directory must not decide where the token or the paths go or which program runs. The token, the API key and its secret are not allowed in any settings file.

What is not allowed in any file:
  the proxy, which is set by HTTPS_PROXY or ALL_PROXY and limited by NO_PROXY; and your own certificates, which are set by SSL_CERT_FILE (Linux).";

/// The values from the files; the command line and the environment take precedence over them.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) resource: Option<ResourceId>,
    pub(crate) base_url: Option<String>,
    pub(crate) token: Option<TokenProvider>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) concurrency: Option<u16>,
    pub(crate) rate: Option<Rate>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) addresses: Addresses,
    #[cfg(feature = "queue")]
    pub(crate) queue: QueueSettings,
    /// The folder of the resource, which only a profile has.
    pub(crate) prefix: Option<PurgePath>,
    /// The profiles, each of which has only the settings that a profile can have.
    pub(crate) profiles: BTreeMap<String, Settings>,
}

impl Settings {
    /// The settings of a profile.
    pub(crate) fn profile(&self, name: &str) -> Result<&Self, Failure> {
        self.profiles.get(name).ok_or_else(|| {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => "no purge.toml defines one".to_owned(),
                names => format!("the profiles are {}", names.join(", ")),
            };
            Failure::usage(format!("there is no profile `{}`; {known}", excerpt(name)))
        })
    }
}

/// Which queue, and as whom. A profile has only a lane.
#[cfg(feature = "queue")]
#[derive(Debug, Default)]
pub(crate) struct QueueSettings {
    pub(crate) url: Option<String>,
    pub(crate) lane: Option<purge_queue::Lane>,
    pub(crate) producer: Option<purge_queue::Producer>,
    pub(crate) credentials: Option<PathBuf>,
}

/// Under which paths the files of a site are cached.
#[derive(Default)]
pub(crate) struct Addresses {
    pub(crate) index: Vec<String>,
    pub(crate) clean_urls: bool,
    pub(crate) templates: Vec<String>,
    /// The values that replace a name in a template.
    pub(crate) values: BTreeMap<String, Vec<String>>,
    pub(crate) spellings: bool,
    pub(crate) with_query: bool,
    pub(crate) always: Vec<PurgePath>,
}

/// The settings, and where each comes from.
pub(crate) struct Config {
    pub(crate) settings: Settings,
    pub(crate) entries: Vec<Entry>,
    /// The files that were read, the nearest first.
    pub(crate) files: Vec<PathBuf>,
}

/// One value of a file, as it is written there.
pub(crate) struct Entry {
    pub(crate) key: &'static Key,
    /// The profile that it belongs to, if any.
    pub(crate) profile: Option<String>,
    pub(crate) value: String,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

/// The owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Anyone who can write to the working directory, or above it.
    Project,
    User,
}

impl Config {
    /// Reads the files of this process's working directory and user.
    pub(crate) fn load() -> Result<Self, Failure> {
        // Without a working directory, only the file of the user is read.
        let here = env::current_dir().ok();
        Self::from_files(here.as_deref(), user_folder(|name| env::var_os(name)).as_deref())
    }

    fn from_files(here: Option<&Path>, user: Option<&Path>) -> Result<Self, Failure> {
        let mut config =
            Self { settings: Settings::default(), entries: Vec::new(), files: Vec::new() };
        let user = user.map(|folder| folder.join("purge").join(NAME));
        let above = here.into_iter().flat_map(Path::ancestors).map(|folder| folder.join(NAME));
        for file in above {
            // If the working directory is below the user's configuration folder, the search finds the user's own file.
            if user.as_ref().is_some_and(|user| is_same(&file, user))
                || config.read(&file, Owner::Project)?
            {
                break;
            }
        }
        if let Some(file) = user {
            config.read(&file, Owner::User)?;
        }
        Ok(config)
    }

    /// Reads a file; values from the files before it take precedence. Returns whether the file exists.
    fn read(&mut self, file: &Path, owner: Owner) -> Result<bool, Failure> {
        let text = match contents(file) {
            Ok(text) => text,
            // In a folder that cannot be searched, it is unknown whether the file exists.
            Err(error) if is_absent(&error) || file.metadata().is_err() => return Ok(false),
            Err(error) => {
                let name = file_name(file);
                return Err(Failure::usage(format!("{name} cannot be read: {error}")));
            }
        };
        file::read(self, &text, file, owner)?;
        self.files.push(file.to_owned());
        Ok(true)
    }
}

/// The text of a regular file. Anyone who can write into the working directory can put a link to a device or a
/// pipe there, and reading it may never end.
fn contents(file: &Path) -> io::Result<String> {
    // Checked before opening, since opening a pipe waits for its writer, and again after, since the file may have been
    // replaced.
    regular(&file.metadata()?)?;
    let open = File::open(file)?;
    regular(&open.metadata()?)?;
    let mut bytes = Vec::new();
    open.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 64 KiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

fn regular(file: &Metadata) -> io::Result<()> {
    if file.is_file() { Ok(()) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Whether two names are those of one file. One of them may contain a link, such as a home directory that has moved.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|o| o == one))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn user_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    if cfg!(windows) {
        return folder("APPDATA");
    }
    folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))
}

#[cfg(test)]
mod tests;
