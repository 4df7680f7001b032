//! How each fact is checked.

pub(super) mod member;
pub(super) mod http;
pub(super) mod login;
pub(super) mod record;
pub(super) mod purge;
pub(super) mod list;
pub(super) mod pages;
