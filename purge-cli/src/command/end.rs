//! The end of a command: its exit code, and what went wrong apart from the purge itself.

use crate::exit::{Exit, Failure};
use crate::output::{self, Console, Format};
use crate::selection::Renewal;

/// If something cannot be written, the rest is written nevertheless, and the worst exit code counts.
pub(super) struct End {
    exit: Exit,
    failures: Vec<Failure>,
}

impl End {
    pub(super) fn new(exit: Exit) -> Self {
        Self { exit, failures: Vec::new() }
    }

    /// The exit code so far.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// The exit code of a part that has its own.
    pub(super) fn exit_of(&self, part: Exit) -> Exit {
        Exit::worst(self.failures.iter().map(Failure::exit).chain([part]))
    }

    pub(super) fn add(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            self.exit = Exit::worst([self.exit, failure.exit()]);
            self.failures.push(failure);
        }
    }

    /// Replaces the baseline. If anything has failed, something was not purged, or nobody may know that it was.
    pub(super) fn renew(
        &mut self,
        renewal: Option<Renewal>,
        format: Format,
        console: &mut Console<'_>,
    ) {
        let Some(renewal) = renewal.filter(|_| self.exit == Exit::Success) else { return };
        let finished = renewal.finish();
        self.add(finished.map(|note| {
            note.iter().for_each(|note| output::note(console, format, note));
        }));
    }

    /// Says what failed. The caller says the last of it.
    pub(super) fn say(
        mut self,
        format: Format,
        console: &mut Console<'_>,
    ) -> Result<Exit, Failure> {
        let last = self.failures.pop();
        self.failures.iter().for_each(|failure| output::failure(console, format, failure));
        last.map_or(Ok(self.exit), |failure| Err(failure.with_exit(self.exit)))
    }
}
