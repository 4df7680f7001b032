//! Messages on standard error from threads other than that of the run.

use std::io::{self, Write as _};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::output::{Format, message};
use crate::signals::Voice;

/// Writes above the bars, if there are any, in the format of the result.
pub(super) struct Speaker {
    is_quiet: bool,
    format: Format,
    bars: Option<MultiProgress>,
}

impl Speaker {
    pub(super) fn new(is_quiet: bool, format: Format, bars: Option<MultiProgress>) -> Self {
        Self { is_quiet, format, bars }
    }
}

impl Voice for Speaker {
    fn say(&self, line: &str) {
        if self.is_quiet {
            return;
        }
        let line = message(self.format, format_args!("{line}"));
        // Standard error may be closed.
        match &self.bars {
            Some(bars) => drop(bars.println(line)),
            None => drop(writeln!(io::stderr(), "{line}")),
        }
    }

    /// Clears the bars, unless standard error is blocked.
    fn leave(&self) {
        const PATIENCE: Duration = Duration::from_millis(100);
        let Some(bars) = self.bars.clone() else { return };
        let (cleared, done) = sync_channel(1);
        let clear = move || {
            drop(bars.clear());
            bars.set_draw_target(ProgressDrawTarget::hidden());
            // If this took too long, the receiver is gone.
            let _ = cleared.send(());
        };
        if thread::Builder::new().spawn(clear).is_ok() {
            let _ = done.recv_timeout(PATIENCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::{ProgressBar, TermLike};

    use super::*;

    /// The lines of a terminal, and the index of the current one.
    #[derive(Clone, Debug, Default)]
    struct Lines(Arc<Mutex<(Vec<String>, usize)>>);

    impl Lines {
        fn with<T>(&self, change: impl FnOnce(&mut Vec<String>, &mut usize) -> T) -> io::Result<T> {
            let mut screen = self.0.lock().expect("no test panicked");
            let (lines, at) = &mut *screen;
            lines.resize(lines.len().max(*at + 1), String::new());
            Ok(change(lines, at))
        }

        /// The lines that are not empty.
        fn shown(&self) -> Vec<String> {
            let lines = self.with(|lines, _| lines.clone()).expect("lines");
            lines
                .iter()
                .map(|line| line.trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect()
        }
    }

    impl TermLike for Lines {
        fn width(&self) -> u16 {
            80
        }

        fn height(&self) -> u16 {
            24
        }

        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.with(|_, at| *at = at.saturating_sub(n))
        }

        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.with(|_, at| *at += n)
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.move_cursor_down(1)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            for character in text.chars().filter(|character| *character != '\r') {
                let is_full = self.with(|lines, at| lines[*at].chars().count() == 80)?;
                if character == '\n' || is_full {
                    self.move_cursor_down(1)?;
                }
                if character != '\n' {
                    self.with(|lines, at| lines[*at].push(character))?;
                }
            }
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.with(|lines, at| lines[*at].clear())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_above_the_bars_and_no_bar_is_left_behind() {
        let screen = Lines::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        let bars = MultiProgress::with_draw_target(target);
        let bar = bars.add(ProgressBar::new_spinner().with_message("busy"));
        bar.tick();
        let shown = screen.shown();
        assert!(matches!(&shown[..], [bar] if bar.contains("busy")), "{shown:?}");

        let voice = Speaker::new(false, Format::Text, Some(bars));
        voice.say("interrupted");
        let shown = screen.shown();
        assert!(
            matches!(&shown[..], [line, bar] if line == "interrupted" && bar.contains("busy")),
            "{shown:?}"
        );

        voice.leave();
        bar.tick();
        assert_eq!(screen.shown(), ["interrupted"]);
    }
}
