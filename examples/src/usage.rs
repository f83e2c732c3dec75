//! What a process uses: [`memory_of`], [`processor_time_of`].

use std::time::Duration;

/// The memory a process occupies now and at most since [`forget_peak`], in octets; `None` where the system has no `/proc`.
///
/// Spec: none — a tool for measurements.
pub fn memory_of(process: u32) -> Option<(u64, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some((field("VmRSS:")?, field("VmHWM:")?))
}

/// Begins to measure the greatest memory of a process anew, where the system can.
///
/// Spec: none — a tool for measurements.
pub fn forget_peak(process: u32) {
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// The processor time a process used so far, to a hundredth of a second; `None` where the system has no `/proc`.
///
/// Spec: none — a tool for measurements.
pub fn processor_time_of(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in brackets and may hold blanks; utime and stime are the 12th and 13th value after it.
    let values = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    let ticks = values.map(|ticks| ticks.parse::<u64>().unwrap_or_default()).sum::<u64>();
    Some(Duration::from_millis(ticks.saturating_mul(10)))
}
