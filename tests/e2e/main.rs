//! End-to-end tests, over real HTTP on loopback.

#![expect(clippy::print_stdout, reason = "the measurements are part of the result")]

mod account;
#[cfg(unix)]
mod advice;
mod bounds;
mod coalesce;
mod command_line;
mod contract;
#[cfg(target_os = "linux")]
mod crash;
#[cfg(unix)]
mod docs;
mod doctor;
#[cfg(unix)]
mod endurance;
mod environment;
mod events;
mod exit_codes;
mod faults;
mod files;
mod gate;
mod journal;
mod list;
mod log;
mod login;
mod lost_response;
mod messages;
mod outage;
mod output;
mod profiles;
mod proxy;
mod sandbox;
mod secrets;
mod shell;
#[cfg(unix)]
mod signals;
mod sites;
mod submit;
mod tokens;
mod trust;
#[cfg(target_os = "linux")]
mod unwritten;
mod verify;
mod wait;

/// The command line as it is installed.
const PURGE: &str = env!("CARGO_BIN_EXE_purge-under-test");

const ORGANIZATION: &str = "550e8400-e29b-41d4-a716-446655440000";
const RESOURCE: &str = "660f9511-f30c-52e5-b827-557766551111";
