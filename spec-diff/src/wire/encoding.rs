//! How the parts of a form are encoded in a request.

use serde_json::Value;

use super::docs::Kind;
use super::media_type;
use super::pair::Pair;
use super::parameter::Style;
use super::shape::types::Types;
use super::shape::{Conjunction, Side};
use super::walk::Walk;
use crate::message::word;
use crate::rules::Rule;

/// The schemas of a property of a form, on either side.
type Schemas<'a> = [Option<Conjunction<'a>>; 2];

impl<'a> Walk<'a> {
    /// Compares the parts of a form with a media type, which has this schema.
    pub(super) fn encoding(&mut self, form: &str, pair: Pair<'a>, schema: Pair<'a>) {
        self.entries(pair, |walk, name, part| {
            let schemas = walk.schemas_of_part(name, schema);
            match (&schemas, part.old, part.new) {
                // It is judged as a property.
                ([None, Some(_)], None, _) | ([Some(_), None], _, None) => walk.settle(),
                _ => walk.part(form, part, &schemas),
            }
        });
    }

    /// The schemas of a property on both sides; `None` where nothing describes it.
    fn schemas_of_part(&mut self, name: &str, schema: Pair<'a>) -> Schemas<'a> {
        [(Side::Old, schema.old), (Side::New, schema.new)].map(|(side, schema)| {
            let conjunction = Conjunction::of(self.root_of(side), schema);
            let flat = self.flat(side, &conjunction);
            match flat.properties.get(name) {
                Some(property) => {
                    Some(Conjunction::all(self.root_of(side), flat.schemas(property)))
                }
                None if flat.groups.is_empty() && flat.further.schemas.is_empty() => None,
                // An alternative may describe it.
                None => Some(Conjunction::default()),
            }
        })
    }

    fn part(&mut self, form: &str, pair: Pair<'a>, schemas: &Schemas<'a>) {
        let before = self.decisions();
        let no_effect = "it has no effect on a form of this media type";
        self.fields(Kind::Encoding, pair, |walk, key, field| match key {
            "contentType" => walk.part_types(field, schemas),
            "headers" if media_type::is_multipart(form) => walk.part_headers(field),
            "style" | "explode" | "allowReserved" if media_type::is_urlencoded(form) => {
                walk.part_style(key, field, pair);
            }
            "headers" | "style" | "explode" | "allowReserved" => {
                walk.report(Rule::SameMeaning, no_effect);
            }
            _ => {}
        });
        self.same_meaning_unless(before, "an empty encoding is the default");
    }

    fn part_types(&mut self, field: Pair<'a>, [old, new]: &Schemas<'a>) {
        let stated = |side: Option<&Value>| side.and_then(Value::as_str).map(list);
        let (old_types, new_types) = field.map(stated);
        let old = old_types.or_else(|| self.default_types(Side::Old, old.as_ref()?));
        let new = new_types.or_else(|| self.default_types(Side::New, new.as_ref()?));
        let (Some(old), Some(new)) = (old, new) else {
            return self.changed(Rule::EncodingChanged, "contentType", field);
        };
        let is_new = |name: &String, others: &[String]| {
            others.iter().all(|other| other != name && !media_type::is_in(name, other))
        };
        let gone = old.iter().any(|name| is_new(name, &new));
        let come = new.iter().any(|name| is_new(name, &old));
        let rule = match (gone, come) {
            (true, true) => Rule::EncodingChanged,
            (true, false) => Rule::EncodingNarrowed,
            (false, true) => Rule::EncodingWidened,
            (false, false) => Rule::SameMeaning,
        };
        self.changed(rule, "contentType", field);
    }

    /// The media type of a part that states none, by the type of the property.
    fn default_types(&mut self, side: Side, schema: &Conjunction<'a>) -> Option<Vec<String>> {
        let mut flat = self.flat(side, schema);
        // For a list, it is that of the items. Lists may contain themselves.
        for _ in 0..8 {
            if flat.types == Types::ARRAY {
                let items = Conjunction::all(self.root_of(side), &flat.items);
                flat = self.flat(side, &items);
            }
        }
        let is_binary = flat.formats.iter().any(|format| **format == "binary");
        let name = match flat.types {
            _ if !flat.groups.is_empty() => return None,
            Types::OBJECT => "application/json",
            Types::TEXT if is_binary => "application/octet-stream",
            types if types.meets(Types::OBJECT.or(Types::ARRAY)) => return None,
            _ => "text/plain",
        };
        Some(vec![name.to_owned()])
    }

    fn part_headers(&mut self, pair: Pair<'a>) {
        self.entries_by(pair, str::to_lowercase, |walk, name, header| {
            match (header.old, header.new) {
                _ if name.eq_ignore_ascii_case("content-type") => {
                    walk.report(Rule::SameMeaning, "`contentType` says it, so this is ignored");
                }
                (Some(_), Some(_)) => walk.fields(Kind::Header, header, |walk, key, field| {
                    walk.changed(Rule::EncodingChanged, key, field);
                }),
                _ => walk.changed(Rule::EncodingChanged, name, header),
            }
        });
    }

    fn part_style(&mut self, key: &str, field: Pair<'a>, part: Pair<'a>) {
        let (old, new) = part.map(|side| Style::of(side, "query"));
        let flags = field.flags();
        match key {
            "style" if old.name != new.name => {
                let message = format!("style {} → {}", word(&old.name), word(&new.name));
                self.report(Rule::EncodingChanged, &message);
            }
            "explode" if old.explode != new.explode => {
                self.changed(Rule::EncodingChanged, key, field);
            }
            "allowReserved" if flags.0 != flags.1 => {
                self.changed(Rule::EncodingChanged, key, field);
            }
            _ => self.report(Rule::SameMeaning, &format!("`{key}` is the default")),
        }
    }
}

/// The media types of a list with commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(media_type::meaning).filter(|name| !name.is_empty()).collect()
}
