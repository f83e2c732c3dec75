//! How a provider is asked for the limits of an account: `cargo run --example account_limits`.

use kim_fachdienst::{Limits, LimitsRequest};
use kim_types::Secret;

#[expect(clippy::print_stdout, reason = "the output of a program")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = LimitsRequest {
        base: "https://am.example.kim.telematik:8443/AccountLimit/v1.1/".parse()?,
        account: "praxis@example.kim.telematik".parse()?,
        password: Secret::from("password"),
    };
    let http = request.to_http();
    println!("{} {}", http.method.as_str(), http.url);
    println!("headers: {}", http.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "));

    // The answer, as an HTTP client hands it on.
    let limits =
        Limits::from_response(200, br#"{"dataTimeToLive": 30, "maxMailSize": 734003200, "quota": -1}"#);
    let Limits { max_mail_size, data_time_to_live, quota, .. } = limits.unwrap_or_else(|error| {
        println!("{error}; what holds then:");
        Limits::default()
    });
    println!("mails of at most {max_mail_size} octets, kept for {} days", data_time_to_live.get());
    println!("quota: {}", quota.map_or("unlimited".to_owned(), |octets| format!("{octets} octets")));
    Ok(())
}
