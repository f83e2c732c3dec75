#![no_main]
//! Whatever a service of the provider answers, it is an answer, or a failure that repeats nothing of it but a trace id.

use std::error::Error;

use kim_fachdienst::{CheckMailData, DeleteMailData, Limits, ReadMailData, ServiceInformation, SharedLink};
use libfuzzer_sys::fuzz_target;

/// Stands for the name of a person in the body; a trace id cannot have a blank.
const CANARY: &str = "kana rie";

/// What a failure shows in a log.
fn is_silent(error: impl Error) {
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(one) = next {
        assert!(!one.to_string().contains(CANARY) && !format!("{one:?}").contains(CANARY));
        next = one.source();
    }
}

fuzz_target!(|body: &str| {
    let body = body.replace('~', CANARY);
    let octets = body.as_bytes();
    for status in [200, 201, 204, 400, 401, 403, 404, 413, 429, 500, 507] {
        let _ = Limits::from_response(status, octets).map_err(is_silent);
        let _ = ServiceInformation::from_response(status, octets).map_err(is_silent);
        let _ = SharedLink::from_response(status, octets).map_err(is_silent);
        let _ = DeleteMailData::from_response(status, octets).map_err(is_silent);
        for (length, announced) in [(None, Some(5)), (Some(5), None), (Some(5), Some(5)), (Some(5), Some(6))]
        {
            let _ = CheckMailData::from_response(status, length, announced).map_err(is_silent);
            match ReadMailData::from_response(status, length, announced, octets) {
                Ok(found) => assert!(status == 200 && found == length && announced != Some(6)),
                Err(error) => is_silent(error),
            }
        }
    }
});
