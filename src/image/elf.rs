//! ELF executables, by the crate `object`: what a programmer would put into the chip's flash.
//!
//! That is each allocated section that has content, at its load address. Where the section headers were stripped, the load
//! segments serve; they may hold the file's own headers too, which is why sections come first.

use object::elf::{EM_ARM, ET_EXEC, FileHeader32, PT_LOAD, SHF_ALLOC, SHT_NOBITS, SHT_SYMTAB};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _, Sym as _};
use object::{Endianness, read};

use super::{Image, ImageError, Segment};

type Header = FileHeader32<Endianness>;

/// Reads a whole file.
pub(super) fn read(content: &[u8]) -> Result<Image, ImageError> {
    let wrong = |problem: &str| ImageError::Elf { problem: problem.to_owned() };
    let broken = |error: read::Error| ImageError::Elf { problem: error.to_string() };
    let header = Header::parse(content).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    if header.e_machine(endian) != EM_ARM || endian != Endianness::Little {
        return Err(wrong("it is for another processor than a little-endian ARM"));
    }
    if header.e_type(endian) != ET_EXEC {
        return Err(wrong("it is not linked: an executable is needed, not an object file"));
    }
    let loads: Vec<_> = header
        .program_headers(endian, content)
        .map_err(broken)?
        .iter()
        .filter(|load| load.p_type(endian) == PT_LOAD && load.p_filesz(endian) > 0)
        .collect();
    let mut segments = Vec::new();
    for section in header.section_headers(endian, content).map_err(broken)? {
        let kept = section.sh_flags(endian) & SHF_ALLOC == SHF_ALLOC && section.sh_type(endian) != SHT_NOBITS;
        if !kept || section.sh_size(endian) == 0 {
            continue;
        }
        let offset = section.sh_offset(endian);
        let Some(load) = loads.iter().find(|load| {
            let start = load.p_offset(endian);
            start <= offset && offset - start < load.p_filesz(endian)
        }) else {
            return Err(wrong("a section is in no load segment"));
        };
        let address = load.p_paddr(endian).checked_add(offset - load.p_offset(endian));
        let address = address.ok_or_else(|| wrong("a section lies beyond the last address"))?;
        segments.push(Segment { address, bytes: section.data(endian, content).map_err(broken)?.to_vec() });
    }
    if segments.is_empty() {
        for load in loads {
            let bytes =
                load.data(endian, content).map_err(|()| wrong("a segment reaches beyond the end of the file"))?;
            segments.push(Segment { address: load.p_paddr(endian), bytes: bytes.to_vec() });
        }
    }
    Image::from_segments(segments)
}

/// The address of a symbol; `None` when the file is no ELF or has no such symbol.
pub(super) fn symbol(content: &[u8], name: &str) -> Option<u32> {
    let header = Header::parse(content).ok()?;
    let endian = header.endian().ok()?;
    let table = header.sections(endian, content).ok()?.symbols(endian, content, SHT_SYMTAB).ok()?;
    table
        .iter()
        .find(|symbol| symbol.name(endian, table.strings()).is_ok_and(|found| found == name.as_bytes()))
        .map(|symbol| symbol.st_value(endian))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A linked ARM file with one load segment and no sections, by TIS ELF 1.2.
    pub(crate) fn file(address: u32, content: &[u8]) -> Vec<u8> {
        let half = |value: u16| value.to_le_bytes().to_vec();
        let word = |value: u32| value.to_le_bytes().to_vec();
        let size = content.len() as u32;
        [
            b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec(),
            half(2),
            half(40),
            word(1),
            word(address | 1),
            // Program headers right after this header, no section headers, flags.
            word(52),
            word(0),
            word(0x0500_0200),
            half(52),
            half(32),
            half(1),
            half(40),
            half(0),
            half(0),
            // PT_LOAD at offset 84; linked to run in RAM, stored in flash.
            word(1),
            word(84),
            word(0x2000_0000),
            word(address),
            word(size),
            word(size),
            word(5),
            word(4),
            content.to_vec(),
        ]
        .concat()
    }

    #[test]
    fn the_load_address_counts() {
        let image = read(&file(0x0800_0000, &[1, 2, 3, 4])).expect("ELF");
        assert_eq!((image.first(), image.length()), (0x0800_0000, 4));
    }

    #[test]
    fn other_files_are_refused_in_words() {
        let good = file(0x0800_0000, &[1, 2, 3, 4]);
        let mut object = good.clone();
        object[16] = 1;
        let mut x86 = good.clone();
        x86[18] = 3;
        for (file, part) in [(object, "not linked"), (x86, "another processor"), (good[..60].to_vec(), "")] {
            let error = read(&file).expect_err("refused").to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            read(&bytes).ok();
        }

        #[test]
        fn damaged_files_are_survived(at in 0_usize..84, value: u8, length in 0_usize..96) {
            let mut file = file(0x0800_0000, &[7; 12]);
            file[at] = value;
            file.truncate(length);
            read(&file).ok();
        }
    }
}
