use purge_api_ext::{BaseUrl, Client};

use super::over::apply_profile;
use crate::args::{ConfigArgs, one_profile};
use crate::config::{Config, Entry, KEYS, Settings, TOKENS};
use crate::environment;
use crate::exit::{Exit, Failure};
use crate::output::{self, Console, settings};
use crate::shown::redacted;
use crate::token;

pub(crate) fn run(args: &ConfigArgs, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let config = Config::load()?;
    let name = one_profile(args.profile.as_deref(), "each has settings of its own")?;
    let profile = name.as_deref().map(|name| config.settings.profile(name)).transpose()?;
    let base_url = profile.and_then(|profile| profile.base_url.as_deref());
    let Effective { mut shown, wrong } = effective(&config, base_url)?;
    if let Some((_, failure)) = wrong.into_iter().next() {
        return Err(failure);
    }
    if let Some(name) = &name {
        apply_profile(&mut shown, name);
        let source = args.profile.as_ref().map_or(environment::PROFILE, |_| "--profile");
        shown[0].source = Some(source.to_owned());
    }
    let files = config.files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let object = output::Settings { schema: 1, files, settings: shown };
    settings(console.out, args.output.format, &object)?;
    Ok(Exit::Success)
}

/// The settings in effect.
pub(super) struct Effective {
    pub(super) shown: Vec<output::Setting>,
    /// The variables of the environment that are not valid, whose values are not shown, and why.
    pub(super) wrong: Vec<(&'static str, Failure)>,
}

/// The settings in effect without the command line, whose base URL may take precedence.
pub(super) fn effective(config: &Config, base_url: Option<&str>) -> Result<Effective, Failure> {
    let Effective { mut shown, wrong } = settings_of(config);
    let base = shown.iter().find(|setting| setting.name == "base-url");
    let base = base_url.or(base.and_then(|setting| setting.value.as_deref()));
    let connection = connection(&base.unwrap_or(Client::BASE_URL).parse()?)?;
    if let Some((_, variable)) = token::from_environment()? {
        // This variable takes precedence over the token settings in files.
        shown.retain(|setting| !TOKENS.contains(&setting.name.as_str()));
        let name = if variable == environment::TOKEN { "token" } else { "api-key" }.to_owned();
        let source = Some(variable.to_owned());
        shown.insert(2, output::Setting { name, value: None, source });
    }
    shown.extend(connection);
    shown.extend(config.entries.iter().filter_map(of_profile));
    Ok(Effective { shown, wrong })
}

fn settings_of(config: &Config) -> Effective {
    let mut wrong = Vec::new();
    let setting = |key: &'static crate::config::Key| {
        let variable = key.variable.and_then(|name| Some((name, of_variable(name, key)?)));
        let of_key = |entry: &&Entry| entry.profile.is_none() && entry.key.name == key.name;
        let entry = config.entries.iter().find(of_key);
        let (value, source) = match (variable, entry) {
            (Some((name, value)), _) => {
                let value = value.map_err(|failure| wrong.push((name, failure))).ok();
                (value, Some(name.to_owned()))
            }
            (None, Some(entry)) => (Some(entry.value.clone()), Some(place(entry))),
            (None, None) => {
                (key.default.map(str::to_owned), key.default.map(|_| "default".to_owned()))
            }
        };
        // The arguments of a program may contain a token, and so may an address.
        output::Setting {
            name: key.name.into(),
            value: value.map(|value| redacted(&value)),
            source,
        }
    };
    let keys = KEYS.iter();
    #[cfg(feature = "queue")]
    let keys = keys.chain(&crate::config::QUEUE);
    let shown = keys.map(setting).collect();
    Effective { shown, wrong }
}

/// The value of a variable, if it is set.
fn of_variable(name: &str, key: &crate::config::Key) -> Option<Result<String, Failure>> {
    let text = environment::text(name).map_err(Failure::usage).transpose()?;
    Some(text.and_then(|value| {
        let checked = (key.set)(&mut Settings::default(), &value, "".as_ref());
        checked.map_err(|error| Failure::usage(format!("{name}: {error}")))?;
        Ok(value)
    }))
}

/// A setting of a profile.
fn of_profile(entry: &Entry) -> Option<output::Setting> {
    let name = format!("profile.{}.{}", entry.profile.as_ref()?, entry.key.name);
    Some(output::Setting { name, value: Some(redacted(&entry.value)), source: Some(place(entry)) })
}

fn place(entry: &Entry) -> String {
    format!("{}:{}", entry.file.to_string_lossy(), entry.line)
}

/// The settings that only the environment and the system can set: no file may choose the proxy that the token passes
/// through.
fn connection(base: &BaseUrl) -> Result<Vec<output::Setting>, Failure> {
    let proxy = base.proxy()?;
    let source = proxy.as_ref().map(|proxy| proxy.variable().unwrap_or("system").to_owned());
    let value = proxy.map(|proxy| proxy.address().to_owned());
    let mut settings = vec![output::Setting { name: "proxy".to_owned(), value, source }];
    let mut add = |name: &str, variables: &[&str]| {
        let variable = variables.iter().find(|variable| environment::is_set(variable));
        let value = variable.and_then(std::env::var_os);
        let value = value.map(|value| value.to_string_lossy().trim().to_owned());
        let source = variable.map(|variable| (*variable).to_owned());
        settings.push(output::Setting { name: String::from(name), value, source });
    };
    add("no-proxy", &["NO_PROXY", "no_proxy"]);
    // Elsewhere the system verifies certificates, and these variables have no effect.
    if cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android"))) {
        add("ssl-cert-file", &["SSL_CERT_FILE"]);
        add("ssl-cert-dir", &["SSL_CERT_DIR"]);
    }
    Ok(settings)
}
