//! How far something has come that may take long, on a terminal only, and the log beside it.

use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// On standard error.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Of `length`, so many are done. It is gone when it is dropped.
pub fn bar(length: usize, what: &'static str) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    shown(ProgressBar::new(length), "{msg} {bar:40} {pos}/{len} {eta}", what)
}

/// So many are done, and nobody knows of how many. It is gone when it is dropped.
pub fn count(what: &'static str) -> ProgressBar {
    shown(ProgressBar::no_length(), "{msg} {spinner} {pos} {elapsed}", what)
}

fn shown(bar: ProgressBar, template: &str, what: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    BARS.add(bar.with_style(style).with_message(what))
}

/// Standard error, where bars make way for what is written.
pub struct StandardError;

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
