//! Spans and events for the crate `tracing`, if the feature of that name is enabled; otherwise nothing.
//!
//! Each request of a plan is a span `purge`, in which the outcome of each attempt is an event. At debug level, each
//! HTTP request is a span `http`, which lasts until its response is complete, and each fetch of the token is a span
//! `token`. Neither the token nor the paths appear in any of them.

/// The span of one request of a plan.
#[cfg(feature = "tracing")]
macro_rules! span {
    ($future:expr, $($field:tt)*) => {{
        // The fields come first: the future may consume the values they are taken from.
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

/// A debug-level span.
#[cfg(feature = "tracing")]
macro_rules! step {
    ($future:expr, $name:literal $(, $field:ident)*) => {
        tracing::Instrument::instrument($future, tracing::debug_span!($name $(, $field)*))
    };
}

/// A debug-level span.
#[cfg(not(feature = "tracing"))]
macro_rules! step {
    ($future:expr, $name:literal $(, $field:ident)*) => {{
        $(let _ = $field;)*
        $future
    }};
}

/// An event within the current span.
macro_rules! event {
    ($($field:tt)*) => {{
        #[cfg(feature = "tracing")]
        tracing::info!($($field)*);
    }};
}

pub(crate) use {event, span, step};
