//! Log files: a new one each day, another part when one is full, and the oldest removed.
//!
//! `tracing-appender` begins files by the day and keeps a number of them, but bounds no file's size; a device that fails a
//! hundred times a second would fill the disk within a day.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::Entry;

/// Size of one file.
pub const LARGEST_BYTES: u64 = 4 * 1024 * 1024;
/// Files that are kept.
pub const MOST_FILES: usize = 14;
/// Parts a day can have: names stay in the order of time.
const MOST_PARTS: u16 = 999;

const PREFIX: &str = "meterbench-";
const SUFFIX: &str = ".log";

/// The files of one folder.
pub struct DailyFiles {
    folder: PathBuf,
    largest: u64,
    most: usize,
    open: Option<Open>,
}

struct Open {
    file: File,
    day: Date,
    part: u16,
    bytes: u64,
}

impl DailyFiles {
    /// Files of `largest` bytes, `most` of them. The folder is made with the first line.
    #[must_use]
    pub const fn new(folder: PathBuf, largest: u64, most: usize) -> Self {
        Self { folder, largest, most, open: None }
    }

    /// Writes a line into the file of its day.
    ///
    /// # Errors
    /// The folder or the file cannot be made or written.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let line = format!("{}\n", entry.line().replace('\n', "\n    "));
        let day = entry.at.date();
        let mut open = match self.open.take() {
            Some(open) if open.day == day => open,
            _ => self.continued(day)?,
        };
        if open.bytes > 0 && open.bytes + line.len() as u64 > self.largest && open.part < MOST_PARTS {
            open = self.opened(day, open.part + 1)?;
        }
        // The last part a day can have is full: the day's other lines are in memory only.
        if open.bytes == 0 || open.bytes + line.len() as u64 <= self.largest {
            open.file.write_all(line.as_bytes())?;
            open.bytes += line.len() as u64;
        }
        self.open = Some(open);
        Ok(())
    }

    /// The day's newest part, which an earlier start of the program may have begun.
    fn continued(&self, day: Date) -> io::Result<Open> {
        let known = (0..=MOST_PARTS).take_while(|part| self.path(day, *part).exists()).last();
        self.opened(day, known.unwrap_or(0))
    }

    fn opened(&self, day: Date, part: u16) -> io::Result<Open> {
        fs::create_dir_all(&self.folder)?;
        let file = OpenOptions::new().create(true).append(true).open(self.path(day, part))?;
        let bytes = file.metadata()?.len();
        self.remove_old()?;
        Ok(Open { file, day, part, bytes })
    }

    fn path(&self, day: Date, part: u16) -> PathBuf {
        self.folder.join(format!("{PREFIX}{day}-{part:03}{SUFFIX}"))
    }

    /// Only files of this log's own names are removed.
    fn remove_old(&self) -> io::Result<()> {
        let mut names: Vec<PathBuf> = fs::read_dir(&self.folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| is_own(path))
            .collect();
        names.sort();
        let surplus = names.len().saturating_sub(self.most.max(1));
        names.iter().take(surplus).try_for_each(fs::remove_file)
    }
}

fn is_own(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let middle = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    middle.and_then(|middle| middle.rsplit_once('-')).is_some_and(|(day, part)| {
        day.parse::<Date>().is_ok() && part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::Level;
    use super::*;

    fn folder(name: &str) -> PathBuf {
        // Cargo gives unit tests no folder of their own; this is the one its target has for them.
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/log_files").join(name);
        fs::remove_dir_all(&folder).ok();
        folder
    }

    fn entry(day: i8, text: &str) -> Entry {
        let at = jiff::civil::date(2026, 3, day).at(8, 30, 0, 125_000_000).to_zoned(TimeZone::UTC).unwrap();
        Entry { at, level: Level::Info, place: "station".to_owned(), text: text.to_owned() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_day_has_its_file_and_only_the_newest_stay() {
        let folder = folder("days");
        fs::create_dir_all(&folder).unwrap();
        for other in ["meterbench-notes-001.log", "readings.log", "meterbench-2026-03-01-000.txt"] {
            fs::write(folder.join(other), "not ours").unwrap();
        }
        let mut files = DailyFiles::new(folder.clone(), 1000, 2);
        for day in 1..=4 {
            files.append(&entry(day, "hello")).unwrap();
        }
        assert_eq!(
            names(&folder),
            [
                "meterbench-2026-03-01-000.txt",
                "meterbench-2026-03-03-000.log",
                "meterbench-2026-03-04-000.log",
                "meterbench-notes-001.log",
                "readings.log"
            ]
        );
        let text = fs::read_to_string(folder.join("meterbench-2026-03-04-000.log")).unwrap();
        assert_eq!(text, "2026-03-04T08:30:00.125+00:00 info    station: hello\n");
    }

    #[test]
    fn a_full_file_is_followed_by_the_next_part_and_none_grows_beyond_its_bound() {
        let folder = folder("parts");
        let mut files = DailyFiles::new(folder.clone(), 200, 3);
        for number in 0..40 {
            files.append(&entry(5, &format!("line {number}"))).unwrap();
        }
        let names = names(&folder);
        assert_eq!(names.len(), 3);
        for name in &names {
            assert!(fs::metadata(folder.join(name)).unwrap().len() <= 200, "{name}");
        }
        let last = fs::read_to_string(folder.join(&names[2])).unwrap();
        assert!(last.contains("line 39"), "{last}");
    }

    #[test]
    fn the_next_start_goes_on_in_the_same_file() {
        let folder = folder("again");
        for text in ["first", "second"] {
            DailyFiles::new(folder.clone(), 1000, 3).append(&entry(6, text)).unwrap();
        }
        assert_eq!(names(&folder), ["meterbench-2026-03-06-000.log"]);
        let text = fs::read_to_string(folder.join("meterbench-2026-03-06-000.log")).unwrap();
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_line_longer_than_a_file_is_written_whole_and_a_forged_line_cannot_begin() {
        let folder = folder("long");
        let mut files = DailyFiles::new(folder.clone(), 50, 3);
        files.append(&entry(7, &"x".repeat(100))).unwrap();
        files.append(&entry(7, "a\n2026-03-07 forged")).unwrap();
        let text = fs::read_to_string(folder.join("meterbench-2026-03-07-001.log")).unwrap();
        assert!(text.contains("a\n    2026-03-07 forged"), "{text}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_each_time() {
        let folder = folder("blocked");
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        fs::write(&folder, "a file").unwrap();
        let mut files = DailyFiles::new(folder.clone(), 100, 3);
        assert!(files.append(&entry(8, "one")).is_err());
        fs::remove_file(&folder).unwrap();
        assert!(files.append(&entry(8, "two")).is_ok());
    }
}
