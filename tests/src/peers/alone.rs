//! One practice for all tests of a file, one test at a time: [`Shared`].

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kim_testbed::pki::KeyType;

use super::RealPractice;
use super::programs::available;
use super::servers::LOGS;

/// A practice that the first test starts and the next ones use. It ends with the test program.
///
/// ```no_run
/// use kim_testbed::pki::KeyType;
/// use kim_tests::peers::Shared;
///
/// static PRACTICE: Shared = Shared::new(KeyType::Rsa);
///
/// // in each test
/// # fn test() -> Result<(), String> {
/// let Some(practice) = PRACTICE.alone()? else { return Ok(()) };
/// # Ok(())
/// # }
/// ```
pub struct Shared {
    key_type: KeyType,
    practice: OnceLock<Result<Mutex<RealPractice>, String>>,
}

impl Shared {
    /// A practice yet to be started, with this kind of key for everything between Clientmodul and Fachdienst.
    pub const fn new(key_type: KeyType) -> Self {
        Self { key_type, practice: OnceLock::new() }
    }

    /// Waits for the other tests, empties the mailboxes and lends the practice; `None` when programs are missing.
    ///
    /// # Errors
    /// Something could not be started, or programs are missing that `KIM_PEERS` requires.
    pub fn alone(&self) -> Result<Option<Alone<'_>>, String> {
        if !available()? {
            return Ok(None);
        }
        let started = self.practice.get_or_init(|| RealPractice::start(self.key_type).map(Mutex::new));
        let practice = started.as_ref().map_err(String::clone)?;
        // A test that failed leaves nothing behind that emptying the mailboxes does not remove.
        let practice = practice.lock().unwrap_or_else(PoisonError::into_inner);
        practice.servers().empty_mailboxes()?;
        let logs_before = practice.servers().log_lengths();
        Ok(Some(Alone { practice, logs_before }))
    }
}

/// The practice while no other test uses it.
pub struct Alone<'a> {
    practice: MutexGuard<'a, RealPractice>,
    logs_before: [usize; LOGS.len()],
}

impl Deref for Alone<'_> {
    type Target = RealPractice;

    fn deref(&self) -> &RealPractice {
        &self.practice
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        #[expect(
            clippy::print_stdout,
            reason = "the test harness shows it for a test that failed, and only then"
        )]
        {
            println!("{}", self.servers().logs_since(self.logs_before));
        }
    }
}
