//! What is expected at an address that several files may have.

use purge_verify::{Digest, Expected, New};

/// How an address belongs to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It is the file's own path.
    Own,
    /// The file is served there, too.
    Alias,
    /// A variant of the file is served there, whose content is unknown.
    Variant,
}

/// All files that have an address. A file of the new build takes precedence over one that is gone, and a file at this
/// very path over others. Which of several others the server chooses is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Content {
    own: Option<Expected>,
    /// The file of the new build that has it as an alias.
    alias: Option<New>,
    /// The content of the old build's file that has it as an alias.
    old: Old,
    has_variant: bool,
    is_gone: bool,
    is_in_doubt: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Old {
    #[default]
    None,
    Is(Digest),
    /// One of several.
    Several,
}

impl Content {
    /// Adds a file that has this address.
    pub(super) fn add(&mut self, file: Expected, link: Link) {
        let is_gone = file.new == New::Gone;
        match link {
            Link::Own => self.own = Some(file),
            Link::Alias => {
                if !is_gone {
                    let other = self.alias.is_some_and(|known| known != file.new);
                    self.alias = Some(if other { New::Unknown } else { file.new });
                }
                self.old = self.old.or(file.old);
            }
            Link::Variant => {
                self.has_variant |= !is_gone;
                return;
            }
        }
        self.is_gone |= is_gone;
        self.is_in_doubt |= file.is_in_doubt;
    }

    /// What is expected at the address.
    pub(super) fn expected(&self) -> Expected {
        let own = self.own.map(|own| own.new).filter(|new| *new != New::Gone);
        let new = match own.or(self.alias) {
            Some(new) => new,
            None if self.has_variant => New::Unknown,
            None if self.is_gone => New::Gone,
            None => New::Unknown,
        };
        let old = match self.old {
            Old::Is(digest) => Some(digest),
            Old::None | Old::Several => None,
        };
        let old = self.own.and_then(|own| own.old).or(old);
        Expected { new, old, is_in_doubt: self.is_in_doubt }
    }

    /// Whether the new build has something else there than the old one, as far as that is known.
    pub(super) fn has_changed(&self) -> bool {
        let Expected { new, old, is_in_doubt } = self.expected();
        match new {
            New::Unknown => false,
            New::Is(new) => is_in_doubt || old != Some(new),
            New::Gone => true,
        }
    }

    /// Whether the file at this very path is expected there, or is gone and nothing is in its place.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some_and(|own| own.new == self.expected().new)
    }
}

impl Old {
    fn or(self, other: Option<Digest>) -> Self {
        match (self, other) {
            (old, None) => old,
            (Self::None, Some(digest)) => Self::Is(digest),
            (Self::Is(known), Some(digest)) if known == digest => self,
            _ => Self::Several,
        }
    }
}
