//! A path on its way to a verdict.

use super::Target;
use super::variants::{ENCODED, Kind, Variants};
use crate::answer::{Body, Coding};
use crate::checked::{Checked, Look};
use crate::client::{Came, NoAnswer, NoAnswerKind};
use crate::judge::{New, Origin, Question, Sight, judge, may_be_replaced, says_older};
use crate::verdict::{Reason, Verdict};

/// A path, and what is known about each of its copies.
#[derive(Debug)]
pub(super) struct State {
    pub(super) target: Target,
    /// The ending of its name, such as `html`.
    pub(super) ending: String,
    /// Whether it is asked for before others, to see whether the edges have variants of such files.
    pub(super) is_probe: bool,
    /// Whether its verdict was reported.
    pub(super) is_told: bool,
    /// Whether it is a folder, without the slash at the end.
    pub(super) is_folder: bool,
    pub(super) ways: Vec<Way>,
}

/// A copy: what an edge has in a content coding.
#[derive(Debug)]
pub(super) struct Way {
    edge: usize,
    coding: Coding,
    reason: Option<Reason>,
    /// Whether asking again cannot give another answer.
    is_final: bool,
    /// Whether the edge was not asked, since it did not respond to others.
    was_skipped: bool,
    status: Option<u16>,
    age: Option<u64>,
    varies_by: Vec<String>,
    /// The response that made a second look necessary.
    sight: Option<Sight>,
    /// Whether the edge varies by content coding here.
    varies: bool,
    /// Whether the response shows that the edge does not encode such files.
    is_plain: bool,
    media_type: String,
    /// How many responses had no `Age`.
    without_age: u32,
}

impl State {
    pub(super) fn new(target: Target) -> Self {
        let route = target.path.split('?').next().unwrap_or_default();
        let name = route.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        let (is_probe, is_told, is_folder) = (false, false, false);
        Self { target, ending, is_probe, is_told, is_folder, ways: Vec::new() }
    }

    /// The place of the copy of an edge in a content coding.
    pub(super) fn place(&mut self, edge: usize, coding: Coding) -> usize {
        let is_it = |way: &Way| way.edge == edge && way.coding == coding;
        self.ways.iter().position(is_it).unwrap_or_else(|| {
            let (reason, status, age, sight) = (None, None, None, None);
            self.ways.push(Way {
                edge,
                coding,
                reason,
                is_final: false,
                was_skipped: false,
                status,
                age,
                varies_by: Vec::new(),
                sight,
                varies: false,
                is_plain: false,
                media_type: String::new(),
                without_age: 0,
            });
            self.ways.len() - 1
        })
    }

    /// Judges the response for a copy.
    pub(super) fn judge(
        &mut self,
        place: usize,
        came: Result<Came, NoAnswer>,
        origin: Option<&Origin>,
    ) {
        let is_folder = self.is_folder;
        let way = &mut self.ways[place];
        way.was_skipped = matches!(came, Err(NoAnswer { kind: NoAnswerKind::Skipped, .. }));
        let came = match came {
            Ok(came) => came,
            // What was found earlier says more.
            Err(_) if way.was_skipped && way.reason.is_some() => return,
            Err(NoAnswer { kind: NoAnswerKind::TimedOut, .. })
                if way.reason.as_ref().is_some_and(|reason| reason.verdict() == Verdict::Stale) =>
            {
                return;
            }
            Err(NoAnswer { why, kind }) => {
                (way.reason, way.status, way.age) = (Some(Reason::Unreachable(why)), None, None);
                way.is_final = kind == NoAnswerKind::Impossible;
                return;
            }
        };
        let elapsed = self.target.purge.map(|purge| purge.elapsed(came.asked, came.answered));
        let expected = self.target.expected;
        let is_folder = is_folder && matches!(expected.new, New::Is(_));
        let question = Question { expected, elapsed, origin, earlier: way.sight };
        let is_right = is_folder
            && came.is_to_folder
            && !came.answer.varies_by_all
            && !says_older(&question, &came.answer);
        let reason = match judge(&question, &came.answer) {
            // The file itself is at the folder.
            Reason::Redirect(_) if is_right => Reason::ToFolder,
            reason => reason,
        };
        way.is_final = !reason.may_change() && !may_be_replaced(&question, &came.answer, &reason);
        if reason == Reason::SecondLook
            && let (Some(age), Some(date)) = (came.answer.age, came.answer.date)
        {
            way.sight = Some(Sight { age, date, received: came.answer.received });
        }
        way.without_age += u32::from(elapsed.is_some() && came.answer.age.is_none());
        way.reason = Some(reason);
        (way.status, way.age) = (Some(came.answer.status), came.answer.age);
        way.varies_by = came.varies_by;
        way.varies |= came.varies || came.is_coded;
        let is_read = matches!(came.answer.body, Body::Hashed(_));
        let is_found = matches!(came.answer.status, 200 | 203);
        let is_encodable = ENCODED.contains(&came.size) && !came.is_no_transform;
        way.is_plain = !way.varies && is_found && is_read && is_encodable;
        way.media_type = came.media_type;
    }

