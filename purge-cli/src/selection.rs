//! What is to be purged, by all the ways in which that can be said: paths, lists, and what is different between a
//! site and its baseline; with every address that a file has.

mod site;

use std::path::Path;

use purge_api_ext::{Paths, Plan, Planner, PurgeEverything, ResourceId};
use purge_site::{Aliases, Manifest, Rules};

use crate::args::PathArgs;
use crate::config::{Addresses, Settings};
use crate::exit::Failure;
use crate::input::{self, Form};
use site::Changes;
pub(crate) use site::{Renewal, left_out, read_site};

/// What is to be purged.
pub(crate) struct Selection {
    /// None if the site is as it was.
    pub(crate) plan: Option<Plan>,
    /// Which of its paths are addresses of others.
    pub(crate) aliases: Aliases,
    /// The baseline that is replaced afterwards.
    pub(crate) renewal: Option<Renewal>,
    /// What people should know of it.
    pub(crate) notes: Vec<String>,
}

/// What is said of query strings whenever they are purged.
const QUERY: &str = "whether the service matches query strings is not published: check that what you purge by them is gone";

impl Selection {
    /// Reads all of it. Nothing is sent, and no file is written.
    pub(crate) fn read(
        args: &PathArgs,
        settings: &Settings,
        resource: Option<ResourceId>,
    ) -> Result<Self, Failure> {
        let lists = || args.from.iter().chain(&args.addresses.always);
        input::only_one_standard_input(lists().chain(&args.inventory))?;
        let form = form(args);
        let rules = rules(args, &settings.addresses)?;
        let (mut paths, full) = input::read(form, &args.paths, &args.from)?;
        let changes = Changes::read(args, resource)?;
        let mut notes = Vec::new();
        if let Some(changes) = &changes {
            changes.add_to(&mut paths, form)?;
            notes.extend(changes.notes());
        }
        if changes.is_some() && paths.is_empty() {
            let renewal = changes.map(Changes::into_renewal);
            return Ok(Self { plan: None, aliases: Aliases::default(), renewal, notes });
        }
        if !paths.is_empty() {
            add_always(args, &settings.addresses, form, &mut paths)?;
        }
        let (paths, aliases) = expanded(&rules, paths)?;
        let site = changes.as_ref().map(Changes::site);
        let planner = planner(args, form, &rules, site)?;
        let plan = planner.plan(paths).map_err(|error| explained(error, args, full))?;
        // Otherwise no path has a query string, and millions of paths are not searched for one.
        let may_have_query = form.query || !rules.is_empty();
        if may_have_query && plan.paths().any(|path| path.contains('?')) {
            notes.push(QUERY.to_owned());
        }
        let renewal = changes.map(Changes::into_renewal);
        Ok(Self { plan: Some(plan), aliases, renewal, notes })
    }
}

fn form(args: &PathArgs) -> Form<'_> {
    Form {
        null: args.null,
        raw: args.raw,
        prefix: args.prefix.as_ref(),
        hosts: &args.urls,
        strip: args.strip_prefix.as_deref(),
        query: args.query,
    }
}

/// The rules of the command line; what is not said there, as the files say.
fn rules(args: &PathArgs, settings: &Addresses) -> Result<Rules, Failure> {
    let args_or = |said: &'_ [String], settings: &'_ [String]| {
        if said.is_empty() { settings.to_vec() } else { said.to_vec() }
    };
    let said = &args.addresses;
    let mut rules = Rules::new();
    for name in args_or(&said.index, &settings.index) {
        rules = rules.index(&name).map_err(|error| Failure::usage(format!("index: {error}")))?;
    }
    for template in args_or(&said.template, &settings.templates) {
        let more = rules.template(&template, &settings.values);
        rules = more.map_err(|error| Failure::usage(error.to_string()))?;
    }
    if said.clean_urls || settings.clean_urls {
        rules = rules.clean_urls();
    }
    if said.spellings || settings.spellings {
        rules = rules.spellings();
    }
    if said.with_query || settings.with_query {
        rules = rules.with_query();
    }
    Ok(match &args.prefix {
        Some(prefix) => rules.prefix(prefix),
        None => rules,
    })
}

fn expanded(rules: &Rules, paths: Paths) -> Result<(Paths, Aliases), Failure> {
    rules.expand(paths).map_err(|error| Failure::usage(format!("{error}; nothing was sent")))
}

/// Adds the paths that go with every purge.
fn add_always(
    args: &PathArgs,
    settings: &Addresses,
    form: Form<'_>,
    paths: &mut Paths,
) -> Result<(), Failure> {
    // They are paths, whatever the form of the others is.
    let paths_form = Form { prefix: form.prefix, query: form.query, ..Form::default() };
    let (always, _) = input::read(paths_form, &[], &args.addresses.always)?;
    paths.append(&always);
    for path in &settings.always {
        let whole = match form.prefix {
            Some(prefix) => path.in_folder(prefix),
            None => Ok(path.clone()),
        };
        paths.push(&whole.map_err(|error| Failure::usage(format!("always: {error}")))?);
    }
    Ok(())
}

fn planner(
    args: &PathArgs,
    form: Form<'_>,
    rules: &Rules,
    site: Option<&Manifest>,
) -> Result<Planner, Failure> {
    let mut planner = Plan::planner();
    if args.allow_full_purge {
        planner = planner.allow_full_purge(PurgeEverything);
    }
    if let Some(requests) = args.max_requests {
        planner = planner.max_requests(requests.get());
    }
    if let Some(extra) = args.max_extra {
        planner = planner.max_extra(extra);
    }
    if !args.inventory.is_empty() {
        let inventory = input::read_inventory(form, &args.inventory)?;
        if inventory.is_empty() {
            let why = "the inventory is empty; provide all paths of the site";
            return Err(Failure::usage(format!("{}: {why}", input::names(&args.inventory))));
        }
        return Ok(planner.inventory(expanded(rules, inventory)?.0));
    }
    let coalesces = args.max_requests.is_some() || args.max_extra.is_some();
    match site.filter(|_| coalesces) {
        None => Ok(planner),
        // All addresses of the site that is there now.
        Some(site) => {
            let mut inventory = Paths::new();
            site::add_names(site.names(), &mut inventory, form)?;
            Ok(planner.inventory(expanded(rules, inventory)?.0))
        }
    }
}

fn explained(error: purge_api_ext::PlanError, args: &PathArgs, full: Option<String>) -> Failure {
    match (error.is_empty(), full) {
        // Whatever is piped in was not read.
        (true, _) if args.from.is_empty() => {
            Failure::usage(format!("{error}, or read standard input with `--from -`"))
        }
        (true, _) => Failure::usage(format!("no paths to purge: {}", input::names(&args.from))),
        (_, Some(place)) if error.full_purge_path().is_some() => {
            Failure::usage(format!("{place}: {}; nothing was sent", Failure::from(error)))
        }
        _ => error.into(),
    }
}

/// Whether somebody types the paths.
pub(crate) fn reads_standard_input(args: &PathArgs) -> bool {
    let lists = args.from.iter().chain(&args.inventory).chain(&args.addresses.always);
    lists.chain(&args.site.site).any(|file| file == Path::new("-"))
}
