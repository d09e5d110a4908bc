//! A token bucket for requests, used only where the API server has no flow control of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// At most `burst` requests at once and `qps` a second in the long run.
#[derive(Debug)]
pub(crate) struct Limiter {
    interval: Duration,
    burst: u32,
    /// When the bucket would be full again.
    full_at: Mutex<Instant>,
}

impl Limiter {
    pub(crate) fn new(qps: f32, burst: u32) -> Option<Self> {
        (qps > 0.0 && burst > 0).then(|| Self {
            interval: Duration::from_secs_f32(1.0 / qps),
            burst,
            full_at: Mutex::new(Instant::now()),
        })
    }

    /// Returns when a token was taken.
    pub(crate) async fn acquire(&self) {
        let wait = self.reserve(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes a token and says how long it takes until it may be used.
    fn reserve(&self, now: Instant) -> Duration {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let capacity = self.interval * self.burst;
        *full_at = (*full_at).max(now) + self.interval;
        full_at
            .saturating_duration_since(now)
            .saturating_sub(capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_free_then_one_interval_each() {
        let limiter = Limiter::new(10.0, 3).unwrap();
        let now = Instant::now();
        let waits: Vec<u128> = (0..5).map(|_| limiter.reserve(now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 100, 200]);
    }

    #[test]
    fn no_rate_means_no_limiter() {
        assert!(Limiter::new(0.0, 10).is_none());
        assert!(Limiter::new(-1.0, 5).is_none());
    }
}