    /// Whether an edge may have variants of it, once it was asked without content coding.
    pub(super) fn may_vary(&self, edge: usize, variants: &Variants) -> bool {
        let mut ways = self.ways.iter().filter(|way| way.edge == edge);
        let Some(first) = ways.next() else { return false };
        if first.varies || ways.any(|way| way.varies) {
            return true;
        }
        match first.status {
            Some(200 | 203) => variants.of(&self.kind(first)).unwrap_or(true),
            // The file may be missing, or elsewhere, in this content coding only.
            Some(300..=399 | 404 | 410) => true,
            // Any other response shows nothing about the other content codings.
            _ => false,
        }
    }

    /// Whether an edge is known to have variants of it.
    pub(super) fn varies(&self, edge: usize, variants: &Variants) -> bool {
        let mut ways = self.ways.iter().filter(|way| way.edge == edge);
        ways.clone().any(|way| way.varies)
            || ways.next().is_some_and(|first| variants.of(&self.kind(first)) == Some(true))
    }

    /// Remembers what the responses of an edge show about other files of this kind.
    pub(super) fn learn(&self, edge: usize, variants: &Variants) {
        /// No content coding, gzip and Brotli.
        const CODINGS: usize = 3;
        let ways = || self.ways.iter().filter(|way| way.edge == edge);
        let Some(first) = ways().next() else { return };
        if ways().any(|way| way.varies) {
            variants.are_encoded(self.kind(first));
        } else if ways().filter(|way| way.is_plain).count() == CODINGS {
            variants.are_plain(self.kind(first));
        }
    }

    fn kind(&self, way: &Way) -> Kind {
        Kind { ending: self.ending.clone(), media_type: way.media_type.clone() }
    }

    pub(super) fn is_final(&self) -> bool {
        !self.ways.is_empty() && self.ways.iter().all(Way::is_final)
    }

    /// Whether an edge was not asked for it, since it did not respond to others.
    pub(super) fn was_skipped(&self) -> bool {
        self.ways.iter().any(|way| way.was_skipped)
    }

    pub(super) fn needs_second_look(&self) -> bool {
        self.ways.iter().any(|way| way.reason == Some(Reason::SecondLook))
    }

    /// What was found, with the names of the edges.
    pub(super) fn checked(&self, names: &[String]) -> Checked {
        let known = || self.ways.iter().filter_map(|way| Some((way, way.reason.as_ref()?)));
        let Some((_, worst)) = known().max_by_key(|(_, reason)| reason.verdict()) else {
            return Checked::unasked(&self.target.path, &Reason::NoEdge);
        };
        let look = |(way, reason): (&Way, &Reason)| Look {
            edge: names[way.edge].clone(),
            coding: way.coding,
            verdict: reason.verdict(),
            reason: reason.name().to_owned(),
            message: reason.to_string(),
            status: way.status,
            age: way.age,
            varies_by: way.varies_by.clone(),
        };
        Checked {
            may_change: !self.is_final(),
            looks: known().map(look).collect(),
            ..Checked::unasked(&self.target.path, worst)
        }
    }
}

impl Way {
    /// Whether the next response may have an `Age`, although the first one had none.
    pub(super) fn may_have_age(&self) -> bool {
        let by_age = [Reason::NothingToCompare, Reason::NotAsOrigin];
        self.without_age == 1 && self.reason.as_ref().is_some_and(|reason| by_age.contains(reason))
    }

    pub(super) fn is_final(&self) -> bool {
        self.is_final
    }
}
