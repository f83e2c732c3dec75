//! How much memory a process has: [`memory_of`].

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
