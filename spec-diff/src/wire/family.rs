//! The four rules for a keyword that allows fewer or more values than before.

use crate::rules::Rule;
use crate::wire::direction::Direction;

#[derive(Clone, Copy)]
pub(in crate::wire) struct Family {
    pub(in crate::wire) request: (Rule, Rule),
    pub(in crate::wire) response: (Rule, Rule),
}

impl Family {
    pub(in crate::wire) fn narrowed(self, direction: Direction) -> Rule {
        direction.pick(self.request.0, self.response.0)
    }

    pub(in crate::wire) fn widened(self, direction: Direction) -> Rule {
        direction.pick(self.request.1, self.response.1)
    }
}

macro_rules! family {
    ($request_narrowed:ident $request_widened:ident $response_narrowed:ident $response_widened:ident) => {
        $crate::wire::family::Family {
            request: (
                $crate::rules::Rule::$request_narrowed,
                $crate::rules::Rule::$request_widened,
            ),
            response: (
                $crate::rules::Rule::$response_narrowed,
                $crate::rules::Rule::$response_widened,
            ),
        }
    };
}
pub(in crate::wire) use family;
