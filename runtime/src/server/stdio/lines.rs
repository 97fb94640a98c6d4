//! The lines of the input, each a message; those that are too long are reported instead of
//! being passed on.
//!
//! Nobody who sent such a line would otherwise hear of it: the request is never answered and
//! the client waits for ever. So its id is found without keeping the line.

use rmcp::model::RequestId;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc::UnboundedSender;

/// The longest message that is read: 16 MiB, as over HTTP.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

const BUFFER: usize = 64 * 1024;

/// A line that was not passed on.
#[derive(Debug, PartialEq)]
pub(super) struct TooLong {
    /// The id of the request in it, if one was found.
    pub(super) id: Option<RequestId>,
    /// How long it was.
    pub(super) bytes: usize,
}

/// Passes whole lines on until the input ends or nobody reads any more.
pub(super) async fn pass_lines(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    reports: UnboundedSender<TooLong>,
) {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut line = Vec::new();
    let mut skipped: Option<IdFinder> = None;
    loop {
        let part = match input.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(part) => part,
        };
        let end = part.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(part.len(), |end| end + 1);
        let part = &part[..taken];
        if let Some(finder) = &mut skipped {
            finder.read(part);
        } else if line.len() + taken > MAX_LINE {
            let mut finder = IdFinder::default();
            finder.read(&line);
            finder.read(part);
            line = Vec::new();
            skipped = Some(finder);
        } else {
            line.extend_from_slice(part);
        }
        input.consume(taken);
        if end.is_none() {
            continue;
        }
        if let Some(finder) = skipped.take() {
            if reports.send(finder.into_report()).is_err() {
                break;
            }
        } else {
            if output.write_all(&line).await.is_err() {
                break;
            }
            line.clear();
            line.shrink_to(BUFFER);
        }
    }
    let _ = output.shutdown().await;
}

/// Where in a JSON text a byte stands.
#[derive(Default, Clone, Copy)]
enum Place {
    #[default]
    Outside,
    InString,
    AfterBackslash,
}

/// Finds the value of the key `id` in the outermost object of a JSON text, byte by byte, in
/// bounded memory.
#[derive(Default)]
struct IdFinder {
    bytes: usize,
    depth: usize,
    place: Place,
    /// The string or value in the outermost object that is being read.
    token: Vec<u8>,
    /// The key that the next value belongs to is `id`.
    is_id: bool,
    after_colon: bool,
    found: Option<RequestId>,
}

/// No id that a client counts or makes up is longer.
const MAX_TOKEN: usize = 256;

impl IdFinder {
    fn read(&mut self, part: &[u8]) {
        self.bytes += part.len();
        for byte in part {
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        match (self.place, byte) {
            (Place::Outside, _) => return self.step_outside(byte),
            (Place::InString, b'\\') => self.place = Place::AfterBackslash,
            (Place::InString, b'"') => self.place = Place::Outside,
            (Place::InString, _) => {}
            (Place::AfterBackslash, _) => self.place = Place::InString,
        }
        self.keep(byte);
    }

    fn step_outside(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.place = Place::InString;
                if !self.after_colon {
                    self.token.clear();
                }
                self.keep(byte);
            }
            b':' if self.depth == 1 => {
                self.is_id = self.token == b"\"id\"";
                self.after_colon = true;
                self.token.clear();
            }
            b',' | b'}' if self.depth == 1 => {
                self.end_value();
                self.depth -= usize::from(byte == b'}');
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() < MAX_TOKEN {
            self.token.push(byte);
        }
    }

    fn end_value(&mut self) {
        if self.is_id && self.after_colon && self.found.is_none() {
            self.found = serde_json::from_slice(&self.token).ok();
        }
        self.token.clear();
        self.is_id = false;
        self.after_colon = false;
    }

    fn into_report(self) -> TooLong {
        TooLong {
            id: self.found,
            bytes: self.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn id_in(text: &str) -> Option<Value> {
        let mut finder = IdFinder::default();
        // In pieces, as it comes.
        for piece in text.as_bytes().chunks(3) {
            finder.read(piece);
        }
        finder.found.map(|id| serde_json::to_value(id).unwrap())
    }

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        for (text, id) in [
            (
                r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#,
                json!(7),
            ),
            (
                r#"{"params":{"id":1,"a":["id",{"id":2}]},"id": "x y" }"#,
                json!("x y"),
            ),
            (r#"{"params":"{\"id\":3}","x":"\\","id":9}"#, json!(9)),
            (r#"{ "id" : 5 , "id2": 6}"#, json!(5)),
        ] {
            assert_eq!(id_in(text), Some(id), "{text}");
        }
        for text in [
            r#"{"params":{"id":1}}"#,
            r#"[{"id":1}]"#,
            "",
            r#"{"id":"#,
            r#"{"id":{}}"#,
        ] {
            assert_eq!(id_in(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_parser_would_find(
            id in 0_i64..1_000_000,
            key in "[a-z\"\\\\:,{}\\[\\]]{0,12}",
            text in "[ -~]{0,40}",
            first in any::<bool>(),
        ) {
            prop_assume!(key != "id");
            let other = json!({"id": text, "list": [text, {"id": 0}]});
            let message = if first {
                format!(r#"{{"id":{id},{}:{other}}}"#, json!(key))
            } else {
                format!(r#"{{{}:{other},"t":{},"id":{id}}}"#, json!(key), json!(text))
            };
            prop_assert_eq!(id_in(&message), Some(json!(id)));
        }
    }

    #[tokio::test]
    async fn long_lines_are_reported_and_the_others_passed_on() {
        let long = format!(r#"{{"id":4,"x":"{}"}}"#, "y".repeat(MAX_LINE));
        let input = format!("{{\"a\":1}}\n{long}\n{{\"b\":2}}\n");
        let mut output = Vec::new();
        let (reports, mut seen) = tokio::sync::mpsc::unbounded_channel();
        pass_lines(input.as_bytes(), &mut output, reports).await;
        assert_eq!(output, b"{\"a\":1}\n{\"b\":2}\n");
        assert_eq!(
            seen.recv().await,
            Some(TooLong {
                id: Some(RequestId::Number(4)),
                bytes: long.len() + 1
            })
        );
    }
}
