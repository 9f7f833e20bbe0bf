//! The energy totals in the EEPROM, an AT24C32: one page a record, written round and round.
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version of this layout, 1 |
//! | 1 | 0 |
//! | 2-3 | sequence number, modulo 65536 |
//! | 4-23 | four totals of five bytes: see [`crate::energy::COUNTED`] |
//! | 24-25 | the meter's starts so far |
//! | 26-27 | 0 |
//! | 28-31 | CRC-32 (ISO-HDLC) over the bytes before it |
//!
//! Numbers are little-endian. A record that a failing supply cut short has a wrong CRC, and the one before it counts. A record is
//! read back before it is believed. A page bears a million writings (AT24C32 datasheet); with one record in ten seconds, day and
//! night, each of the 128 pages gets 67 a day: 40 years.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use crate::board::Board;
use crate::energy::Totals;
use crate::i2c::BusError;

/// The EEPROM's address on the bus.
pub const DEVICE: u8 = 0x50;

/// Bytes of a page, and of a record.
pub const PAGE: usize = 32;

/// Pages of the EEPROM.
pub const PAGES: u16 = 128;

/// The last page is left to the self test.
pub const RING: u16 = PAGES - 1;

/// The page the self test writes to.
pub const TEST_PAGE: u16 = PAGES - 1;

/// A page is written within this time (AT24C32: 10 ms at most).
pub const WRITE_MICROS: u64 = 12_000;

/// From one record to the next, as long as something changes.
const INTERVAL: u64 = 10_000_000;
/// From a failed writing to the next try.
const RETRY: u64 = 1_000_000;

const VERSION: u8 = 1;

/// Bytes of a total: at 80 A it lasts for longer than the EEPROM.
const TOTAL: usize = 5;

/// Without a table: 28 bytes now and then are not worth a kilobyte.
const CRC_32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Energy.
    pub totals: Totals,
    /// The meter's starts so far; wraps.
    pub boot: u16,
}

impl Kept {
    /// The record with a sequence number.
    #[must_use]
    pub fn encode(&self, sequence: u16) -> [u8; PAGE] {
        let mut record = [0; PAGE];
        let mut bytes = [VERSION, 0]
            .into_iter()
            .chain(sequence.to_le_bytes())
            .chain(self.totals.0.iter().flat_map(|total| total.to_le_bytes().into_iter().take(TOTAL)))
            .chain(self.boot.to_le_bytes());
        let (body, crc) = record.split_at_mut(PAGE - 4);
        body.fill_with(|| bytes.next().unwrap_or_default());
        crc.copy_from_slice(&CRC_32.checksum(body).to_le_bytes());
        record
    }

    /// A record and its sequence number; nothing when the bytes are no record.
    #[must_use]
    pub fn decode(record: &[u8; PAGE]) -> Option<(u16, Self)> {
        let (body, crc) = record.split_last_chunk::<4>()?;
        if CRC_32.checksum(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (&[version, _, low, high], rest) = body.split_first_chunk()?;
        if version != VERSION {
            return None;
        }
        let mut kept = Self::default();
        let totals = rest.as_chunks::<TOTAL>().0;
        for (total, &[a, b, c, d, e]) in kept.totals.0.iter_mut().zip(totals) {
            *total = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
        }
        kept.boot = rest.get(TOTAL * kept.totals.0.len()..)?.first_chunk().map(|boot| u16::from_le_bytes(*boot))?;
        Some((u16::from_le_bytes([low, high]), kept))
    }
}

/// Why nothing could be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The EEPROM does not answer.
    Bus(BusError),
    /// It does not hold what was written.
    Differs,
}

impl From<BusError> for StoreError {
    fn from(error: BusError) -> Self {
        Self::Bus(error)
    }
}

/// Reads one page.
///
/// # Errors
/// The EEPROM does not answer.
pub fn read_page(board: &mut impl Board, page: u16) -> Result<[u8; PAGE], BusError> {
    let mut record = [0; PAGE];
    board.i2c(DEVICE, &address(page), &mut record)?;
    Ok(record)
}

/// Begins to write one page; it is done after [`WRITE_MICROS`].
///
/// # Errors
/// The EEPROM does not answer.
pub fn write_page(board: &mut impl Board, page: u16, record: &[u8; PAGE]) -> Result<(), BusError> {
    let mut bytes = [0; PAGE + 2];
    let (place, content) = bytes.split_at_mut(2);
    place.copy_from_slice(&address(page));
    content.copy_from_slice(record);
    board.i2c(DEVICE, &bytes, &mut [])
}

fn address(page: u16) -> [u8; 2] {
    (page * PAGE as u16).to_be_bytes()
}

/// The ring of records.
#[derive(Debug)]
pub struct Store {
    sequence: u16,
    page: u16,
    /// What the EEPROM is known to hold.
    held: Option<Kept>,
    /// Written, and not yet read back: what, and when it can be.
    writing: Option<(Kept, u64)>,
    due_at: u64,
    error: Option<StoreError>,
}

impl Store {
    /// Looks for the newest record. With an EEPROM that does not answer the store starts empty and says so.
    #[must_use]
    pub fn open(board: &mut impl Board, now: u64) -> Self {
        let mut store = Self { sequence: 0, page: 0, held: None, writing: None, due_at: now, error: None };
        for page in 0..RING {
            match read_page(board, page) {
                Ok(record) => {
                    let newer = Kept::decode(&record).filter(|(sequence, _)| {
                        store.held.is_none() || sequence.wrapping_sub(store.sequence).cast_signed() > 0
                    });
                    if let Some((sequence, kept)) = newer {
                        (store.sequence, store.page, store.held) = (sequence, page, Some(kept));
                    }
                }
                Err(error) => {
                    // One that does not answer at all would not answer another 126 times either.
                    store.error = Some(error.into());
                    break;
                }
            }
        }
        store
    }

    /// What the newest record holds.
    #[must_use]
    pub const fn held(&self) -> Option<&Kept> {
        self.held.as_ref()
    }

    /// What went wrong at the last try.
    #[must_use]
    pub const fn error(&self) -> Option<StoreError> {
        self.error
    }

    /// Nothing is being written at this moment.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.writing.is_none()
    }

    /// Keeps `kept` when it is time to, at once when the supply fails.
    pub fn poll(&mut self, board: &mut impl Board, kept: &Kept, urgent: bool, now: u64) {
        if let Some((written, readable_at)) = self.writing {
            if now >= readable_at {
                self.writing = None;
                self.prove(board, written, now);
            }
        } else if self.held.as_ref() != Some(kept) && (now >= self.due_at || (urgent && self.error.is_none())) {
            let sequence = self.sequence.wrapping_add(1);
            let page = if self.held.is_none() { self.page } else { (self.page + 1) % RING };
            match write_page(board, page, &kept.encode(sequence)) {
                Ok(()) => {
                    (self.sequence, self.page) = (sequence, page);
                    self.writing = Some((*kept, now + WRITE_MICROS));
                }
                Err(error) => self.fail(error.into(), now),
            }
        }
    }

    fn prove(&mut self, board: &mut impl Board, written: Kept, now: u64) {
        match read_page(board, self.page) {
            Ok(record) if record == written.encode(self.sequence) => {
                (self.held, self.error, self.due_at) = (Some(written), None, now + INTERVAL);
            }
            // The page may be worn: the next record goes to the next one.
            Ok(_) => self.fail(StoreError::Differs, now),
            Err(error) => self.fail(error.into(), now),
        }
    }

    fn fail(&mut self, error: StoreError, now: u64) {
        (self.error, self.due_at) = (Some(error), now + RETRY);
    }
}
