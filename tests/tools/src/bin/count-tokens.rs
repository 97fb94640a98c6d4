//! Counts the tokens of texts: one JSON string a line on standard input, one number a line on
//! standard output. It carries its vocabulary, so tests in other languages count with it.

use std::io::{self, BufRead as _, Write as _};

fn main() -> io::Result<()> {
    let mut numbers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?).map_err(io::Error::other)?;
        writeln!(numbers, "{}", tool_tests::tokens_in(&text))?;
        numbers.flush()?;
    }
    Ok(())
}
