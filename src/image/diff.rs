//! Where two images differ.

use serde::Serialize;

use super::Image;

/// Differences this close together are shown as one: a changed word most often differs in some of its bytes only.
const JOIN: u64 = 4;

/// A stretch in which two images differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// First address.
    pub address: u32,
    /// The first image's bytes; `None` where it has none.
    pub old: Vec<Option<u8>>,
    /// The second image's bytes, as many.
    pub new: Vec<Option<u8>>,
}

impl Difference {
    /// Bytes it spans.
    #[must_use]
    pub fn length(&self) -> usize {
        self.new.len()
    }
}

/// The stretches in which `new` differs from `old`, in order. A byte that only one of them has differs.
#[must_use]
pub fn differences(old: &Image, new: &Image) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    for address in addresses(old, new) {
        let pair = (old.byte(address), new.byte(address));
        if pair.0 == pair.1 {
            continue;
        }
        if let Some(last) = found.last_mut() {
            let end = u64::from(last.address) + last.new.len() as u64;
            if u64::from(address) - end < JOIN {
                for between in end..=u64::from(address) {
                    let between = u32::try_from(between).unwrap_or(u32::MAX);
                    last.old.push(old.byte(between));
                    last.new.push(new.byte(between));
                }
                continue;
            }
        }
        found.push(Difference { address, old: vec![pair.0], new: vec![pair.1] });
    }
    found
}

/// Every address that either has, once, in order.
fn addresses(old: &Image, new: &Image) -> impl Iterator<Item = u32> {
    let mut spans: Vec<(u64, u64)> = [old, new]
        .iter()
        .flat_map(|image| image.segments())
        .map(|part| (u64::from(part.address), part.end()))
        .collect();
    spans.sort_unstable();
    let mut done = 0;
    spans.into_iter().flat_map(move |(start, end)| {
        let from = start.max(done);
        done = done.max(end);
        (from..end).filter_map(|address| u32::try_from(address).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    fn image(parts: &[(u32, &[u8])]) -> Image {
        let segments = parts.iter().map(|&(address, bytes)| Segment { address, bytes: bytes.to_vec() });
        Image::from_segments(segments).expect("fits")
    }

    #[test]
    fn the_same_has_no_differences() {
        let one = image(&[(0, &[1, 2, 3]), (100, &[4])]);
        assert_eq!(differences(&one, &one), []);
    }

    #[test]
    fn near_ones_are_joined_and_far_ones_are_not() {
        let mut bytes = [0; 40];
        let old = image(&[(0x100, &bytes)]);
        (bytes[2], bytes[5], bytes[30]) = (1, 2, 3);
        let found = differences(&old, &image(&[(0x100, &bytes)]));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].address, found[0].length()), (0x102, 4));
        assert_eq!(found[0].new, [Some(1), Some(0), Some(0), Some(2)]);
        assert_eq!((found[1].address, found[1].length()), (0x11E, 1));
    }

    #[test]
    fn a_byte_only_one_has_differs() {
        let found = differences(&image(&[(0, &[1, 2])]), &image(&[(1, &[2, 3])]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].old, [Some(1), Some(2), None]);
        assert_eq!(found[0].new, [None, Some(2), Some(3)]);
    }
}
