//! Settings that take precedence over others in what `config` and `doctor` show.

use crate::config::TOKENS;
use crate::output::Setting;

/// Puts the settings of a profile over the others.
pub(super) fn apply_profile(shown: &mut Vec<Setting>, profile: &str) {
    let start = format!("profile.{profile}.");
    let of_profile = shown.iter().filter_map(|setting| {
        let name = match setting.name.strip_prefix(&start)? {
            // Outside a profile, it is a setting of the queue.
            "lane" => "queue.lane".to_owned(),
            name => name.to_owned(),
        };
        Some(Setting { name, value: setting.value.clone(), source: setting.source.clone() })
    });
    let of_profile: Vec<_> = of_profile.collect();
    of_profile.into_iter().for_each(|setting| replace(shown, setting));
    let (name, value) = ("profile".to_owned(), Some(profile.to_owned()));
    shown.insert(0, Setting { name, value, source: None });
}

/// Replaces a setting. A source of the token replaces all others.
pub(super) fn replace(shown: &mut Vec<Setting>, setting: Setting) {
    let is_token = |name: &str| TOKENS.contains(&name) || matches!(name, "token" | "api-key");
    let place = shown.iter().position(|other| match is_token(&setting.name) {
        true => is_token(&other.name),
        false => other.name == setting.name,
    });
    if is_token(&setting.name) {
        shown.retain(|other| !is_token(&other.name));
    } else {
        shown.retain(|other| other.name != setting.name);
    }
    shown.insert(place.unwrap_or(shown.len()).min(shown.len()), setting);
}
