//! References that now lead to another component with the same content. Nothing changes on the wire, but readers want
//! to know.

use serde_json::Value;

use super::pair::Pair;
use super::walk::Walk;
use crate::message::quote;
use crate::rules::Rule;

impl<'a> Walk<'a> {
    pub(super) fn respelled(&mut self) {
        let mut open = vec![self.root];
        while let Some(pair) = open.pop() {
            match (pair.old, pair.new) {
                (Some(Value::Object(old)), Some(Value::Object(new))) => {
                    self.reference(pair);
                    let both = old.iter().filter_map(|(key, old)| Some((old, new.get(key)?)));
                    open.extend(both.map(|(old, new)| Pair { old: Some(old), new: Some(new) }));
                }
                (Some(Value::Array(old)), Some(Value::Array(new))) => {
                    let both = old.iter().zip(new);
                    open.extend(both.map(|(old, new)| Pair { old: Some(old), new: Some(new) }));
                }
                _ => {}
            }
        }
    }

    fn reference(&mut self, pair: Pair<'a>) {
        let place = pair.get("$ref");
        let (Some(old), Some(new)) = place.map(|side| side.and_then(Value::as_str)) else {
            return;
        };
        // A renamed component is reported as such.
        let kept = self.leads_somewhere(old).1 && self.leads_somewhere(new).0;
        if old != new && kept && self.same(pair) {
            let message =
                format!("refers to {}, which has the content of {}", quote(new), quote(old));
            self.report_at(place, Rule::SameMeaning, &message);
        }
    }

    fn leads_somewhere(&self, reference: &str) -> (bool, bool) {
        let pointer = reference.strip_prefix('#');
        self.root.map(|root| root.zip(pointer).is_some_and(|(root, at)| root.pointer(at).is_some()))
    }
}
