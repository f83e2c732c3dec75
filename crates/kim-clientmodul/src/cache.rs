//! [`Cache`]: answers kept in memory for a while.
//!
//! Nothing here ever touches a disk: certificates and verdicts must be safe against manipulation (KOM-LE-A_2026, A_22348).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A map whose entries end after a time, with a greatest number of entries.
///
/// Shared between sessions. When it is full, the entry that ends first makes room.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026, KOM-LE-A_2061, A_22340, A_22348, A_22416.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    lifetime: Duration,
    capacity: usize,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(crate) fn new(lifetime: Duration, capacity: usize) -> Self {
        Self { lifetime, capacity, entries: Mutex::default() }
    }

    /// The value, if it is there and has not ended.
    pub(crate) fn find(&self, key: &K, now: Instant) -> Option<V> {
        let entries = self.lock();
        entries.get(key).filter(|(end, _)| *end > now).map(|(_, value)| value.clone())
    }

    /// Whether nothing was ever kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The value, even if it has ended, unless it had to make room.
    pub(crate) fn find_ended(&self, key: &K) -> Option<V> {
        self.lock().get(key).map(|(_, value)| value.clone())
    }

    /// Whether the key was not there; now it is.
    pub(crate) fn is_new(&self, key: K, now: Instant) -> bool
    where
        V: Default,
    {
        let mut entries = self.lock();
        let is_new = entries.get(&key).is_none_or(|(end, _)| *end <= now);
        if is_new {
            self.insert(&mut entries, key, V::default(), now, None);
        }
        is_new
    }

    /// Forgets a key.
    pub(crate) fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    /// Forgets the entries whose value is not good any more.
    pub(crate) fn forget(&self, is_bad: impl Fn(&V) -> bool) {
        self.lock().retain(|_, (_, value)| !is_bad(value));
    }

    /// All keys and values that have not ended, in no order.
    pub(crate) fn entries(&self, now: Instant) -> Vec<(K, V)> {
        let entries = self.lock();
        let alive = entries.iter().filter(|(_, (end, _))| *end > now);
        alive.map(|(key, (_, value))| (key.clone(), value.clone())).collect()
    }

    /// Keeps a value for the lifetime of the cache, or for `at_most` if that is shorter.
    pub(crate) fn keep(&self, key: K, value: V, now: Instant, at_most: Option<Duration>) {
        self.insert(&mut self.lock(), key, value, now, at_most);
    }

    fn insert(
        &self,
        entries: &mut HashMap<K, (Instant, V)>,
        key: K,
        value: V,
        now: Instant,
        at_most: Option<Duration>,
    ) {
        let lifetime = at_most.map_or(self.lifetime, |limit| limit.min(self.lifetime));
        let Some(end) = now.checked_add(lifetime).filter(|end| *end > now) else { return };
        if entries.len() >= self.capacity && !entries.contains_key(&key) {
            let first = entries.iter().min_by_key(|(_, (end, _))| *end).map(|(key, _)| key.clone());
            first.and_then(|key| entries.remove(&key));
        }
        entries.insert(key, (end, value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_value_ends_with_its_lifetime_or_earlier_if_asked() {
        let (cache, now) = (Cache::new(HOUR, 9), Instant::now());
        cache.keep("a", 1, now, None);
        cache.keep("b", 2, now, Some(HOUR / 2));
        cache.keep("c", 3, now, Some(Duration::ZERO));
        let half = now + HOUR / 2;
        assert_eq!(
            (cache.find(&"a", half), cache.find(&"b", half), cache.find(&"c", now)),
            (Some(1), None, None)
        );
        assert_eq!(cache.find(&"a", now + HOUR), None);
        assert_eq!((cache.find_ended(&"a"), cache.find_ended(&"c")), (Some(1), None));
    }

    #[test]
    fn a_key_is_new_once_in_a_lifetime() {
        let (cache, now) = (Cache::<_, ()>::new(HOUR, 9), Instant::now());
        let later = [now, now, now + HOUR / 2, now + HOUR, now + HOUR];
        assert_eq!(later.map(|now| cache.is_new("a", now)), [true, false, false, true, false]);
        cache.remove(&"a");
        assert!(cache.is_new("a", now + HOUR), "as if it had never been asked");
    }

    #[test]
    fn what_is_not_good_any_more_is_forgotten() {
        let (cache, now) = (Cache::new(HOUR, 9), Instant::now());
        cache.keep("a", 1, now, None);
        cache.keep("b", 2, now, None);
        cache.forget(|value| *value == 1);
        assert_eq!((cache.find(&"a", now), cache.find(&"b", now)), (None, Some(2)));
    }

    #[test]
    fn what_is_outdated_is_forgotten_at_once() {
        let (cache, now) = (Cache::new(HOUR, 9), Instant::now());
        cache.keep("a", 1, now, None);
        cache.keep("b", 2, now, None);
        cache.forget(|value| *value == 1);
        assert_eq!((cache.find(&"a", now), cache.find(&"b", now)), (None, Some(2)));
    }

    #[test]
    fn a_full_cache_gives_up_what_ends_first() {
        let (cache, now) = (Cache::new(HOUR, 2), Instant::now());
        cache.keep("long", 1, now, None);
        cache.keep("short", 2, now, Some(HOUR / 2));
        cache.keep("new", 3, now, None);
        let found = ["long", "short", "new"].map(|key| cache.find(&key, now));
        assert_eq!(found, [Some(1), None, Some(3)]);
    }
}
