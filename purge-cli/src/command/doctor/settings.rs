//! The settings in effect, with the profile and the command line, and where each comes from.

use std::path::Path;

use crate::args::TargetArgs;
use crate::command::config::{Effective, effective};
use crate::command::over::{apply_profile, replace};
use crate::config::{Config, Settings};
use crate::environment;
use crate::exit::Failure;
use crate::output::Setting;
use crate::shown::redacted;
use crate::target::base_url;

/// Settings that can be used.
pub(super) struct Settled {
    pub(super) shown: Vec<Setting>,
    pub(super) settings: Settings,
    pub(super) wrong: Wrong,
}

/// What is wrong with settings that only some of the steps need, or none of them.
#[derive(Default)]
pub(super) struct Wrong {
    pub(super) organization: Option<Failure>,
    pub(super) resource: Option<Failure>,
    pub(super) others: Vec<Failure>,
}

/// Completes the target, and lists the settings.
pub(super) fn settle(target: &mut TargetArgs) -> Result<Settled, Failure> {
    let given = given(target);
    if target.sandbox {
        let (name, source) = ("sandbox".to_owned(), Some("--sandbox".to_owned()));
        let shown = vec![Setting { name, value: Some("true".to_owned()), source }];
        // The embedded server takes the limits of the files, and nothing else.
        let wrong = Wrong::default();
        return Ok(Settled { shown, settings: Config::load()?.settings, wrong });
    }
    let config = Config::load()?;
    let [organization, resource] = target.complete_without_ids("doctor examines one account")?;
    let Effective { mut shown, wrong } =
        effective(&config, Some(base_url(target, &config.settings)))?;
    let [organization, resource] = [organization.err(), resource.err()];
    // An option or a profile may take precedence over a variable that is not valid.
    let of_target = [environment::ORGANIZATION, environment::RESOURCE, environment::BASE_URL];
    let others = wrong.into_iter().filter(|(name, _)| !of_target.contains(name));
    let others = others.map(|(_, failure)| failure).collect();
    let wrong = Wrong { organization, resource, others };
    if let Some(profile) = target.profile.first() {
        apply_profile(&mut shown, profile);
    }
    shown.retain(|setting| !setting.name.starts_with("profile."));
    given.into_iter().for_each(|setting| replace(&mut shown, setting));
    Ok(Settled { shown, settings: config.settings, wrong })
}

/// What the command line sets.
fn given(target: &TargetArgs) -> Vec<Setting> {
    let file = |file: &Path| file.to_string_lossy().into_owned();
    let options = [
        ("organization", target.organization.map(|id| id.to_string())),
        ("resource", target.resource.map(|id| id.to_string())),
        ("api-key-file", target.api_key_file.as_deref().map(file)),
        ("token-file", target.token_file.as_deref().map(file)),
        ("token-command", target.token_command.clone()),
        ("base-url", target.base_url.clone()),
        ("timeout", target.timeout.map(|limit| humantime::format_duration(limit).to_string())),
        ("rate", target.rate.map(|rate| rate.to_string())),
    ];
    let setting = |(name, value): (&str, Option<String>)| {
        let (name, source) = (name.to_owned(), Some(format!("--{name}")));
        value.map(|value| Setting { name, value: Some(redacted(&value)), source })
    };
    options.into_iter().filter_map(setting).collect()
}
