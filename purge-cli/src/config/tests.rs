use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::{Config, user_folder};

const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

/// Loads a working directory that is two folders below the project's file.
fn load(project: &str, user: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let here = root.join("project/deep/down");
    fs::create_dir_all(&here).expect("folders");
    fs::create_dir_all(root.join("config/purge")).expect("folders");
    for (file, text) in [("project/purge.toml", project), ("config/purge/purge.toml", user)] {
        fs::write(root.join(file), text).expect("a file");
    }
    let config = Config::from_files(Some(&here), Some(&root.join("config")));
    config.map_err(|failure| failure.to_string().replace(&*root.to_string_lossy(), ""))
}

#[track_caller]
fn refused(project: &str, user: &str, expected: &str) {
    let error = load(project, user).err().expect("an error");
    assert_eq!(error, expected);
}

#[test]
fn nearer_file_takes_precedence() {
    let user = format!("organization = '{ID}'\nrate = '1/s'\ntoken-file = 'token'\n");
    let config = load("rate = '5/s'\nconcurrency = 8\n", &user).expect("settings");
    assert_eq!(config.settings.rate, "5/s".parse().ok());
    assert_eq!(config.settings.concurrency, Some(8));
    assert_eq!(config.settings.organization, ID.parse().ok());
    let token = format!("{:?}", config.settings.token.expect("a token"));
    assert!(token.ends_with("config/purge/token\")"), "{token}");
    let places: Vec<_> = config.entries.iter().map(|e| (e.key.name, e.line)).collect();
    assert_eq!(
        places,
        [("rate", 1), ("concurrency", 2), ("organization", 1), ("rate", 2), ("token-file", 3)]
    );
    assert_eq!(config.files.len(), 2);
}

#[test]
fn missing_files_are_not_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = Config::from_files(Some(folder.path()), None).expect("no settings");
    assert!(config.entries.is_empty());
    Config::from_files(None, Some(Path::new("/dev/null"))).expect("no settings");
}

