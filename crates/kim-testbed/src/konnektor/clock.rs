//! What time it is: [`timestamp`].

use time::OffsetDateTime;
use time::macros::format_description;

/// The time now, as messages write it.
pub(super) fn timestamp() -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::now_utc().format(&format).unwrap_or_default()
}
