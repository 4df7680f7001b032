//! Finds every address of a file, by the rules under which a site serves one file at several paths.

mod template;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use purge_api_ext::{PathError, Paths, PurgePath, escape};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;

use crate::spelling;
use template::Template;
pub use template::TemplateError;

/// The rules by which a site serves a file at other paths as well. Without rules, a file has one address, its path.
///
/// Wildcards get other spellings and variants, but no index and no clean URL: a wildcard purges more than one file,
/// and its alias would purge more than requested.
///
/// ```
/// use purge_api_ext::{Paths, PurgePath};
/// use purge_site::Rules;
///
/// let rules = Rules::new().index("index.html")?.clean_urls();
/// let paths: Paths = [PurgePath::new("/docs/index.html")?, PurgePath::new("/a.html")?].into();
/// let (paths, _) = rules.expand(paths)?;
/// let expected = ["/docs/index.html", "/docs/", "/docs", "/docs/index", "/a.html", "/a"];
/// assert_eq!(paths.iter().collect::<Vec<_>>(), expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Rules {
    /// Percent-encoded file names.
    index: Vec<String>,
    clean_urls: bool,
    templates: Vec<Template>,
    spellings: bool,
    with_query: bool,
    /// The folder that contains the site, without a trailing slash.
    prefix: String,
}

impl Rules {
    /// No rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Files with this name are also served as their folder: `/d/index.html` as `/d/` and as `/d`.
    ///
    /// # Errors
    ///
    /// When it cannot be the name of an index file: when it has a `/`, a `*` or a comma, or is not a file name at all.
    pub fn index(mut self, name: &str) -> Result<Self, IndexError> {
        let odd = ['/', '*', ','].into_iter().find(|odd| name.contains(*odd));
        if let Some(odd) = odd {
            return Err(IndexError(Why::Odd(name.to_owned(), odd)));
        }
        let path = PurgePath::from_file_name(format!("./{name}"))
            .map_err(|error| IndexError(Why::Path(error)))?;
        self.index.push(path.as_str()[1..].to_owned());
        Ok(self)
    }

    /// Files whose names end with `.html` are also served without it: `/a.html` as `/a`.
    pub fn clean_urls(mut self) -> Self {
        self.clean_urls = true;
        self
    }

    /// Each file has variants, such as `/{lang}{path}` or `/img/{width}x{path}`. `{path}` stands for the path of the
    /// file within the site, and any other name for each of its values in turn.
    ///
    /// # Errors
    ///
    /// When the template has no `{path}` or contains a name without values, or when it produces a wildcard or
    /// something that is not a path.
    pub fn template(
        mut self,
        template: &str,
        values: &BTreeMap<String, Vec<String>>,
    ) -> Result<Self, TemplateError> {
        self.templates.extend(Template::all(template, values)?);
        Ok(self)
    }

    /// Adds other percent-encodings of a path, since not all programs encode paths as browsers do: `/[slug].js` may
    /// also be cached as `/%5Bslug%5D.js`.
    pub fn spellings(mut self) -> Self {
        self.spellings = true;
        self
    }

    /// Files are also cached with query strings: `/a.html` as `/a.html?*`. Whether the service matches query strings
    /// is not published.
    pub fn with_query(mut self) -> Self {
        self.with_query = true;
        self
    }

    /// The folder of the resource that contains the site. It is not part of the `{path}` of a template.
    pub fn prefix(mut self, prefix: &PurgePath) -> Self {
        prefix.as_str().trim_end_matches('/').clone_into(&mut self.prefix);
        self
    }

