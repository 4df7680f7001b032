//! How each fact is checked.

pub(super) mod member;
pub(super) mod http;
pub(super) mod login;
pub(super) mod purge;
pub(super) mod list;
pub(super) mod pages;
pub(super) mod record;
