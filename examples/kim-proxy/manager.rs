//! What a service manager that asks by `NOTIFY_SOCKET` is told (sd_notify); without one nobody is told anything.

#[cfg(unix)]
use sd_notify::NotifyState;

/// The proxy serves, or serves again after a reload.
pub fn ready() {
    #[cfg(unix)]
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again.
pub fn reloading() {
    #[cfg(unix)]
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "there is no monotonic clock"),
    }
}

/// The proxy accepts nobody any more.
pub fn stopping() {
    #[cfg(unix)]
    tell(&[NotifyState::Stopping]);
}

#[cfg(unix)]
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
