//! The thread that reads the records for the window, so that drawing never waits for a data base.
//!
//! It opens the store read only when it is first asked, and again after a failure. What is asked for outdates what was asked
//! for before in the same [`Lane`]: typing stops the search for what stood there a letter ago. Not here: what is asked for and
//! how it looks (the records page), what the store can tell ([`crate::record`]).

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

mod detail;
mod insight;

pub use detail::{Curve, Detail, Shown};
pub use insight::{Insight, is_gain};

use crate::advice::Advice;
use crate::job::{JobCtl, JobError, JobEvent, JobHandle, Wake};
use crate::record::listing::{Choices, Interrupter, Total, Wanted};
use crate::record::search::Found;
use crate::record::{Filter, FlashRecord, Store, StoreError};

/// Requests that may wait in the channel; more wait at the window's end.
const REQUESTS: usize = 16;
/// Rows fetched at one time.
pub const PAGE: usize = 100;
/// Flashings that are listed; older ones are found by filters.
pub const FLASHINGS: usize = 500;
/// Units that are compared at one time.
pub const SIDE_BY_SIDE: usize = 4;

/// A record by its place in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Station of the chain.
    pub station: String,
    /// Number in it.
    pub number: u64,
}

impl Key {
    /// Of a row in a list.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        Self { station: found.station.clone(), number: found.number }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveRequest {
    /// How many records match, and the first of them.
    List(Wanted),
    /// The rows from this place on.
    Rows(Wanted, u64),
    /// All of one record.
    Open(Key),
    /// The newest record of the unit with this serial number, or of the only one that has it in its own.
    Find(String),
    /// These records beside each other.
    Compare(Vec<Key>),
    /// Statistics, with the trend of this measurement or of the first gain.
    Count(Filter, Option<String>),
    /// Flashings outside of runs, the newest first.
    Flashings(Wanted),
}

/// Requests of one lane outdate each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The list.
    List,
    /// Parts of the list.
    Rows,
    /// Records themselves.
    Records,
    /// Statistics.
    Statistics,
    /// Flashings.
    Flashings,
}

impl Lane {
    const COUNT: usize = 5;

    const fn of(request: &ArchiveRequest) -> Self {
        match request {
            ArchiveRequest::List(_) => Self::List,
            ArchiveRequest::Rows(..) => Self::Rows,
            ArchiveRequest::Open(_) | ArchiveRequest::Find(_) | ArchiveRequest::Compare(_) => Self::Records,
            ArchiveRequest::Count(..) => Self::Statistics,
            ArchiveRequest::Flashings(_) => Self::Flashings,
        }
    }
}

/// What came of a request.
#[derive(Debug)]
pub enum ArchiveNotice {
    /// The store is open; this stops what it does.
    Ready(Interrupter),
    /// How many records match, the first of them, and what there is to filter by.
    Listed {
        /// What was asked for.
        wanted: Wanted,
        /// How many match.
        total: Total,
        /// The first of them.
        rows: Vec<Found>,
        /// What occurs in all records.
        choices: Choices,
    },
    /// A part of the list.
    Rows {
        /// What was asked for.
        wanted: Wanted,
        /// Place of the first.
        offset: u64,
        /// The rows.
        rows: Vec<Found>,
    },
    /// One record.
    Opened(Box<Detail>),
    /// There is no such unit.
    NotFound(String),
    /// Records beside each other.
    Compared(Vec<Shown>),
    /// Statistics.
    Counted(Box<Insight>),
    /// Flashings.
    Flashings {
        /// What was asked for.
        wanted: Wanted,
        /// Those that match, as far as they are listed.
        flashings: Vec<FlashRecord>,
    },
    /// It could not be read.
    Refused(Lane, Advice),
}

/// A request with its number in its lane.
struct Sent {
    request: ArchiveRequest,
    ticket: u64,
}

/// The newest ticket of each lane.
#[derive(Default)]
struct Tickets([AtomicU64; Lane::COUNT]);

