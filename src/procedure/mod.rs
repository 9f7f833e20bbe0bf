//! Calibrate and verify: what is done to a unit on the bench, in which order, and when it is good.
//!
//! A [`plan::Plan`] is a meter profile and a procedure. [`runner::run`] takes the bench from load point to load point and
//! lets every [`position`] do its steps there. A procedure sees meters, reference, source, clock and operator; it knows
//! nothing of ports, windows or files. Not here: formulas (calibration), protocols (meter, reference).

pub mod advice;
mod control;
pub mod custody;
pub mod decision;
pub mod durations;
mod error;
mod estimator;
pub mod event;
pub mod feed;
pub mod flashing;
pub mod golden;
pub mod order;
pub mod plan;
pub mod position;
pub mod report;
pub mod rounding;
pub mod runner;
pub mod self_test;
pub mod uncertainty;
pub mod unfinished;

pub use control::Control;
pub use custody::{Custody, Traceability};
pub use error::StepError;
pub use event::Event;
pub use flashing::{FlashReport, FlashSite, Imprint};
pub use plan::Plan;
pub use report::{Measurement, RunReport, StepReport, Verdict};
pub use runner::{Bench, Place, go_on, run, run_with};
pub use unfinished::{TakenUp, Unfinished};
