//! Paths as templates.

use std::collections::BTreeMap;

/// A path without the names of its parameters.
pub(super) fn template(path: &str) -> String {
    let mut parts = path.split('{');
    let mut template = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        template.push_str("{}");
        template.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    template
}

/// The names of the parameters of a path, in their order.
pub(crate) fn parameter_names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

/// Old names of path parameters to new ones. Within one template, the position decides. After a move, it decides only
/// if the paths share no name.
pub(super) fn renamed_parameters(old: &str, new: &str) -> BTreeMap<String, String> {
    let (old_names, new_names) = (parameter_names(old), parameter_names(new));
    let by_place = template(old) == template(new)
        || (old_names.len() == new_names.len()
            && !old_names.iter().any(|name| new_names.contains(name)));
    let pairs = old_names.iter().zip(&new_names).filter(|_| by_place);
    pairs.map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect()
}