    /// Whether these rules add no addresses to any path.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
            && self.templates.is_empty()
            && !(self.clean_urls || self.spellings || self.with_query)
    }

    /// Adds the other addresses of each path after it, except those that are already present.
    ///
    /// # Errors
    ///
    /// When an address is longer than a path may be.
    pub fn expand(&self, paths: Paths) -> Result<(Paths, Aliases), RuleError> {
        let mut aliases = Aliases::default();
        if self.is_empty() {
            return Ok((paths, aliases));
        }
        let given: HashSet<&str> = paths.iter().collect();
        let mut all = Paths::new();
        for path in paths.iter() {
            all.push(&read_back(path).map_err(|why| RuleError::new(path, path, why))?);
            for address in self.addresses(path) {
                if given.contains(address.as_str()) || aliases.of.contains_key(&*address) {
                    continue;
                }
                all.push(&read_back(&address).map_err(|why| RuleError::new(&address, path, why))?);
                aliases.of.insert(address.into_boxed_str(), path.into());
            }
        }
        Ok((all, aliases))
    }

    /// The addresses of a path: the path itself and its aliases.
    fn addresses(&self, path: &str) -> Vec<String> {
        let (route, query) = match path.find('?') {
            Some(at) => path.split_at(at),
            None => (path, ""),
        };
        let mut routes = vec![route.to_owned()];
        if let Some(within) = self.within_site(route) {
            routes.extend(self.templates.iter().map(|template| template.fill(within)));
        }
        let mut all = Vec::new();
        for route in routes {
            if !route.contains('*') {
                self.add_names(&route, &mut all);
            }
            all.push(route);
        }
        if self.spellings {
            let mut more = Vec::new();
            all.iter().for_each(|one| spelling::add_others(one, &mut |other| more.push(other)));
            all.extend(more);
        }
        let with_query: Vec<_> = match self.with_query && query.is_empty() {
            true => all.iter().map(|route| format!("{route}?*")).collect(),
            false => Vec::new(),
        };
        all.iter_mut().for_each(|route| route.push_str(query));
        all.extend(with_query);
        all
    }

    fn within_site<'a>(&self, route: &'a str) -> Option<&'a str> {
        route.strip_prefix(&self.prefix).filter(|within| within.starts_with('/'))
    }

    /// Adds the other names of a file.
    fn add_names(&self, route: &str, all: &mut Vec<String>) {
        let (folder, name) = route.split_at(route.rfind('/').map_or(0, |slash| slash + 1));
        if self.index.iter().any(|index| index == name) {
            all.push(folder.to_owned());
            if folder.len() > 1 {
                all.push(folder[..folder.len() - 1].to_owned());
            }
        }
        if self.clean_urls
            && let Some(stem) = name.strip_suffix(".html")
            && !stem.is_empty()
        {
            all.push(format!("{folder}{stem}"));
        }
    }
}

/// The addresses that were added by rules.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    of: HashMap<Box<str>, Box<str>>,
}

impl Aliases {
    /// The path that this path is an alias of, or `None` if it was given.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&str> {
        self.of.get(path).map(|of| &**of)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }
}

/// Parses a path that was checked before, or was built from such paths. It may have a query string, and escaped
/// control characters from a file name.
fn read_back(path: &str) -> Result<PurgePath, ValueError> {
    PurgePath::deserialize(path.into_deserializer())
}

/// Why a text is not the name of an index file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexError(Why);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// It has this character.
    Odd(String, char),
    Path(PathError),
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Odd(name, odd) => {
                let name = escape(&name.chars().take(120).collect::<String>());
                write!(
                    f,
                    "`{name}` has a `{odd}`: write the name of one file, such as `index.html`"
                )
            }
            Why::Path(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IndexError {}

/// An address that cannot be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    address: String,
    of: String,
    why: String,
}

impl RuleError {
    fn new(address: &str, of: &str, why: impl fmt::Display) -> Self {
        let short = |text: &str| escape(&text.chars().take(120).collect::<String>());
        Self { address: short(address), of: short(of), why: why.to_string() }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, an alias of `{}`: {}", self.address, self.of, self.why)
    }
}

impl std::error::Error for RuleError {}

#[cfg(test)]
mod tests;