#[test]
fn tokens_are_refused_and_not_shown() {
    let fix = "a secret does not belong in this file, which others may read; set PURGE_API_KEY and \
               PURGE_API_SECRET, or PURGE_TOKEN, or write it to a file that only you can read and name that with \
               --api-key-file or --token-file";
    for (key, at) in [
        ("token", "token"),
        ("PURGE_TOKEN", "PURGE_TOKEN"),
        ("bearer", "bearer"),
        ("client_secret", "client_secret"),
        ("api-secret", "api-secret"),
        ("[token]\nvalue", "token"),
    ] {
        for (project, user, file) in
            [(true, false, "/project/purge.toml"), (false, true, "/config/purge/purge.toml")]
        {
            let text = format!("# mine\n{key} = 's3cret'\n");
            let pick = |here: bool| if here { text.as_str() } else { "" };
            refused(pick(project), pick(user), &format!("{file}:2: `{at}`: {fix}"));
        }
    }
    let error = load("token = s3cret\n", "").err().expect("not TOML");
    assert!(error.starts_with("/project/purge.toml:1: not TOML: "), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn mistakes_are_reported_with_file_line_and_fix() {
    refused(
        "organisation = 'x'",
        "",
        "/project/purge.toml:1: unknown setting `organisation`; did you mean `organization`?",
    );
    refused(
        "\nmax_attempts = 1",
        "",
        "/project/purge.toml:2: unknown setting `max_attempts`; did you mean `max-attempts`?",
    );
    refused(
        "token_file = 'x'",
        "",
        "/project/purge.toml:1: unknown setting `token_file`; did you mean `token-file`?",
    );
    refused(
        "colour = 'x'",
        "",
        "/project/purge.toml:1: unknown setting `colour`; the settings are organization, resource, api-key-file, token-file, \
         token-command, base-url, timeout, concurrency, rate, max-attempts, index, clean-urls, templates, values, spellings, with-query, always",
    );
    refused("concurrency = 0", "", "/project/purge.toml:1: `concurrency`: 0 is not in 1..=1000");
    refused("rate = true", "", "/project/purge.toml:1: `rate` is neither a string nor a number");
    refused(
        "",
        "rate = 'fast'",
        "/config/purge/purge.toml:1: `rate`: a rate is a number of requests per second, minute, \
         hour or other period: `5/s`, `30/m`, `100/h`, `1/10s`",
    );
    refused(
        "",
        "token-file = 'a'\ntoken-command = 'b'",
        "/config/purge/purge.toml:2: both `token-file` and `token-command`: remove one",
    );
    refused(
        "",
        "token-file = 'a'\napi-key-file = 'b'",
        "/config/purge/purge.toml:2: both `token-file` and `api-key-file`: remove one",
    );
}

#[test]
fn project_file_cannot_redirect_the_token_or_run_a_program() {
    // No file can choose the proxy.
    for key in ["proxy", "https-proxy", "no-proxy", "ssl-cert-file"] {
        for (project, user) in [(true, false), (false, true)] {
            let text = |here: bool| {
                if here { format!("{key} = 'http://127.0.0.1:1'") } else { String::new() }
            };
            let error = load(&text(project), &text(user)).err().expect("refused");
            assert!(error.contains(&format!("unknown setting `{key}`")), "{error}");
        }
    }
    for key in ["base-url", "api-key-file", "token-file", "token-command"] {
        let text = format!("{key} = 'https://example.com'");
        load("", &text).expect("the user's own file");
        let error = load(&text, "").err().expect("refused");
        assert!(error.contains("is allowed only in the user's own purge.toml"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_limited_size_are_read() {
    use std::os::unix::fs::symlink;

    type Make<'a> = &'a dyn Fn(&Path);
    let check = |what: &str, make: Make<'_>, expected: Result<usize, &str>| {
        for owner in ["project/purge.toml", "config/purge/purge.toml"] {
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path();
            fs::create_dir_all(root.join("project")).expect("a folder");
            fs::create_dir_all(root.join("config/purge")).expect("a folder");
            make(&root.join(owner));
            let found = Config::from_files(Some(&root.join("project")), Some(&root.join("config")));
            let found = found.map(|config| config.files.len()).map_err(|error| error.to_string());
            let expected = expected
                .map_err(|why| format!("{} cannot be read: {why}", root.join(owner).display()));
            assert_eq!(found, expected, "{what}");
        }
    };
    let other = "it is not a regular file";
    check("endless device", &|at| symlink("/dev/zero", at).expect("a link"), Err(other));
    check("empty device", &|at| symlink("/dev/null", at).expect("a link"), Err(other));
    let pipe = |at: &Path| {
        let made = std::process::Command::new("mkfifo").arg(at).status().expect("mkfifo");
        assert!(made.success());
    };
    check("pipe without a writer", &pipe, Err(other));
    check("folder", &|at| fs::create_dir(at).expect("a folder"), Err(other));
    let filled = |at: &Path, bytes: usize| {
        fs::write(at, format!("# {}", "a".repeat(bytes - 2))).expect("a file");
    };
    check("64 KiB", &|at| filled(at, 64 * 1024), Ok(1));
    check("more", &|at| filled(at, 64 * 1024 + 1), Err("it is larger than 64 KiB"));
    check("Latin-1", &|at| fs::write(at, b"# \xe9").expect("a file"), Err("it is not UTF-8"));
    let linked = |at: &Path| {
        let file = at.with_extension("other");
        fs::write(&file, "rate = '5/s'").expect("a file");
        symlink(&file, at).expect("a link");
    };
    check("link to a file", &linked, Ok(1));
    check("link to nothing", &|at| symlink("/not/there", at).expect("a link"), Ok(0));
}

#[test]
fn commands_of_the_user_file_are_relative_to_it() {
    let config = load("", "token-command = 'bin/login --quiet'").expect("settings");
    let token = format!("{:?}", config.settings.token.expect("a token"));
    assert!(token.ends_with("config/purge/bin/login\", ..)"), "{token}");
}

#[cfg(unix)]
#[test]
fn user_folder_follows_the_environment() {
    let check = |variables: &[(&str, &str)], expected: Option<&str>| {
        let value = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value))
        };
        assert_eq!(user_folder(value), expected.map(Into::into));
    };
    check(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/home/me")], Some("/x"));
    check(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/home/me")], Some("/home/me/.config"));
    check(&[("XDG_CONFIG_HOME", ""), ("HOME", "")], None);
    check(&[], None);
}

#[test]
fn timeouts_are_not_zero() {
    assert_eq!(super::timeout("1ms"), Ok(std::time::Duration::from_millis(1)));
    for text in ["0", "0s", "0ms 0s"] {
        let why = super::timeout(text).expect_err(text);
        assert_eq!(why, "a timeout cannot be zero; write for example `30s`");
    }
}

#[test]
fn lists_of_the_nearer_file_replace_those_of_the_other() {
    let user = "index = 'default.html'\ntemplates = '/en{path}'\nspellings = true\n";
    let project = "index = ['index.html', 'index.htm']\nclean-urls = true\nalways = ['/feed.xml']\n\
                   [values]\nlang = ['en', 'de']\nwidth = 200\n";
    let config = load(project, user).expect("settings");
    let addresses = &config.settings.addresses;
    assert_eq!(addresses.index, ["index.html", "index.htm"]);
    assert_eq!(addresses.templates, ["/en{path}"]);
    assert_eq!(
        (addresses.clean_urls, addresses.spellings, addresses.with_query),
        (true, true, false)
    );
    assert_eq!(addresses.always.len(), 1);
    assert_eq!(addresses.values["lang"], ["en", "de"]);
    assert_eq!(addresses.values["width"], ["200"]);
    let shown = |name: &str| config.entries.iter().find(|entry| entry.key.name == name);
    assert_eq!(shown("values").expect("an entry").value, "lang=en, lang=de, width=200");

    refused(
        "always = ['a']\n",
        "",
        "/project/purge.toml:1: `always`: it does not begin with `/`: write `/a`",
    );
    refused(
        "index = ['..']\n",
        "",
        "/project/purge.toml:1: `index`: a dot segment, at byte 2: write the path without `.` and `..`",
    );
    refused(
        "clean-urls = 'yes'\n",
        "",
        "/project/purge.toml:1: `clean-urls` is not `true` or `false`",
    );
    refused(
        "rate = ['5/s']\n",
        "",
        "/project/purge.toml:1: `rate` is neither a string nor a number",
    );
    refused("index = [['a']]\n", "", "/project/purge.toml:1: `index` is not a list of strings");
    refused(
        "values = ['a']\n",
        "",
        "/project/purge.toml:1: `values` is not a table of lists, such as `{ lang = [\"en\", \"de\"] }`",
    );
    refused(
        "",
        "always = ['a']\n",
        "/config/purge/purge.toml:1: `always`: it does not begin with `/`: write `/a`",
    );
}

#[test]
fn profiles_have_their_own_settings_and_the_nearer_file_takes_precedence() {
    let other = "660f9511-f30c-52e5-b827-557766551111";
    let project = format!("rate = '9/s'\n[profile.shop]\nresource = '{ID}'\nprefix = '/shop'\n");
    let user = format!(
        "[profile.shop]\nresource = '{other}'\nrate = '1/s'\nbase-url = 'https://shop.example.com'\n\
         api-key-file = 'shop.toml'\n[profile.blog]\nresource = '{other}'\n"
    );
    let config = load(&project, &user).expect("settings");
    assert!(config.settings.resource.is_none(), "a profile is used only if it is named");
    let shop = config.settings.profile("shop").expect("a profile");
    assert_eq!(shop.resource.map(|id| id.to_string()).as_deref(), Some(ID));
    assert_eq!(shop.rate.map(|rate| rate.to_string()).as_deref(), Some("1/s"));
    assert_eq!(shop.prefix.as_ref().map(purge_api_ext::PurgePath::as_str), Some("/shop"));
    assert_eq!(shop.base_url.as_deref(), Some("https://shop.example.com"));
    let token = format!("{:?}", shop.token.as_ref().expect("a token"));
    assert!(token.ends_with("config/purge/shop.toml\")"), "{token}");
    let error = config.settings.profile("show").err().expect("unknown").to_string();
    assert_eq!(error, "there is no profile `show`; the profiles are blog, shop");
    let error = load("", "").expect("no settings").settings.profile("a").err().expect("unknown");
    assert_eq!(error.to_string(), "there is no profile `a`; no purge.toml defines one");
}

#[cfg(feature = "queue")]
#[test]
fn queue_has_a_table_and_only_the_user_decides_where_paths_go() {
    let project = "[queue]\nlane = 'shop'\nproducer = 'cms'\n[profile.blog]\nlane = 'blog'\n";
    let user =
        "[queue]\nurl = 'tls://a:4222,tls://b:4222'\nlane = 'mine'\ncredentials-file = 'queue'\n";
    let config = load(project, user).expect("settings");
    let queue = &config.settings.queue;
    let lane = |queue: &super::QueueSettings| queue.lane.as_ref().map(|l| l.as_str().to_owned());
    assert_eq!(queue.url.as_deref(), Some("tls://a:4222,tls://b:4222"));
    assert_eq!(lane(queue).as_deref(), Some("shop"));
    assert_eq!(queue.producer.as_ref().map(|p| p.as_str()), Some("cms"));
    let file = queue.credentials.as_ref().expect("a file");
    assert!(file.ends_with("config/purge/queue"), "{file:?}");
    let blog = config.settings.profile("blog").expect("a profile");
    assert_eq!(lane(&blog.queue).as_deref(), Some("blog"));
    let places: Vec<_> = config.entries.iter().map(|e| (e.key.name, e.line)).collect();
    assert!(places.contains(&("queue.lane", 2)) && places.contains(&("queue.url", 2)));

    for key in ["url = 'tls://a'", "credentials-file = 'a'"] {
        let text = format!("[queue]\n{key}\n");
        load("", &text).expect("the user's own file");
        let name = key.split(' ').next().expect("a name");
        let expected = format!(
            "/project/purge.toml:2: `queue.{name}` is allowed only in the user's own purge.toml: anyone who can \
             write here could otherwise decide where the paths and the password of the queue go"
        );
        refused(&text, "", &expected);
    }
    for (text, expected) in [
        ("queue = 'a'", "1: `queue` is a table: write `[queue]`"),
        ("[queue]\nlane = 'A b'", "2: `queue.lane`: `A b` is not a lane: use 1 to 32"),
        ("[queue]\nlame = 'a'", "2: unknown setting `queue.lame`; did you mean `queue.lane`?"),
        ("[queue]\npassword = 's3cret'", "2: `queue.password`: a secret does not belong in this"),
        ("[queue]\nurl = 'nats://u:s3cret@a'", "2: `queue.url`: the queue address `nats://…@a`"),
    ] {
        let error = load("", text).err().expect(text);
        assert!(error.starts_with(&format!("/config/purge/purge.toml:{expected}")), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn mistakes_in_profiles_are_reported_with_file_line_and_fix() {
    for key in ["base-url", "api-key-file", "token-file", "token-command"] {
        let text = format!("[profile.shop]\n{key} = 'https://example.com'\n");
        load("", &text).expect("the user's own file");
        let error = load(&text, "").err().expect("refused");
        let expected =
            format!("/project/purge.toml:2: `{key}` is allowed only in the user's own purge.toml");
        assert!(error.starts_with(&expected), "{error}");
    }
    for (text, expected) in [
        ("profile = 'shop'", "1: a profile is a table: write `[profile.NAME]`"),
        ("[profile]\nshop = 'x'", "2: a profile is a table: write `[profile.NAME]`"),
        (
            "[profile.'../x']\nrate = '1/s'",
            "1: `../x` is not a valid profile name: use letters, digits, `-` and `_`",
        ),
        ("[profile.a]\nrate = 'fast'", "2: `rate`: a rate is a number"),
        ("[profile.a]\nprefix = '/a/*'", "2: `prefix`: a wildcard, but a prefix is one folder"),
        (
            "[profile.a]\ntimeout = '1s'",
            "2: unknown setting `timeout`; the settings are organization, resource",
        ),
        ("[profile.a]\nresuorce = 'x'", "2: unknown setting `resuorce`; did you mean `resource`?"),
        ("[profile.a]\ntoken = 's3cret'", "2: `token`: a secret does not belong in this file"),
        ("prefix = '/a'", "1: unknown setting `prefix`; the settings are organization"),
        ("[queue]\nfoo = 1", "2: unknown setting `queue.foo`; the settings are queue.url, "),
        ("[queue]\nlanes = 'a'", "2: unknown setting `queue.lanes`; did you mean `queue.lane`?"),
        ("concurrency = 'x'", "1: `concurrency`: not a number from 1 to 1000"),
    ] {
        let error = load(text, "").err().expect(text);
        assert!(error.starts_with(&format!("/project/purge.toml:{expected}")), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let two = "[profile.a]\ntoken-file = 'a'\napi-key-file = 'b'\n";
    refused(
        "",
        two,
        "/config/purge/purge.toml:3: both `token-file` and `api-key-file`: remove one",
    );
}

#[test]
fn profile_without_settings_is_a_profile() {
    let config = load("[profile.empty]\n", "").expect("settings");
    config.settings.profile("empty").expect("a profile");
}

/// The working directory of a process has no links in it, but `$HOME` may.
#[cfg(unix)]
#[test]
fn own_file_is_found_through_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().canonicalize().expect("a folder").join("home/purge");
    fs::create_dir_all(&own).expect("folders");
    fs::write(own.join("purge.toml"), "token-file = 'token'\n").expect("a file");
    let linked = folder.path().join("linked");
    std::os::unix::fs::symlink("home", &linked).expect("a link");
    let config = Config::from_files(Some(&own), Some(&linked)).expect("the user's own file");
    assert_eq!(config.files.len(), 1);
    // Any other file belongs to others.
    let foreign = folder.path().join("foreign");
    fs::create_dir(&foreign).expect("a folder");
    fs::write(foreign.join("purge.toml"), "token-file = 'token'\n").expect("a file");
    Config::from_files(Some(&foreign), Some(&linked)).err().expect("the file of another");
}
