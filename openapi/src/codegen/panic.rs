use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`. A panic inside it becomes an error with its message, and prints nothing.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static INSTALL: Once = Once::new();
    // The hook is shared by the whole process. It is installed once and passes the panics of all other threads
    // through, so no lock is needed around the work.
    INSTALL.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                previous(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    // Unwind safe: `work` is consumed, so its state cannot be observed after a panic.
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(outer);
    result.map_err(|payload| message(&*payload))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    // Some of the generator's messages dump its whole state.
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_by_its_first_line() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(
            caught(|| panic!("two {}\nlines", "plain")),
            Err::<(), _>("two plain".to_owned())
        );
        assert_eq!(caught(|| panic!("literal")), Err::<(), _>("literal".to_owned()));
    }
}
