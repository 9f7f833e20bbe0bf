//! Intel HEX, by the crate `ihex`; here are the addresses and what a file has to have.

use ihex::{Reader, ReaderOptions, Record};

use super::{Image, ImageError, Segment};

/// Data bytes a line: what other tools write too, so that files compare.
const LINE: usize = 16;

/// Reads a whole file.
pub(super) fn read(content: &[u8]) -> Result<Image, ImageError> {
    let text = std::str::from_utf8(content).map_err(|error| ImageError::Hex {
        line: line_of(content, error.valid_up_to()),
        problem: "it is no text".to_owned(),
    })?;
    let mut segments: Vec<Segment> = Vec::new();
    let mut base = 0_u32;
    let mut finished = false;
    // `ihex` numbers no lines; it makes one item of each that is not blank.
    let numbers = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(number, _)| number + 1);
    let options = ReaderOptions { stop_after_first_error: true, stop_after_eof: false };
    let trimmed: String =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect();
    for (line, record) in numbers.zip(Reader::new_with_options(&trimmed, options)) {
        let problem = |problem: String| ImageError::Hex { line, problem };
        let record = record.map_err(|error| problem(error.to_string()))?;
        if finished {
            return Err(problem("it comes after the end record".to_owned()));
        }
        match record {
            Record::Data { offset, value } => {
                let address =
                    base.checked_add(u32::from(offset)).ok_or_else(|| problem("its address is too high".to_owned()))?;
                push(&mut segments, address, &value);
            }
            Record::ExtendedLinearAddress(upper) => base = u32::from(upper) << 16,
            Record::ExtendedSegmentAddress(segment) => base = u32::from(segment) << 4,
            // Where a loader would jump to; a chip starts at its vector table.
            Record::StartLinearAddress(_) | Record::StartSegmentAddress { .. } => {}
            Record::EndOfFile => finished = true,
        }
    }
    if !finished {
        return Err(ImageError::HexUnfinished);
    }
    Image::from_segments(segments)
}

/// Adds a line, most often to the segment the line before made.
fn push(segments: &mut Vec<Segment>, address: u32, bytes: &[u8]) {
    match segments.last_mut() {
        Some(last) if last.end() == u64::from(address) => last.bytes.extend_from_slice(bytes),
        _ => segments.push(Segment { address, bytes: bytes.to_vec() }),
    }
}

fn line_of(content: &[u8], position: usize) -> usize {
    content.iter().take(position).filter(|byte| **byte == b'\n').count() + 1
}

/// Writes a whole file.
pub(super) fn write(image: &Image) -> Result<Vec<u8>, ImageError> {
    let mut records = Vec::new();
    let mut upper = 0;
    for segment in image.segments() {
        let mut address = segment.address;
        let mut rest = segment.bytes.as_slice();
        while !rest.is_empty() {
            let [high, low] = [(address >> 16) as u16, (address & 0xFFFF) as u16];
            if high != upper || records.is_empty() {
                records.push(Record::ExtendedLinearAddress(high));
                upper = high;
            }
            // A line must not run over the end of its 64 KiB.
            let count = rest.len().min(LINE - usize::from(low) % LINE);
            let (line, more) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            records.push(Record::Data { offset: low, value: line.to_vec() });
            rest = more;
            address = address.wrapping_add(count as u32);
        }
    }
    records.push(Record::EndOfFile);
    let text = ihex::create_object_file_representation(&records)
        .map_err(|error| ImageError::Hex { line: 0, problem: error.to_string() })?;
    Ok((text + "\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::Format;

    #[test]
    fn a_file_of_two_parts() {
        let file = ":020000040800F2\n:04000000005000208C\r\n\r\n:02001000CAFE26\n:00000001FF\n";
        let image = read(file.as_bytes()).expect("HEX");
        assert_eq!(image.word(0x0800_0000), Some(0x2000_5000));
        assert_eq!((image.byte(0x0800_0010), image.byte(0x0800_0011)), (Some(0xCA), Some(0xFE)));
        assert_eq!(image.segments().len(), 2);
    }

    #[test]
    fn segment_addresses_count_in_sixteens() {
        let image = read(b":020000021000EC\n:01000000AA55\n:00000001FF\n").expect("HEX");
        assert_eq!(image.first(), 0x1_0000);
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        let end = ":00000001FF\n";
        for (file, line, part) in [
            (format!("\n:0100000001FF\n{end}"), 2, "hecksum"),
            (format!("hello\n{end}"), 1, "start"),
            (format!("{end}:0100000001FE\n"), 2, "after the end"),
        ] {
            match read(file.as_bytes()) {
                Err(ImageError::Hex { line: found, problem }) => {
                    assert_eq!(found, line, "{problem}");
                    assert!(problem.contains(part), "{problem}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(read(b":0100000001FE\n"), Err(ImageError::HexUnfinished));
        assert_eq!(read(end.as_bytes()), Err(ImageError::Empty));
        assert_eq!(read(b":0100000001FE\n:0100000001FE\n:00000001FF\n"), Err(ImageError::Overlap { address: 0 }));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            parts in proptest::collection::vec((any::<u32>(), proptest::collection::vec(any::<u8>(), 1..300)), 1..6)
        ) {
            let segments = parts.into_iter().map(|(address, bytes)| Segment { address, bytes });
            if let Ok(image) = Image::from_segments(segments) {
                let file = image.write(Format::Hex).expect("written");
                prop_assert_eq!(Format::of(&file), Format::Hex);
                prop_assert_eq!(read(&file), Ok(image));
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            read(&bytes).ok();
        }

        #[test]
        fn any_lines_are_survived(lines in proptest::collection::vec(":[0-9A-F]{0,24}", 0..6)) {
            read(lines.join("\n").as_bytes()).ok();
        }
    }
}