impl Tickets {
    fn next(&self, lane: Lane) -> u64 {
        self.0.get(lane as usize).map_or(0, |newest| newest.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn outdated(&self, sent: &Sent) -> bool {
        let lane = Lane::of(&sent.request);
        self.0.get(lane as usize).is_some_and(|newest| newest.load(Ordering::Relaxed) != sent.ticket)
    }
}

/// The window's end of the thread.
pub struct Archive {
    job: JobHandle<ArchiveNotice, ()>,
    requests: SyncSender<Sent>,
    /// What the channel had no room for.
    waiting: VecDeque<Sent>,
    tickets: Arc<Tickets>,
    interrupter: Option<Interrupter>,
}

impl Archive {
    /// Starts the thread on the records in this file.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(file: PathBuf, wake: Arc<dyn Wake>) -> std::io::Result<Self> {
        let (requests, inbox) = sync_channel(REQUESTS);
        let tickets = Arc::new(Tickets::default());
        let known = Arc::clone(&tickets);
        let job = JobHandle::spawn("records", wake, move |ctl| {
            Reader { ctl, file, store: None, tickets: known, queue: VecDeque::new() }.serve(&inbox);
            Ok(())
        })?;
        Ok(Self { job, requests, waiting: VecDeque::new(), tickets, interrupter: None })
    }

    /// Asks for something, and stops what is outdated by it. Never waits.
    pub fn ask(&mut self, request: ArchiveRequest) {
        let lane = Lane::of(&request);
        let ticket = self.tickets.next(lane);
        self.waiting.retain(|sent| Lane::of(&sent.request) != lane);
        self.waiting.push_back(Sent { request, ticket });
        if let Some(interrupter) = &self.interrupter {
            // Whatever is stopped by it without being outdated is done again.
            interrupter.interrupt();
        }
        self.hand_over();
    }

    /// What came of the next request, if something did. Never waits.
    pub fn poll(&mut self) -> Option<Result<ArchiveNotice, JobError>> {
        self.hand_over();
        loop {
            match self.job.poll()? {
                JobEvent::Progress(ArchiveNotice::Ready(interrupter)) => self.interrupter = Some(interrupter),
                JobEvent::Progress(notice) => return Some(Ok(notice)),
                JobEvent::Finished(result) => return result.err().map(Err),
            }
        }
    }

    fn hand_over(&mut self) {
        while let Some(sent) = self.waiting.pop_front() {
            match self.requests.try_send(sent) {
                Ok(()) => {}
                Err(TrySendError::Full(sent)) => return self.waiting.push_front(sent),
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }
}

/// The thread's end.
struct Reader<'a> {
    ctl: &'a JobCtl<ArchiveNotice, ()>,
    file: PathBuf,
    store: Option<Store>,
    tickets: Arc<Tickets>,
    queue: VecDeque<Sent>,
}

impl Reader<'_> {
    /// Until the window drops its end.
    fn serve(&mut self, inbox: &Receiver<Sent>) {
        while !self.ctl.is_cancelled() {
            if self.queue.is_empty() {
                match inbox.recv() {
                    Ok(sent) => self.queue.push_back(sent),
                    Err(_) => return,
                }
            }
            self.queue.extend(inbox.try_iter());
            let tickets = &self.tickets;
            self.queue.retain(|sent| !tickets.outdated(sent));
            if let Some(sent) = self.queue.pop_front() {
                self.carry_out(sent);
            }
        }
    }

    fn carry_out(&mut self, sent: Sent) {
        match self.answer(&sent.request) {
            // What was asked for in the meantime is the better answer.
            Ok(_) if self.tickets.outdated(&sent) => {}
            Ok(notice) => self.ctl.notice(notice),
            Err(error) if error.is_interrupted() => self.queue.push_back(sent),
            Err(error) => {
                tracing::warn!(%error, "the records cannot be read");
                // It is opened anew the next time: the file may be another by then.
                self.store = None;
                self.ctl.notice(ArchiveNotice::Refused(Lane::of(&sent.request), error.advice()));
            }
        }
    }

    fn answer(&mut self, request: &ArchiveRequest) -> Result<ArchiveNotice, StoreError> {
        let store = self.store()?;
        Ok(match request {
            ArchiveRequest::List(wanted) => ArchiveNotice::Listed {
                wanted: wanted.clone(),
                total: store.count(wanted)?,
                rows: store.rows(wanted, 0, PAGE)?,
                choices: store.choices()?,
            },
            ArchiveRequest::Rows(wanted, offset) => ArchiveNotice::Rows {
                wanted: wanted.clone(),
                offset: *offset,
                rows: store.rows(wanted, *offset, PAGE)?,
            },
            ArchiveRequest::Open(key) => match Detail::read(store, key)? {
                Some(detail) => ArchiveNotice::Opened(Box::new(detail)),
                None => ArchiveNotice::NotFound(key.number.to_string()),
            },
            ArchiveRequest::Find(serial) => match meant(store, serial)? {
                Some(key) => match Detail::read(store, &key)? {
                    Some(detail) => ArchiveNotice::Opened(Box::new(detail)),
                    None => ArchiveNotice::NotFound(serial.clone()),
                },
                None => ArchiveNotice::NotFound(serial.clone()),
            },
            ArchiveRequest::Compare(keys) => {
                let mut records = Vec::new();
                for key in keys.iter().take(SIDE_BY_SIDE) {
                    records.extend(store.record(Some(&key.station), key.number)?.map(Shown::of));
                }
                ArchiveNotice::Compared(records)
            }
            ArchiveRequest::Count(filter, trend) => {
                ArchiveNotice::Counted(Box::new(Insight::read(store, filter, trend.as_deref())?))
            }
            ArchiveRequest::Flashings(wanted) => ArchiveNotice::Flashings {
                wanted: wanted.clone(),
                flashings: store.flashings(&wanted.part, &wanted.filter, FLASHINGS)?,
            },
        })
    }

    fn store(&mut self) -> Result<&Store, StoreError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => {
                let store = Store::read_only(&self.file)?;
                self.ctl.notice(ArchiveNotice::Ready(store.interrupter()));
                store
            }
        };
        Ok(self.store.insert(store))
    }
}

/// The newest record of the unit that is meant by a scanned or typed serial number.
fn meant(store: &Store, serial: &str) -> Result<Option<Key>, StoreError> {
    if let Some(newest) = store.attempts_of(serial)?.first() {
        return Ok(Some(Key::of(newest)));
    }
    let wanted = Wanted { part: serial.to_owned(), ..Wanted::default() };
    let found = store.rows(&wanted, 0, PAGE)?;
    let Some(first) = found.first().filter(|first| found.iter().all(|other| other.serial == first.serial)) else {
        return Ok(None);
    };
    Ok(store.attempts_of(&first.serial)?.first().map(Key::of))
}
