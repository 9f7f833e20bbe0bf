//! How values lie between their limits: many narrow bins, kept as a short list of those that hold something.

/// Bins between the limits; 0 lies below them, the one after the last above.
pub const BINS: u16 = 1000;

/// Bytes of a bin in the list: its number (u16) and its count (u32), little-endian.
const PAIR: usize = 6;

/// The bin of a value.
#[must_use]
pub fn bin_of(value: f64, (lower, upper): (f64, f64)) -> u16 {
    if value < lower {
        return 0;
    }
    if value > upper || upper <= lower {
        return BINS + 1;
    }
    let share = (value - lower) / (upper - lower);
    // 0 to BINS, so it fits; the upper limit itself lies inside.
    ((share * f64::from(BINS)) as u16).min(BINS - 1) + 1
}

fn pair(bytes: &[u8]) -> (u16, u32) {
    match bytes {
        [a, b, c, d, e, f] => (u16::from_le_bytes([*a, *b]), u32::from_le_bytes([*c, *d, *e, *f])),
        _ => (0, 0),
    }
}

/// The list with one value more in `bin`. The list is in the order of bins, and stays so.
pub(super) fn with_one(list: &[u8], bin: u16) -> Vec<u8> {
    let pairs = list.chunks_exact(PAIR);
    let before = pairs.clone().take_while(|bytes| pair(bytes).0 < bin).count() * PAIR;
    let (below, rest) = list.split_at_checked(before).unwrap_or((list, &[]));
    let (count, above) = match rest.split_at_checked(PAIR) {
        Some((bytes, above)) if pair(bytes).0 == bin => (pair(bytes).1, above),
        _ => (0, rest),
    };
    let mut longer = Vec::with_capacity(list.len() + PAIR);
    longer.extend_from_slice(below);
    longer.extend(bin.to_le_bytes());
    longer.extend(count.saturating_add(1).to_le_bytes());
    longer.extend_from_slice(above);
    longer
}

/// Counts of all bins, put together from many lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Counts {
    fn default() -> Self {
        Self(vec![0; usize::from(BINS) + 2])
    }
}

impl Counts {
    /// Takes a list in.
    pub fn take(&mut self, list: &[u8]) {
        for (bin, count) in list.chunks_exact(PAIR).map(pair) {
            if let Some(mine) = self.0.get_mut(usize::from(bin)) {
                *mine += u64::from(count);
            }
        }
    }

    /// Values below the lower limit.
    #[must_use]
    pub fn below(&self) -> u64 {
        self.0.first().copied().unwrap_or(0)
    }

    /// Values above the upper limit.
    #[must_use]
    pub fn above(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// Values in each bin between the limits.
    #[must_use]
    pub fn inside(&self) -> &[u64] {
        self.0.get(1..=usize::from(BINS)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_the_limits() {
        let limits = (-1.0, 1.0);
        assert_eq!(
            [-1.1, -1.0, 0.0, 1.0, 1.1].map(|value| bin_of(value, limits)),
            [0, 1, BINS / 2 + 1, BINS, BINS + 1]
        );
    }

    #[test]
    fn lists_count_whatever_the_order() {
        let mut list = Vec::new();
        let bins = [500, 3, 500, 1001, 0, 3, 500, 999, 1000];
        for bin in bins {
            list = with_one(&list, bin);
        }
        assert_eq!(list.len(), 6 * PAIR, "six different ones");
        let mut counts = Counts::default();
        counts.take(&list);
        counts.take(&with_one(&[], 3));
        assert_eq!((counts.below(), counts.above()), (1, 1));
        let inside = counts.inside();
        assert_eq!((inside[2], inside[499], inside[998], inside[999]), (3, 3, 1, 1));
        assert_eq!(inside.iter().sum::<u64>(), 8);
    }
}
