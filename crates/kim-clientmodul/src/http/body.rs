//! What a request carries: [`RequestBody`].

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;
use tokio::sync::mpsc;

/// The body of a request: a known number of octets that are made while they are sent.
pub(crate) struct RequestBody {
    left: u64,
    chunks: Chunks,
}

enum Chunks {
    Made(Box<dyn Iterator<Item = Bytes> + Send>),
    Awaited(mpsc::Receiver<Bytes>),
}

/// The body ended too early: the connection is closed, so that nobody takes it for complete.
#[derive(Debug, Error)]
#[error("the body ended before its announced length")]
pub(crate) struct CutOff;

impl RequestBody {
    pub(crate) fn none() -> Self {
        Self::new(0, std::iter::empty())
    }

    /// `len` is the sum of the lengths of all chunks and becomes the Content-Length.
    pub(crate) fn new(len: u64, chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self { left: len, chunks: Chunks::Made(Box::new(chunks)) }
    }

    /// A body of `len` octets that others send while the request is under way; a chunk is taken when there is room for it.
    pub(crate) fn awaited(len: u64) -> (mpsc::Sender<Bytes>, Self) {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Self { left: len, chunks: Chunks::Awaited(receiver) })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let chunk = match &mut self.chunks {
            Chunks::Made(chunks) => chunks.next(),
            Chunks::Awaited(chunks) => ready!(chunks.poll_recv(context)),
        };
        let Some(chunk) = chunk else {
            return Poll::Ready((self.left > 0).then_some(Err(CutOff)));
        };
        self.left = self.left.saturating_sub(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
