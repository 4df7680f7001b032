//! The limit on connections, and which one is closed to make room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::lock::lock;

/// The connections of a server, by the time of their last activity.
///
/// A new connection is never rejected. Otherwise, a client that opens connections and sends nothing would
/// lock out all others. Instead, the connection that has been idle for the longest time is closed.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    clock: u64,
    taken: BTreeMap<u64, oneshot::Sender<()>>,
}

/// The place of one connection among the others. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Seat {
    place: Mutex<u64>,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max: max.max(1), seats: Mutex::default() })
    }

    /// A place for one more connection, and the receiver that resolves when the connection has to make room.
    pub(crate) fn seat(self: &Arc<Self>) -> (Seat, oneshot::Receiver<()>) {
        let (evict, evicted) = oneshot::channel();
        let mut seats = lock(&self.seats);
        while seats.taken.len() >= self.max && seats.evict() {}
        let place = seats.take(evict);
        (Seat { place: place.into(), connections: Arc::clone(self) }, evicted)
    }

    /// Closes the connection that has been idle for the longest time.
    pub(crate) fn make_room(&self) {
        lock(&self.seats).evict();
    }
}

impl Seats {
    fn take(&mut self, evict: oneshot::Sender<()>) -> u64 {
        self.clock += 1;
        self.taken.insert(self.clock, evict);
        self.clock
    }

    fn evict(&mut self) -> bool {
        let oldest = self.taken.pop_first();
        // A connection that has just ended no longer listens.
        oldest.map(|(_, evict)| evict.send(())).is_some()
    }
}

impl Seat {
    /// Records activity on this connection.
    pub(crate) fn touch(&self) {
        let mut seats = lock(&self.connections.seats);
        let mut place = lock(&self.place);
        if let Some(evict) = seats.taken.remove(&place) {
            *place = seats.take(evict);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = lock(&self.connections.seats);
        seats.taken.remove(&*lock(&self.place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_idle_connection_makes_room() {
        let connections = Connections::new(2);
        let (first, mut first_evicted) = connections.seat();
        let (second, mut second_evicted) = connections.seat();
        first.touch();
        let (third, mut third_evicted) = connections.seat();
        assert_eq!(second_evicted.try_recv(), Ok(()));
        // It has already lost its place.
        second.touch();
        drop(second);
        drop(third);
        assert!(third_evicted.try_recv().is_err());
        let (_fourth, _) = connections.seat();
        assert!(first_evicted.try_recv().is_err(), "there was room");
        connections.make_room();
        assert_eq!(first_evicted.try_recv(), Ok(()));
        drop(first);
        assert_eq!(lock(&connections.seats).taken.len(), 1);
    }
}
