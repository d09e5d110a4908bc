//! The work queue of a kind: by priority, fair across namespaces, one entry per object, delays on one heap.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::key::{ObjectKey, Priority};
use crate::metrics::QueueMetrics;

/// An object whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) key: ObjectKey,
    pub(crate) priority: Priority,
}

/// Objects to be looked at. An object is never handed out twice at the same time.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    metrics: QueueMetrics,
    min_delay: Duration,
    max_delay: Duration,
}

#[derive(Default)]
struct State {
    items: HashMap<ObjectKey, Item>,
    lanes: BTreeMap<Priority, Lane>,
    delayed: BinaryHeap<Reverse<(Instant, u64, ObjectKey)>>,
    sequence: u64,
    /// How many items wait in lanes.
    queued: usize,
}

#[derive(Default)]
struct Item {
    /// The lane it waits in, and since when.
    queued: Option<(Priority, Instant)>,
    /// When it joins a lane by itself.
    due: Option<(Instant, Priority)>,
    running: Option<Instant>,
    /// Asked for while running.
    again: Option<Priority>,
    failures: u32,
}

impl Item {
    fn is_idle(&self) -> bool {
        self.queued.is_none() && self.due.is_none() && self.running.is_none() && self.failures == 0
    }
}

/// The objects of one priority; namespaces take turns.
#[derive(Default)]
struct Lane {
    turns: VecDeque<String>,
    waiting: HashMap<String, VecDeque<ObjectKey>>,
}

impl Lane {
    fn push(&mut self, key: ObjectKey) {
        let waiting = self.waiting.entry(key.namespace.clone()).or_default();
        if waiting.is_empty() {
            self.turns.push_back(key.namespace.clone());
        }
        waiting.push_back(key);
    }

    fn pop(&mut self) -> Option<ObjectKey> {
        let namespace = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&namespace)?;
        let key = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&namespace);
        } else {
            self.turns.push_back(namespace);
        }
        key
    }
}

