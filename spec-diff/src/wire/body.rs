//! Request bodies, responses and their media types.
//!
//! What one side lists may be described on the other by something wider: a response by a range of statuses or by
//! `default`, a media type by a range. Then it is compared with that.

use serde_json::Value;

use super::direction::Direction;
use super::docs::Kind;
use super::media_type;
use super::pair::Pair;
use super::shape::Role;
use super::walk::Walk;
use crate::message::{quote, word};
use crate::rules::Rule;

impl<'a> Walk<'a> {
    pub(super) fn request_body(&mut self, pair: Pair<'a>) {
        let required = pair.get("required").flags();
        self.at(pair, |walk| {
            match (pair.old, pair.new) {
                (None, _) if required.1 => {
                    return walk.report(Rule::RequiredBodyAdded, "added, and it is required");
                }
                (None, _) => return walk.report(Rule::OptionalBodyAdded, "added, optional"),
                (_, None) if required.0 => {
                    return walk.report(Rule::RequiredBodyRemoved, "removed; it was required");
                }
                (_, None) => {
                    return walk.report(Rule::OptionalBodyRemoved, "removed; it was optional");
                }
                _ => {}
            }
            walk.fields(Kind::RequestBody, pair, |walk, key, field| match key {
                "required" => match required {
                    (false, true) => walk.report(Rule::BodyBecameRequired, "optional → required"),
                    (true, false) => walk.report(Rule::BodyBecameOptional, "required → optional"),
                    _ => walk.report(Rule::SameMeaning, "`required: false` is the default"),
                },
                "content" => {
                    let is_sent = required.0 || required.1;
                    let role = if is_sent { Role::AlwaysSent } else { Role::Value };
                    walk.content(field, Direction::Request, role);
                }
                _ => {}
            });
        });
    }

