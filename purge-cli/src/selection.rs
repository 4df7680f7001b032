//! Selects what to purge, from all sources: paths, lists, and the difference between a site and its baseline.
//! Includes every address of each file.

mod site;
mod starred;

use std::path::{Path, PathBuf};

use purge_api_ext::{Paths, Plan, Planner, PurgeEverything, ResourceId};
use purge_site::{Aliases, Manifest, Rules};

use crate::args::{AddressArgs, InputArgs, PathArgs};
use crate::config::{Addresses, Settings};
use crate::exit::Failure;
use crate::input::{self, Format, Lists};
pub(crate) use site::{Changes, Renewal, add_names, left_out, read_site, unreadable};
pub(crate) use starred::{as_requested, of_names as starred_names, read_back};

/// What to purge.
pub(crate) struct Selection {
    /// `None` if the site is unchanged.
    pub(crate) plan: Option<Plan>,
    /// Which of the paths are aliases of others.
    pub(crate) aliases: Aliases,
    /// The baseline to replace afterwards.
    pub(crate) renewal: Option<Renewal>,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

/// The note shown whenever query strings are purged.
const QUERY: &str = "whether the service matches query strings is not published; check that the purged paths are gone";

impl Selection {
    /// Reads all sources. Nothing is sent, and no file is written.
    pub(crate) fn read(
        args: &PathArgs,
        settings: &Settings,
        resource: Option<ResourceId>,
    ) -> Result<Self, Failure> {
        Self::with_lists(args, settings, resource, &Lists::default())
    }

    /// The same, with lists that were read before.
    pub(crate) fn with_lists(
        args: &PathArgs,
        settings: &Settings,
        resource: Option<ResourceId>,
        lists: &Lists,
    ) -> Result<Self, Failure> {
        let resource = resource.map(|resource| resource.to_string());
        let changes = Changes::read(args, resource.as_deref())?;
        let planned = Planned::read(args, settings, changes.as_ref(), lists)?;
        let Planned { plan, aliases, notes } = planned;
        let of_site = changes.iter().flat_map(Changes::notes);
        let notes = of_site.chain(notes).collect();
        Ok(Self { plan, aliases, renewal: changes.map(Changes::into_renewal), notes })
    }
}

/// The plan for one resource.
pub(crate) struct Planned {
    /// `None` if the site is unchanged.
    pub(crate) plan: Option<Plan>,
    aliases: Aliases,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

impl Planned {
    /// Reads all sources but the site.
    pub(crate) fn read(
        args: &PathArgs,
        settings: &Settings,
        changes: Option<&Changes>,
        lists: &Lists,
    ) -> Result<Self, Failure> {
        let format = format(&args.input);
        let rules = rules(&args.input, &args.addresses, &settings.addresses)?;
        let (mut paths, full) = input::read(format, &args.input.paths, &args.input.from, lists)?;
        if let Some(changes) = changes {
            changes.add_to(&mut paths, format)?;
        }
        let mut notes = Vec::new();
        if changes.is_some() && paths.is_empty() {
            return Ok(Self { plan: None, aliases: Aliases::default(), notes });
        }
        if !paths.is_empty() {
            add_always(&args.addresses, &settings.addresses, format, lists, &mut paths)?;
        }
        let (paths, aliases) = expanded(&rules, paths)?;
        let planner = planner(args, format, &rules, changes.map(Changes::site), lists)?;
        let plan = planner.plan(paths).map_err(|error| explained(error, args, full))?;
        // Otherwise no path has a query string, and millions of paths need not be searched for one.
        let may_have_query = format.query || !rules.is_empty();
        if may_have_query && plan.paths().any(|path| path.contains('?')) {
            notes.push(QUERY.to_owned());
        }
        if format.raw || changes.is_some() {
            notes.extend(starred::not_purged(&plan)?);
        }
        Ok(Self { plan: Some(plan), aliases, notes })
    }
}

pub(crate) fn format(args: &InputArgs) -> Format<'_> {
    Format {
        null: args.null,
        raw: args.raw,
        prefix: args.prefix.as_ref(),
        hosts: &args.urls,
        strip: args.strip_prefix.as_deref(),
        query: args.query,
    }
}

/// The rules of the command line. The settings in files apply where the command line has none.
pub(crate) fn rules(
    input: &InputArgs,
    said: &AddressArgs,
    settings: &Addresses,
) -> Result<Rules, Failure> {
    let mut rules = same_file_rules(input, said, settings)?;
    for template in args_or(&said.template, &settings.templates) {
        let more = rules.template(&template, &settings.values);
        rules = more.map_err(|error| Failure::usage(error.to_string()))?;
    }
    Ok(if said.with_query || settings.with_query { rules.with_query() } else { rules })
}

/// The rules for addresses that have the content of the file. The variants of templates may have other contents.
pub(crate) fn same_file_rules(
    input: &InputArgs,
    said: &AddressArgs,
    settings: &Addresses,
) -> Result<Rules, Failure> {
    let mut rules = Rules::new();
    for name in args_or(&said.index, &settings.index) {
        rules = rules.index(&name).map_err(|error| Failure::usage(format!("index: {error}")))?;
    }
    if said.clean_urls || settings.clean_urls {
        rules = rules.clean_urls();
    }
    if said.spellings || settings.spellings {
        rules = rules.spellings();
    }
    Ok(match &input.prefix {
        Some(prefix) => rules.prefix(prefix),
        None => rules,
    })
}

fn args_or(said: &[String], settings: &[String]) -> Vec<String> {
    if said.is_empty() { settings.to_vec() } else { said.to_vec() }
}

pub(crate) fn expanded(rules: &Rules, paths: Paths) -> Result<(Paths, Aliases), Failure> {
    rules.expand(paths).map_err(|error| Failure::usage(format!("{error}; nothing was sent")))
}

/// Adds the paths that are part of every purge.
pub(crate) fn add_always(
    said: &AddressArgs,
    settings: &Addresses,
    format: Format<'_>,
    lists: &Lists,
    paths: &mut Paths,
) -> Result<(), Failure> {
    // These are always paths, even if the others are names or URLs.
    let paths_form = Format { prefix: format.prefix, query: format.query, ..Format::default() };
    let (always, _) = input::read(paths_form, &[], &said.always, lists)?;
    paths.append(&always);
    for path in &settings.always {
        let whole = match format.prefix {
            Some(prefix) => path.in_folder(prefix),
            None => Ok(path.clone()),
        };
        paths.push(&whole.map_err(|error| Failure::usage(format!("always: {error}")))?);
    }
    Ok(())
}

fn planner(
    args: &PathArgs,
    format: Format<'_>,
    rules: &Rules,
    site: Option<&Manifest>,
    lists: &Lists,
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
        let inventory = input::read_inventory(format, &args.inventory, lists)?;
        if inventory.is_empty() {
            let why = "the inventory is empty; provide all paths of the site";
            return Err(Failure::usage(format!("{}: {why}", input::names(&args.inventory))));
        }
        return Ok(planner.inventory(expanded(rules, inventory)?.0));
    }
    let coalesces = args.max_requests.is_some() || args.max_extra.is_some();
    match site.filter(|_| coalesces) {
        None => Ok(planner),
        // All addresses of the current site.
        Some(site) => {
            let mut inventory = Paths::new();
            site::add_names(site.names(), &mut inventory, format)?;
            Ok(planner.inventory(expanded(rules, inventory)?.0))
        }
    }
}

