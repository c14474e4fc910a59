//! Normalizes phones line by line for tests/phones, which compares the answers with Google's library: standard input
//! has `region<TAB>phone` on each line, standard output gets `+14155550123` or `!invalid_phone` for each.

use booking_core::phone::normalize_phone;
use std::io::{self, BufRead, BufWriter, Write};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (region, phone) = line.split_once('\t').unwrap_or(("", &line));
        match normalize_phone(phone, region) {
            Ok(number) => writeln!(out, "{number}")?,
            Err(refusal) => writeln!(out, "!{}", refusal.code.as_str())?,
        }
    }
    out.flush()
}
