#![doc = include_str!("../README.md")]

mod bearer;
mod hooks;
mod identifier;
mod object;
mod page;
mod file_paths;

#[allow(
    missing_docs,
    unreachable_pub,
    unused_imports,
    rust_2018_idioms,
    clippy::all,
    clippy::unwrap_used
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bearer::{Bearer, InvalidToken, Token};
pub use file_paths::FilePaths;
pub use generated::{ByteStream, Client, ClientInfo, Error, ResponseValue, builder, types};
pub use hooks::MAX_RESPONSE_BYTES;
pub use {reqwest, uuid};
