//! Work that waits for a disk: [`off_the_runtime`].

/// Does `work` on a thread that may wait if it `blocks`, else at once. `None` if the runtime ends or the work panicked.
///
/// tokio has up to 512 such threads, and none is held for longer than one piece of work.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    blocks: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    if blocks { tokio::task::spawn_blocking(work).await.ok() } else { Some(work()) }
}
