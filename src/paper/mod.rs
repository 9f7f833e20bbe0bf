//! Papers: certificate or test report of a unit, report of a batch, label.
//!
//! What a paper says is gathered from the store into a plain structure first ([`certificate`], [`report`], [`label`]); how it
//! looks is a Typst template that reads that structure as `data.json` ([`template`], `typeset`). A file of the same name in
//! the user's folder of templates takes a shipped one's place. The same record gives the same bytes: dates come from the record,
//! fonts are compiled in, nothing is fetched. Not here: choosing records, writing files.

pub mod certificate;
mod error;
mod figures;
mod fonts;
pub mod label;
mod legible;
mod profile_text;
mod qr;
pub mod report;
pub mod row;
mod standing;
pub mod template;
mod typeset;
pub mod units;
pub mod zpl;

pub use error::PaperError;
pub use template::Template;
pub use typeset::{Paper, Press};
