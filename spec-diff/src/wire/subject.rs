//! The subject of a message, derived from the place of the change: a parameter, a response, a property of a component.

use serde_json::Value;

use super::direction::Direction;
use crate::message::{quote, word};

/// The beginning of a message, with a colon; empty if the message itself names its subject.
pub(super) fn of(root: Option<&Value>, pointer: &str, direction: Option<Direction>) -> String {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let mut place = Place { root, steps: &steps, at: 0, parts: Vec::new() };
    match place.next() {
        Some("paths") => {
            place.at += 1;
            if place.peek().is_some_and(|step| step != "parameters") {
                place.at += 1;
            }
            place.of_operation();
        }
        Some("components") => place.of_component(direction),
        _ => {}
    }
    if place.parts.is_empty() { String::new() } else { format!("{}: ", place.parts.join(", ")) }
}

struct Place<'a> {
    root: Option<&'a Value>,
    steps: &'a [String],
    at: usize,
    parts: Vec<String>,
}

impl<'a> Place<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.steps.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<&'a str> {
        let step = self.peek();
        self.at += 1;
        step
    }

    fn of_operation(&mut self) {
        match self.next() {
            Some("parameters") if self.next().is_some() => self.of_parameter(),
            Some("requestBody") => {
                self.parts.push("request body".to_owned());
                self.of_content(String::new());
            }
            Some("responses") => {
                if let Some(status) = self.next().filter(|_| self.peek().is_some()) {
                    self.parts.push(format!("response {}", word(status)));
                    self.of_content(String::new());
                }
            }
            _ => {}
        }
    }

    fn of_component(&mut self, direction: Option<Direction>) {
        let (Some(kind), Some(name)) = (self.next(), self.next()) else { return };
        let whole = self.peek().is_none() && direction.is_none();
        match kind {
            "schemas" if !whole => {
                self.of_content(name.to_owned());
                if let (Some(part), Some(direction)) = (self.parts.last_mut(), direction) {
                    part.push_str(match direction {
                        Direction::Request => " in requests",
                        Direction::Response => " in responses",
                    });
                }
            }
            "parameters" if !whole => self.of_parameter(),
            "requestBodies" | "responses" | "headers" if !whole => {
                let kind = match kind {
                    "requestBodies" => "request body",
                    "responses" => "response",
                    _ => "header",
                };
                self.parts.push(format!("{kind} {}", quote(name)));
                self.of_content(String::new());
            }
            _ => {}
        }
    }

    /// `at` is after the parameter.
    fn of_parameter(&mut self) {
        let steps = self.steps.iter().take(self.at);
        let parameter = steps.fold(self.root, |value, step| match value? {
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        });
        let text =
            |key| parameter.and_then(|value| value.get(key)).and_then(Value::as_str).unwrap_or("?");
        self.parts.push(format!("{} parameter {}", word(text("in")), quote(text("name"))));
        self.of_content(String::new());
    }

    /// Headers, and the property inside a schema.
    fn of_content(&mut self, mut property: String) {
        while let Some(step) = self.next() {
            match step {
                "headers" => {
                    if let Some(name) = self.next() {
                        self.parts.push(format!("header {}", quote(name)));
                    }
                }
                "content" | "allOf" | "oneOf" | "anyOf" => self.at += 1,
                "properties" => {
                    let Some(name) = self.next() else { break };
                    if !property.is_empty() {
                        property.push('.');
                    }
                    property.push_str(name);
                }
                "items" => property.push_str("[]"),
                "additionalProperties" if self.peek().is_some() => property.push_str(".*"),
                "schema" => {}
                _ => break,
            }
        }
        if !property.is_empty() {
            self.parts.push(quote(&property));
        }
    }
}
