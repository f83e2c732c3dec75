//! [`Ask`]: a question that carries the flow which waits for its answer.

use std::fmt;

/// A question `Q` whose answer `A` leads to the next step `S`.
///
/// The flow itself travels inside. [`Ask::answer`] consumes it, so a question is answered once, with the type it asked for:
/// a second or a wrong answer does not compile. Dropping it ends the flow; nothing is left behind.
///
/// ```
/// use kim_flow::Ask;
///
/// let ask: Ask<&str, u32, String> = Ask::new("how many?", |n| format!("{n} mails"));
/// assert_eq!(*ask.question(), "how many?");
/// assert_eq!(ask.answer(3), "3 mails");
/// ```
///
/// Spec: none — the shape of every flow.
pub struct Ask<Q, A, S> {
    question: Q,
    next: Box<dyn FnOnce(A) -> S + Send>,
}

impl<Q, A, S> Ask<Q, A, S> {
    /// A question and what happens with its answer.
    pub fn new(question: Q, next: impl FnOnce(A) -> S + Send + 'static) -> Self {
        Self { question, next: Box::new(next) }
    }

    /// What is asked.
    pub fn question(&self) -> &Q {
        &self.question
    }

    /// Answers and gives the next step. The question is dropped before: it may hold a document of 25 MiB.
    pub fn answer(self, answer: A) -> S {
        let Self { question, next } = self;
        drop(question);
        next(answer)
    }

    /// Works the answer out from the question and gives the next step.
    pub fn answer_with(self, answer: impl FnOnce(&Q) -> A) -> S {
        let answer = answer(&self.question);
        self.answer(answer)
    }
}

impl<Q: fmt::Debug, A, S> fmt::Debug for Ask<Q, A, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ask").field(&self.question).finish()
    }
}
