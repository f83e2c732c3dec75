//! What time it is: [`timestamp`].

use time::OffsetDateTime;
use time::macros::format_description;

/// The time now, as messages write it.
pub(super) fn timestamp() -> String {
    text(OffsetDateTime::now_utc())
}

/// A time in UTC, as messages write it.
pub(super) fn text(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    time.format(&format).unwrap_or_default()
}