impl Queue {
    pub(crate) fn new(metrics: QueueMetrics, (min_delay, max_delay): (Duration, Duration)) -> Self {
        Self {
            state: Mutex::default(),
            wake: Notify::new(),
            metrics,
            min_delay,
            max_delay,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for an object now. A later request of a higher priority moves it up; a delay is forgotten.
    pub(crate) fn add(&self, key: &ObjectKey, priority: Priority) {
        let mut state = self.state();
        state.add(key, priority, &self.metrics);
        drop(state);
        self.wake.notify_one();
    }

    /// Asks for an object after a time, unless it is due earlier.
    pub(crate) fn add_after(&self, key: &ObjectKey, priority: Priority, delay: Duration) {
        let when = Instant::now() + delay;
        let mut state = self.state();
        let item = state.items.entry(key.clone()).or_default();
        if item.queued.is_some() || item.due.is_some_and(|(due, _)| due <= when) {
            return;
        }
        item.due = Some((when, priority));
        state.sequence += 1;
        let sequence = state.sequence;
        state.delayed.push(Reverse((when, sequence, key.clone())));
        drop(state);
        self.wake.notify_one();
    }

    /// Asks for an object again after a failure: doubling from the shortest delay up to the longest.
    pub(crate) fn back_off(&self, key: &ObjectKey) {
        let delay = self.failed(key);
        self.metrics.retries.inc();
        self.add_after(key, Priority::Retry, delay);
    }

    /// Counts a failure, and says how long to wait after it.
    fn failed(&self, key: &ObjectKey) -> Duration {
        let mut state = self.state();
        let item = state.items.entry(key.clone()).or_default();
        item.failures = item.failures.saturating_add(1);
        let factor = 2_u32.saturating_pow((item.failures - 1).min(31));
        self.min_delay.saturating_mul(factor).min(self.max_delay)
    }

    /// Forgets the failures of an object.
    pub(crate) fn forget_failures(&self, key: &ObjectKey) {
        let mut state = self.state();
        if let Some(item) = state.items.get_mut(key) {
            item.failures = 0;
            if item.is_idle() {
                state.items.remove(key);
            }
        }
    }

    /// Waits until there is a turn to take. Only one waiter at a time.
    pub(crate) async fn ready(&self) {
        loop {
            let due = {
                let mut state = self.state();
                let due = state.promote(Instant::now(), &self.metrics);
                if state.has_turn() {
                    return;
                }
                due
            };
            match due {
                Some(due) => {
                    tokio::select! {
                        () = self.wake.notified() => {}
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
                None => self.wake.notified().await,
            }
        }
    }

    /// Takes the next turn, if there is one.
    pub(crate) fn take(&self) -> Option<Turn> {
        let now = Instant::now();
        let mut state = self.state();
        state.promote(now, &self.metrics);
        state.pop(now, &self.metrics)
    }

    /// Ends a turn. What was asked for meanwhile joins the queue.
    pub(crate) fn done(&self, key: &ObjectKey) {
        let mut state = self.state();
        let Some(item) = state.items.get_mut(key) else {
            return;
        };
        if let Some(started) = item.running.take() {
            self.metrics.worked(started.elapsed());
        }
        match item.again.take() {
            Some(priority) => state.add(key, priority, &self.metrics),
            None if item.is_idle() => {
                state.items.remove(key);
            }
            None => {}
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Updates the gauges that depend on the time.
    pub(crate) fn observe(&self) {
        let state = self.state();
        let running = state.items.values().filter_map(|i| i.running);
        let spans: Vec<f64> = running.map(|s| s.elapsed().as_secs_f64()).collect();
        self.metrics.unfinished.set(spans.iter().sum());
        self.metrics
            .longest
            .set(spans.into_iter().fold(0.0, f64::max));
    }
}

impl State {
    fn add(&mut self, key: &ObjectKey, priority: Priority, metrics: &QueueMetrics) {
        let item = self.items.entry(key.clone()).or_default();
        if item.running.is_some() {
            item.again = Some(item.again.map_or(priority, |p| p.min(priority)));
            return;
        }
        item.due = None;
        let since = match item.queued {
            Some((present, _)) if present <= priority => return,
            Some((present, since)) => {
                // The entry in the old lane is skipped when its turn comes.
                metrics.depth(present, -1);
                since
            }
            None => {
                metrics.adds.inc();
                self.queued += 1;
                Instant::now()
            }
        };
        item.queued = Some((priority, since));
        metrics.depth(priority, 1);
        self.lanes.entry(priority).or_default().push(key.clone());
    }

    /// Moves what is due into the lanes, and returns when the next one is.
    fn promote(&mut self, now: Instant, metrics: &QueueMetrics) -> Option<Instant> {
        while let Some(Reverse((when, _, key))) = self.delayed.peek() {
            let item = self.items.get(key);
            // Replaced or cancelled delays stay on the heap until they come up.
            let valid = item.and_then(|i| i.due).filter(|(due, _)| due == when);
            let Some((due, priority)) = valid else {
                self.delayed.pop();
                continue;
            };
            if due > now {
                return Some(due);
            }
            let key = key.clone();
            self.delayed.pop();
            self.add(&key, priority, metrics);
            if let Some(item) = self.items.get_mut(&key) {
                item.due = None;
            }
        }
        None
    }

    fn has_turn(&self) -> bool {
        self.queued > 0
    }

    fn pop(&mut self, now: Instant, metrics: &QueueMetrics) -> Option<Turn> {
        for (priority, lane) in &mut self.lanes {
            while let Some(key) = lane.pop() {
                let Some(item) = self.items.get_mut(&key) else {
                    continue;
                };
                let Some((_, since)) = item.queued.filter(|(p, _)| p == priority) else {
                    continue;
                };
                item.queued = None;
                self.queued -= 1;
                item.running = Some(now);
                metrics.depth(*priority, -1);
                metrics.waited(now.saturating_duration_since(since));
                return Some(Turn {
                    key,
                    priority: *priority,
                });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn queue() -> Queue {
        let metrics = Metrics::new().unwrap();
        let delays = (Duration::from_millis(750), Duration::from_mins(15));
        Queue::new(metrics.queue("kustomization"), delays)
    }

    fn key(text: &str) -> ObjectKey {
        let (namespace, name) = text.split_once('/').unwrap();
        ObjectKey::new(namespace, name)
    }

    async fn next(queue: &Queue) -> Turn {
        queue.ready().await;
        queue.take().unwrap()
    }

    fn drain(queue: &Queue) -> Vec<String> {
        let turns = std::iter::from_fn(|| queue.take());
        let done = turns.map(|turn| {
            queue.done(&turn.key);
            turn.key.to_string()
        });
        done.collect()
    }

    #[test]
    fn priority_then_namespaces_in_turn() {
        let queue = queue();
        for text in ["a/1", "a/2", "a/3", "b/1", "c/1", "c/2"] {
            queue.add(&key(text), Priority::Interval);
        }
        queue.add(&key("z/9"), Priority::UserRequest);
        assert_eq!(
            drain(&queue),
            ["z/9", "a/1", "b/1", "c/1", "a/2", "c/2", "a/3"]
        );
    }

    #[test]
    fn requests_coalesce_and_move_up() {
        let queue = queue();
        for text in ["a/1", "a/2", "a/1"] {
            queue.add(&key(text), Priority::Interval);
        }
        queue.add(&key("a/2"), Priority::NewRevision);
        assert_eq!(drain(&queue), ["a/2", "a/1"]);
    }

    #[tokio::test]
    async fn a_running_object_is_not_handed_out_twice() {
        let queue = queue();
        queue.add(&key("a/1"), Priority::Interval);
        let turn = next(&queue).await;
        queue.add(&key("a/1"), Priority::NewRevision);
        assert!(queue.take().is_none());
        queue.done(&turn.key);
        assert_eq!(next(&queue).await.priority, Priority::NewRevision);
    }

    #[test]
    fn back_off_doubles_up_to_the_longest_and_is_reset() {
        let queue = queue();
        let object = key("a/1");
        let mut delays: Vec<u128> = (0..12).map(|_| queue.failed(&object).as_millis()).collect();
        queue.forget_failures(&object);
        delays.push(queue.failed(&object).as_millis());
        assert_eq!(delays[..6], [750, 1500, 3000, 6000, 12_000, 24_000]);
        assert_eq!(delays[10..], [768_000, 900_000, 750]);
    }

    #[tokio::test]
    async fn an_earlier_request_replaces_a_delay() {
        let queue = queue();
        let object = key("a/1");
        queue.add_after(&object, Priority::Interval, Duration::from_hours(1));
        queue.add_after(&object, Priority::Retry, Duration::from_millis(5));
        let turn = next(&queue).await;
        assert_eq!(turn.priority, Priority::Retry);
        queue.done(&turn.key);
        assert!(
            queue.state().items.is_empty(),
            "the longer delay was replaced"
        );
        assert!(queue.take().is_none());
    }

    #[tokio::test]
    async fn what_was_asked_for_at_once_cancels_the_delay() {
        let queue = queue();
        let object = key("a/1");
        queue.add_after(&object, Priority::Interval, Duration::from_hours(1));
        queue.add(&object, Priority::NewRevision);
        let turn = next(&queue).await;
        assert_eq!(turn.priority, Priority::NewRevision);
        queue.done(&turn.key);
        assert!(queue.state().items.is_empty());
    }
}
