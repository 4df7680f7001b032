#![doc = include_str!("../README.md")]

mod bearer;
mod body;
mod observe;
mod hooks;
mod identifier;
mod object;
mod page_or_empty_list;
mod file_paths;
mod secret;
mod lenient;

/// The bindings of a description, as a module.
macro_rules! bindings {
    ($module:ident, $file:literal) => {
        #[allow(
            missing_docs,
            unreachable_pub,
            unused_imports,
            rust_2018_idioms,
            clippy::all,
            clippy::unwrap_used
        )]
        mod $module {
            include!(concat!(env!("OUT_DIR"), $file));
        }
    };
}

bindings!(generated, "/purge.rs");

/// The operation that issues tokens, which has a client of its own: it sends no token.
pub mod login {
    bindings!(generated, "/login.rs");

    pub use generated::{Client, builder, types};
}

pub use bearer::{Bearer, InvalidToken, Token};
pub use file_paths::{FilePaths, PathList};
pub use generated::{ByteStream, Client, ClientInfo, Error, ResponseValue, builder, types};
pub use hooks::MAX_RESPONSE_BYTES;
pub use http::Extensions;
pub use observe::{ObservedResponse, observe};
pub use secret::Secret;
pub use {reqwest, uuid};