fn explained(error: purge_api_ext::PlanError, args: &PathArgs, full: Option<String>) -> Failure {
    match (error.is_empty(), full) {
        // If something is piped in, it was not read.
        (true, _) if args.input.from.is_empty() => {
            Failure::usage(format!("{error}, or read standard input with `--from -`"))
        }
        (true, _) => {
            Failure::usage(format!("no paths to purge: {}", input::names(&args.input.from)))
        }
        (_, Some(place)) if error.full_purge_path().is_some() => {
            Failure::usage(format!("{place}: {}; nothing was sent", Failure::from(error)))
        }
        _ => error.into(),
    }
}

/// Whether any input is read from standard input.
pub(crate) fn reads_standard_input(args: &PathArgs) -> bool {
    lists(args).chain(&args.site.site).any(|file| file == Path::new("-"))
}

/// Reads the lists that are read again for each plan.
pub(crate) fn kept_lists(args: &PathArgs) -> Result<Lists, Failure> {
    only_one_standard_input(args)?;
    Lists::keep(lists(args))
}

/// Reads the inventory, which is read again to verify the purge.
pub(crate) fn kept_inventory(args: &PathArgs) -> Result<Lists, Failure> {
    only_one_standard_input(args)?;
    Lists::keep(args.inventory.iter())
}

fn only_one_standard_input(args: &PathArgs) -> Result<(), Failure> {
    input::only_one_standard_input(lists(args).chain(&args.site.site))
}

fn lists(args: &PathArgs) -> impl Iterator<Item = &PathBuf> {
    args.input.from.iter().chain(&args.inventory).chain(&args.addresses.always)
}
