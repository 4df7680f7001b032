//! All operations of one side, for questions about the whole document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pair::follow;
use super::template::template;
use crate::METHODS;

/// An operation, its address, and the path item that contains it.
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'static str,
    pub(super) item: &'a Value,
    pub(super) value: &'a Value,
}

pub(super) struct Operations<'a> {
    by_address: BTreeMap<(String, &'static str), Operation<'a>>,
    /// The addresses of those that have an `operationId`.
    by_id: BTreeMap<&'a str, (String, &'static str)>,
}

impl<'a> Operations<'a> {
    pub(super) fn new(root: Option<&'a Value>) -> Self {
        let (mut by_address, mut by_id) = (BTreeMap::new(), BTreeMap::new());
        let paths = root.and_then(|root| root.get("paths")).and_then(Value::as_object);
        for (path, item) in paths.into_iter().flatten() {
            let item = follow(root, item);
            for method in METHODS {
                let Some(value) = item.get(method) else { continue };
                let address = (template(path), method);
                if let Some(id) = value.get("operationId").and_then(Value::as_str) {
                    by_id.insert(id, address.clone());
                }
                by_address.insert(address, Operation { path, method, item, value });
            }
        }
        Self { by_address, by_id }
    }

    /// The operations that another side has, too: at the same address, or moved.
    pub(super) fn both<'o>(
        &'o self,
        other: &'o Operations<'a>,
    ) -> impl Iterator<Item = (&'o Operation<'a>, &'o Operation<'a>)> {
        self.by_address.iter().filter_map(|(address, operation)| {
            let id = operation.value.get("operationId").and_then(Value::as_str);
            let moved = || other.by_address.get(other.by_id.get(id?)?);
            Some((operation, other.by_address.get(address).or_else(moved)?))
        })
    }

    pub(super) fn has_callbacks(&self) -> bool {
        self.by_address.values().any(|operation| operation.value.get("callbacks").is_some())
    }
}
