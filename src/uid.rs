//! Names that nothing else has.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

/// 128 bits in hexadecimal digits that nothing else has: from its content, the moment, the process and how many it has made.
#[must_use]
pub fn unique(content: &str) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let nanos = jiff::Timestamp::now().as_nanosecond();
    let hash = Sha256::digest(format!("{content} {nanos} {} {made}", std::process::id()));
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
