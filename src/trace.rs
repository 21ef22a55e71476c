//! Tells steps with -v and details with -vv (`--verbose`). It goes to stderr through [`say`], a line each, with the seconds
//! since the program began. Without the flag nobody listens, and an event costs one load.
//!
//! An event is text that was made here for a person to read: names, addresses, commands, sizes. No event has a secret, the
//! content of a file, or what a host prints for stdout.

use crate::say;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// How often the flag was given.
static GIVEN: AtomicU8 = AtomicU8::new(0);

/// Listens from now on: to nothing (0), to steps (1), or to details too (2 and more).
pub fn listen(given: u8) {
    GIVEN.store(given, Ordering::Relaxed);
    let most = match given {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::registry().with(most).with(Lines { began: Instant::now() });
    // There is one call, and no other listener.
    let _ = tracing::subscriber::set_global_default(lines);
}

/// Returns whether steps are told.
pub fn is_on() -> bool {
    GIVEN.load(Ordering::Relaxed) > 0
}

/// Writes each event as a line.
struct Lines {
    began: Instant,
}

impl<S: Subscriber> Layer<S> for Lines {
    /// Libraries have events of their own, with whatever they like in them.
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        say::traced(self.began.elapsed().as_secs_f64(), event.metadata().level().as_str(), &text.0);
    }
}

/// Text of an event: its message.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
