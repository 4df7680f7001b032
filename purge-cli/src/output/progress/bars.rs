//! Progress bars on a terminal.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::counts::Counts;

/// How often the bars are redrawn: often enough to look alive.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Bars {
    all: MultiProgress,
    /// Spins while there is nothing to count.
    spinner: ProgressBar,
    accepted: Option<ProgressBar>,
    finished: Option<ProgressBar>,
}

impl Bars {
    /// Draws on standard error.
    pub(super) fn start(doing: &'static str) -> Self {
        let all = MultiProgress::new();
        let spinner = all.add(ProgressBar::new_spinner().with_message(doing));
        spinner.enable_steady_tick(TICK);
        spinner.tick();
        Self { all, spinner, accepted: None, finished: None }
    }

    /// The bars, for other threads.
    pub(super) fn all(&self) -> MultiProgress {
        self.all.clone()
    }

    pub(super) fn show(&mut self, counts: &Counts) {
        let now = Instant::now();
        if counts.paths > 0 {
            let bar = bar(&self.all, &self.spinner, &mut self.accepted, "accepted", counts.unit());
            bar.set_length(counts.paths as u64);
            bar.set_position(counts.accepted as u64);
            bar.set_message(counts.requests(now));
            if counts.accepted + counts.failed == counts.paths {
                bar.abandon();
            }
        }
        if counts.followed > 0 {
            let bar = bar(&self.all, &self.spinner, &mut self.finished, "finished", "paths");
            bar.set_length(counts.followed as u64);
            bar.set_position(counts.finished as u64);
            bar.set_message(counts.pause(now).unwrap_or_default());
            if counts.finished == counts.followed {
                bar.abandon();
            }
        }
    }

    /// Writes a line above the bars.
    pub(super) fn say(&self, line: &str) {
        // Standard error may be closed.
        drop(self.all.println(line));
    }
}

impl Drop for Bars {
    /// Clears the bars to make room for the result or error.
    fn drop(&mut self) {
        for bar in [Some(&self.spinner), self.accepted.as_ref(), self.finished.as_ref()] {
            bar.into_iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

fn bar<'a>(
    all: &MultiProgress,
    spinner: &ProgressBar,
    bar: &'a mut Option<ProgressBar>,
    name: &'static str,
    unit: &str,
) -> &'a ProgressBar {
    bar.get_or_insert_with(|| {
        spinner.finish_and_clear();
        let bar = all.add(ProgressBar::new(0).with_prefix(name).with_style(style(unit)));
        // The remaining time changes even when nothing else does.
        bar.enable_steady_tick(TICK);
        bar.tick();
        bar
    })
}

fn style(unit: &str) -> ProgressStyle {
    let wide =
        terminal_size::terminal_size_of(std::io::stderr()).is_none_or(|(width, _)| width.0 >= 72);
    let template = if wide {
        format!("{{prefix}} {{bar:20}} {{pos}}/{{len}} {unit}{{speed}} {{wide_msg:.dim}}")
    } else {
        "{prefix} {pos}/{len}{speed} {wide_msg:.dim}".to_owned()
    };
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸ ")
        .with_key("speed", speed)
}

/// The rate and the remaining time, once they can be estimated.
fn speed(state: &ProgressState, out: &mut dyn fmt::Write) {
    let (rate, done) = (state.per_sec(), state.pos());
    if done == 0 || state.is_finished() || !rate.is_normal() {
        return;
    }
    let left = Duration::from_secs(state.eta().as_secs().max(1));
    // Writing to a buffer cannot fail.
    let _ = write!(out, ", {rate:.0}/s, {} left", humantime::format_duration(left));
}
