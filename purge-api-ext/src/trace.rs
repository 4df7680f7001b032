//! What a run tells to the crate `tracing`, if the feature of that name is on; nothing otherwise.
//!
//! Each request of a plan is a span `purge`, with what became of each attempt as an event in it. At the
//! level of debugging each HTTP request is a span `http`, which lasts until all of its answer is there, and
//! each time that the token is fetched a span `token`. The token and the paths are in none of them.

/// The span of one request of a plan.
#[cfg(feature = "tracing")]
macro_rules! span {
    ($future:expr, $($field:tt)*) => {{
        // The future may consume what the fields are taken from.
        let span = tracing::info_span!("purge", $($field)*);
        tracing::Instrument::instrument($future, span)
    }};
}

/// The span of one request of a plan.
#[cfg(not(feature = "tracing"))]
macro_rules! span {
    ($future:expr, $($field:tt)*) => {
        $future
    };
}

/// The span of a step on the way, for those who look closely.
#[cfg(feature = "tracing")]
macro_rules! step {
    ($future:expr, $name:literal $(, $field:ident)*) => {
        tracing::Instrument::instrument($future, tracing::debug_span!($name $(, $field)*))
    };
}

/// The span of a step on the way, for those who look closely.
#[cfg(not(feature = "tracing"))]
macro_rules! step {
    ($future:expr, $name:literal $(, $field:ident)*) => {{
        $(let _ = $field;)*
        $future
    }};
}

/// An event within it.
macro_rules! event {
    ($($field:tt)*) => {{
        #[cfg(feature = "tracing")]
        tracing::info!($($field)*);
    }};
}

pub(crate) use {event, span, step};