    pub(super) fn responses(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Responses, pair, |walk, status, response| {
            if response.old.is_some() && response.new.is_some() {
                return walk.response(response);
            }
            let (own, others, how) = match response.new {
                Some(_) => (pair.new, pair.old, "added"),
                None => (pair.old, pair.new, "removed"),
            };
            let what = format!("response {} {how}", word(status));
            if let Some((range, wider)) = wider_response(others, status) {
                let both = Pair { old: response.old.or(wider), new: response.new.or(wider) };
                let is_added = response.new.is_some();
                walk.instead(both, (&what, is_added), range, Self::response);
                // Next to the success that only one side lists, `default` described failures.
                let of_failures = range == "default" && keys(own).any(|key| key == "default");
                if is_failure(status) || !of_failures || walk.same(both) {
                    return;
                }
            }
            // Where no success is listed, something else is what callers wait for.
            let success = match status {
                "default" => ![own, others].iter().any(|side| lists_success(*side)),
                _ => is_success(status) || !(is_failure(status) || lists_success(own)),
            };
            let (added, removed) = match status {
                "2XX" if lists_success(others) => (Rule::SuccessWidened, Rule::SuccessNarrowed),
                _ if success => (Rule::SuccessAdded, Rule::SuccessRemoved),
                _ => (Rule::FailureAdded, Rule::FailureRemoved),
            };
            walk.report(if response.new.is_some() { added } else { removed }, &what);
        });
    }

    /// Compares what one side lists with what describes it on the other side.
    fn instead(
        &mut self,
        both: Pair<'a>,
        (what, is_added): (&str, bool),
        wider: &str,
        compare: impl FnOnce(&mut Self, Pair<'a>),
    ) {
        let both = self.resolve(both);
        let (rule, when) = match is_added {
            true => (Rule::NarrowerEntryAdded, "described it before"),
            false => (Rule::NarrowerEntryRemoved, "describes it now"),
        };
        self.at(both, |walk| {
            walk.report(rule, &format!("{what}; {} {when}", quote(wider)));
            if !walk.same(both) {
                compare(walk, both);
            }
        });
    }

    fn response(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Response, pair, |walk, key, field| match key {
            "content" => walk.content(field, Direction::Response, Role::Value),
            "headers" => {
                // The names of header fields are case-insensitive (RFC 9110, section 5.1).
                walk.entries_by(field, str::to_lowercase, |walk, name, header| {
                    walk.header(name, walk.resolve(header));
                });
                walk.settle_when_empty(field);
            }
            "links" => {
                walk.entries(field, |walk, _, link| {
                    if link.old.is_some() && link.new.is_some() {
                        walk.fields(Kind::Link, link, |_, _, _| {});
                    }
                });
                walk.settle_when_empty(field);
            }
            _ => {}
        });
    }

    /// The media types of a body, a response or a parameter.
    pub(super) fn content(&mut self, pair: Pair<'a>, direction: Direction, role: Role) {
        let pair = self.resolve(pair);
        self.entries_by(pair, media_type::meaning, |walk, name, content| {
            if content.old.is_some() && content.new.is_some() {
                return walk.media_type(name, content, direction, role);
            }
            let (others, how) = match content.new {
                Some(_) => (pair.old, "added"),
                None => (pair.new, "removed"),
            };
            let what = format!("media type {} {how}", quote(name));
            if let Some((range, wider)) = wider_media_type(others, name) {
                let both = Pair { old: content.old.or(wider), new: content.new.or(wider) };
                return walk.instead(both, (&what, content.new.is_some()), range, |walk, both| {
                    walk.media_type(name, both, direction, role);
                });
            }
            let (added, removed) = match direction {
                Direction::Request => (Rule::RequestMediaTypeAdded, Rule::RequestMediaTypeRemoved),
                Direction::Response if keys(others).any(|other| media_type::is_in(other, name)) => {
                    (Rule::ResponseMediaTypeWidened, Rule::ResponseMediaTypeNarrowed)
                }
                Direction::Response => {
                    (Rule::ResponseMediaTypeAdded, Rule::ResponseMediaTypeRemoved)
                }
            };
            walk.report(if content.new.is_some() { added } else { removed }, &what);
        });
        self.settle_when_empty(pair);
    }

    /// An empty map means the same as none.
    fn settle_when_empty(&mut self, pair: Pair<'a>) {
        if pair.keys().is_empty() {
            self.report(Rule::SameMeaning, "an empty map means the same as none");
        }
    }

    fn media_type(&mut self, name: &str, pair: Pair<'a>, direction: Direction, role: Role) {
        let (added, removed) = match direction {
            Direction::Request => (Rule::RequestSchemaAdded, Rule::RequestSchemaRemoved),
            Direction::Response => (Rule::ResponseSchemaAdded, Rule::ResponseSchemaRemoved),
        };
        self.fields(Kind::MediaType, pair, |walk, key, field| match key {
            "schema" => match (field.old, field.new) {
                (Some(_), Some(_)) => walk.schema_as(field, direction, role),
                // Only what it says to people and generators can differ.
                _ if walk.allows_everything(field) => walk.schema_as(field, direction, role),
                (None, _) => walk.report(added, "schema added"),
                (_, None) => walk.report(removed, "schema removed"),
            },
            "encoding" if direction == Direction::Request && media_type::may_be_form(name) => {
                walk.encoding(name, field, pair.get("schema"));
                walk.settle_when_empty(field);
            }
            "encoding" => {
                walk.report(Rule::SameMeaning, "only the parts of a form in a request are encoded");
            }
            _ => {}
        });
    }
}

fn keys(map: Option<&Value>) -> impl Iterator<Item = &str> {
    map.and_then(Value::as_object).into_iter().flat_map(|map| map.keys()).map(String::as_str)
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

fn lists_success(responses: Option<&Value>) -> bool {
    keys(responses).any(is_success)
}

fn is_failure(status: &str) -> bool {
    status.starts_with(['4', '5'])
}

/// What describes a status that is not listed itself. By convention, `default` describes failures, unless nothing else
/// describes success.
fn wider_response<'a>(
    responses: Option<&'a Value>,
    status: &str,
) -> Option<(&'a str, Option<&'a Value>)> {
    let class = format!("{}XX", status.get(..1)?);
    let of_failures = !is_failure(status) && lists_success(responses);
    let others = (status != "default" && !of_failures).then_some("default");
    let wider = (class != status).then_some(class.as_str()).into_iter().chain(others);
    first_of(responses, wider.map(str::to_owned))
}

/// What describes a media type that is not listed itself.
fn wider_media_type<'a>(
    content: Option<&'a Value>,
    name: &str,
) -> Option<(&'a str, Option<&'a Value>)> {
    let wider = media_type::wider(name).into_iter();
    first_of(content, wider.filter(|range| media_type::is_in(name, range)))
}

fn first_of(
    map: Option<&Value>,
    mut names: impl Iterator<Item = String>,
) -> Option<(&str, Option<&Value>)> {
    let map = map?.as_object()?;
    names
        .find_map(|name| {
            map.iter().find(|(key, _)| media_type::meaning(key) == media_type::meaning(&name))
        })
        .map(|(key, value)| (key.as_str(), Some(value)))
}
