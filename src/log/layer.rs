//! From `tracing` into the log.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::{Level, Log};

/// The program's own crate; others are heard from a warning on.
const OWN: &str = "meterbench";

/// A layer that keeps what the program says: its own lines but the finest, warnings and errors of its libraries.
pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(log: Log) -> impl Layer<S> {
    LogLayer(log).with_filter(filter_fn(heard).with_max_level_hint(tracing::Level::DEBUG))
}

struct LogLayer(Log);

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            // A library's warning speaks to programmers.
            tracing::Level::WARN if !is_own(metadata) => Level::Debug,
            tracing::Level::WARN => Level::Warning,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        };
        let mut text = Text::default();
        event.record(&mut text);
        self.0.tell(level, place(metadata.target()), &text.finished());
    }
}

fn heard(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= if is_own(metadata) { tracing::Level::DEBUG } else { tracing::Level::WARN }
}

fn is_own(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next() == Some(OWN)
}

/// The room: `meterbench::procedure::runner` is `procedure`, another crate is itself.
fn place(target: &str) -> &str {
    let mut parts = target.split("::");
    match (parts.next(), parts.next()) {
        (Some(OWN), Some(room)) => room,
        (Some(first), _) => first,
        (None, _) => target,
    }
}

/// The message, then what belongs to it as `name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finished(self) -> String {
        match (self.message.is_empty(), self.fields.is_empty()) {
            (_, true) => self.message,
            (true, false) => self.fields,
            (false, false) => format!("{} ({})", self.message, self.fields),
        }
    }

    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if field.name() == "message" {
            self.message.write_fmt(value).ok();
        } else {
            let comma = if self.fields.is_empty() { "" } else { ", " };
            write!(self.fields, "{comma}{}={value}", field.name()).ok();
        }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, Zoned, tz::TimeZone};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn epoch() -> Zoned {
        Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)
    }

    #[test]
    fn lines_of_ones_own_are_kept_and_secrets_are_not() {
        let log = Log::in_memory(10, epoch);
        let subscriber = tracing_subscriber::registry().with(layer(log.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "meterbench::station", address = "sim:?seed=7", "opened");
            tracing::debug!(target: "meterbench::flash::rom", attempt = 2, "once more");
            tracing::trace!(target: "meterbench::station", "too fine");
            tracing::trace!(target: "wire", "bytes");
            tracing::info!(target: "winit", "not ours");
            tracing::warn!(target: "winit::window", "not ours, but a warning");
            tracing::error!(target: "meterbench::gui", token = "abc123", "refused");
        });
        let (lines, next) = log.newer(0);
        let lines: Vec<String> = lines.iter().map(|entry| entry.line()).collect();
        assert_eq!(next, 4);
        assert_eq!(
            lines,
            [
                "1970-01-01T00:00:00.000+00:00 info    station: opened (address=sim:?seed=7)",
                "1970-01-01T00:00:00.000+00:00 debug   flash: once more (attempt=2)",
                "1970-01-01T00:00:00.000+00:00 debug   winit: not ours, but a warning",
                "1970-01-01T00:00:00.000+00:00 error   gui: refused (token=***)",
            ]
        );
    }
}
