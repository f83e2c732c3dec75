//! Planned misbehaviour of the mail servers and the directory: [`FaultPlan`], [`Times`].

use std::sync::Mutex;

use crate::lock::lock;

/// Which of the next executions of a command a fault hits.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    after: usize,
    count: usize,
}

impl Times {
    /// The next execution only.
    pub const ONCE: Self = Self::first(1);

    /// Every execution from now on.
    pub const ALWAYS: Self = Self::first(usize::MAX);

    /// The next `count` executions.
    pub const fn first(count: usize) -> Self {
        Self { after: 0, count }
    }

    /// The `n`-th execution from now, counted from 1 (0 is read as 1).
    pub const fn nth(n: usize) -> Self {
        Self { after: n.saturating_sub(1), count: 1 }
    }
}

/// The faults that are still to come, by command.
///
/// When several planned faults match, each counts the execution and the one planned first is carried out.
///
/// ```
/// use kim_testbed::{FaultPlan, Times};
///
/// let plan = FaultPlan::default();
/// plan.add("RCPT", Times::nth(2), 452);
/// assert_eq!([plan.next("RCPT"), plan.next("DATA"), plan.next("RCPT")], [None, None, Some(452)]);
/// ```
///
/// Spec: none — a tool for tests.
#[derive(Debug)]
pub struct FaultPlan<C, F>(Mutex<Vec<Planned<C, F>>>);

#[derive(Debug)]
struct Planned<C, F> {
    command: C,
    times: Times,
    fault: F,
}

impl<C, F> Default for FaultPlan<C, F> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<C: PartialEq, F: Clone> FaultPlan<C, F> {
    /// Plans `fault` for executions of `command`.
    pub fn add(&self, command: C, times: Times, fault: F) {
        lock(&self.0).push(Planned { command, times, fault });
    }

    /// Counts one execution of `command` and returns the fault that hits it.
    pub fn next(&self, command: C) -> Option<F> {
        let mut plan = lock(&self.0);
        let mut hit = None;
        for planned in plan.iter_mut().filter(|planned| planned.command == command) {
            if planned.times.after > 0 {
                planned.times.after = planned.times.after.saturating_sub(1);
            } else if hit.is_none() {
                planned.times.count = planned.times.count.saturating_sub(1);
                hit = Some(planned.fault.clone());
            }
        }
        plan.retain(|planned| planned.times.count > 0);
        hit
    }

    /// Forgets all faults that are still to come.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_hit_the_planned_executions_and_no_others() {
        let plan = FaultPlan::default();
        plan.add('a', Times::first(2), 1);
        plan.add('a', Times::nth(3), 2);
        plan.add('b', Times::ALWAYS, 3);
        let hits: Vec<_> = std::iter::repeat_with(|| plan.next('a')).take(4).collect();
        assert_eq!(hits, [Some(1), Some(1), Some(2), None]);
        assert_eq!((plan.next('b'), plan.next('b')), (Some(3), Some(3)));
        plan.clear();
        assert_eq!(plan.next('b'), None);
    }
}
