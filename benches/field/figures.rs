//! Quantiles, medians and what the kernel counts of a process.

use plant::convert::{f64_from_u64, f64_from_usize, u64_from_f64_rounded, usize_from_u64};

/// The `q` quantile (0 to 1); NaN of nothing. Sorts the values.
pub fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = usize_from_u64(u64_from_f64_rounded(f64_from_usize(last) * q));
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// The median; NaN of nothing.
pub fn median(values: &[f64]) -> f64 {
    quantile(&mut values.to_vec(), 0.5)
}

/// Seconds on a core that the threads of a process have had so far, by the scheduler's count.
pub fn cpu_seconds(process: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    f64_from_u64(nanos.sum()) / 1e9
}

/// Resident memory of a process in MB (of a million bytes).
pub fn resident_mb(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    kib.map_or(f64::NAN, |n| f64_from_u64(n * 1024) / 1e6)
}

/// How many processes want to run, averaged over the last minute: how calm the machine is.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}
