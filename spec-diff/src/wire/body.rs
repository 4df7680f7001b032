//! Request bodies, responses and their media types.

use super::direction::Direction;
use super::docs::Kind;
use super::pair::Pair;
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
                "content" => walk.content(field, Direction::Request),
                _ => {}
            });
        });
    }

    pub(super) fn responses(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Responses, pair, |walk, status, response| {
            let response = walk.resolve(response);
            // `default` covers every status without an entry; callers do not rely on it for success.
            let success = status.starts_with('2');
            let (added, removed) = if success {
                (Rule::SuccessAdded, Rule::SuccessRemoved)
            } else {
                (Rule::FailureAdded, Rule::FailureRemoved)
            };
            match (response.old, response.new) {
                (None, _) => walk.report(added, &format!("response {} added", word(status))),
                (_, None) => walk.report(removed, &format!("response {} removed", word(status))),
                _ => walk.response(response),
            }
        });
    }

    fn response(&mut self, pair: Pair<'a>) {
        self.fields(Kind::Response, pair, |walk, key, field| match key {
            "content" => walk.content(field, Direction::Response),
            "headers" => {
                walk.entries(field, |walk, name, header| walk.header(name, walk.resolve(header)));
                walk.settle_when_empty(field);
            }
            _ => {}
        });
    }

    /// The media types of a body, a response or a parameter.
    pub(super) fn content(&mut self, pair: Pair<'a>, direction: Direction) {
        let (added, removed) = match direction {
            Direction::Request => (Rule::RequestMediaTypeAdded, Rule::RequestMediaTypeRemoved),
            Direction::Response => (Rule::ResponseMediaTypeAdded, Rule::ResponseMediaTypeRemoved),
        };
        self.entries(pair, |walk, name, media_type| match (media_type.old, media_type.new) {
            (None, _) => walk.report(added, &format!("media type {} added", quote(name))),
            (_, None) => walk.report(removed, &format!("media type {} removed", quote(name))),
            _ => walk.media_type(media_type, direction),
        });
        self.settle_when_empty(pair);
    }

    /// An empty map means the same as none.
    fn settle_when_empty(&mut self, pair: Pair<'a>) {
        if pair.keys().is_empty() {
            self.report(Rule::SameMeaning, "an empty map means the same as none");
        }
    }

    fn media_type(&mut self, pair: Pair<'a>, direction: Direction) {
        let (added, removed) = match direction {
            Direction::Request => (Rule::RequestSchemaAdded, Rule::RequestSchemaRemoved),
            Direction::Response => (Rule::ResponseSchemaAdded, Rule::ResponseSchemaRemoved),
        };
        self.fields(Kind::MediaType, pair, |walk, key, field| match key {
            "schema" => match (field.old, field.new) {
                (None, _) => walk.report(added, "schema added"),
                (_, None) => walk.report(removed, "schema removed"),
                _ => walk.schema(field, direction),
            },
            "encoding" => walk.changed(Rule::EncodingChanged, key, field),
            _ => {}
        });
    }
}
