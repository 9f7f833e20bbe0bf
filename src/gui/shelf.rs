//! The thread that reads and writes the user's profiles, so that drawing never waits for a disk.
//!
//! Each request is answered once, with what came of it and the profiles there are then. Not here: what may be done
//! ([`crate::profile::library`]), and what is typed (the profiles page).

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::job::{JobError, JobEvent, JobHandle, Wake};
use crate::profile::Kind;
use crate::profile::library::{Entry, Library, LibraryError};

/// Requests that may wait; a person makes one at a time.
const REQUESTS: usize = 8;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShelfRequest {
    /// See what there is.
    List,
    /// Duplicate a profile, whosever it is, as one of the user's.
    Copy {
        /// Its name.
        from: String,
        /// The copy's name.
        new: String,
    },
    /// Give a user's profile a new text.
    Save {
        /// What it describes.
        kind: Kind,
        /// Its name.
        name: String,
        /// The text.
        text: String,
        /// The text it was opened with.
        before: String,
    },
    /// Give a user's profile a new name.
    Rename {
        /// What it describes.
        kind: Kind,
        /// Its name.
        name: String,
        /// The new one.
        new: String,
    },
    /// Delete a user's profile.
    Delete {
        /// What it describes.
        kind: Kind,
        /// Its name.
        name: String,
    },
}

/// What came of a request.
#[derive(Debug)]
pub struct ShelfNotice {
    /// What was asked for.
    pub request: ShelfRequest,
    /// Why it was not done, in words.
    pub refused: Option<String>,
    /// The profiles there are now.
    pub entries: Vec<Entry>,
}

/// The window's end of the thread.
pub struct Shelf {
    job: JobHandle<ShelfNotice, ()>,
    requests: SyncSender<ShelfRequest>,
}

impl Shelf {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn spawn(library: Library, wake: Arc<dyn Wake>) -> io::Result<Self> {
        let (requests, inbox) = sync_channel::<ShelfRequest>(REQUESTS);
        let job = JobHandle::spawn("profiles", wake, move |ctl| {
            // It ends when the window drops its end.
            while let Ok(request) = inbox.recv() {
                let refused = carry_out(&library, &request).err().map(|error| error.to_string());
                ctl.notice(ShelfNotice { request, refused, entries: library.list() });
            }
            Ok(())
        })?;
        Ok(Self { job, requests })
    }

    /// Asks for something; false when too much is asked for already. Never waits.
    pub fn ask(&self, request: ShelfRequest) -> bool {
        self.requests.try_send(request).is_ok()
    }

    /// What came of the next request, if it is done with. Never waits.
    pub fn poll(&mut self) -> Option<Result<ShelfNotice, JobError>> {
        match self.job.poll()? {
            JobEvent::Progress(notice) => Some(Ok(notice)),
            JobEvent::Finished(result) => result.err().map(Err),
        }
    }
}

fn carry_out(library: &Library, request: &ShelfRequest) -> Result<(), LibraryError> {
    match request {
        ShelfRequest::List => Ok(()),
        ShelfRequest::Copy { from, new } => library.copy(from, new).map(|_| ()),
        ShelfRequest::Save { kind, name, text, before } => library.save(*kind, name, text, before),
        ShelfRequest::Rename { kind, name, new } => library.rename(*kind, name, new),
        ShelfRequest::Delete { kind, name } => library.delete(*kind, name),
    }
}
