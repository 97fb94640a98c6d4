//! Labels and help from Odoo → doc comments: short, one line each, and harmless to rustdoc.

use butopea_runtime::schema::text::visible;
use proc_macro2::TokenStream;
use quote::quote;

/// The most characters of a help text that is worth a line.
const HELP_LIMIT: usize = 160;

/// A doc comment of these lines.
pub(super) fn comment<T: AsRef<str>>(lines: &[T]) -> TokenStream {
    let lines = lines.iter().map(|line| {
        let line = line.as_ref();
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote!(#(#[doc = #lines])*)
}

/// A module or file comment of these lines.
pub(super) fn inner_comment<T: AsRef<str>>(lines: &[T]) -> TokenStream {
    let lines = lines.iter().map(|line| {
        let line = line.as_ref();
        if line.is_empty() {
            String::new()
        } else {
            format!(" {line}")
        }
    });
    quote!(#(#![doc = #lines])*)
}

/// A label as one line of prose that ends like a sentence.
pub(super) fn label(text: Option<&str>, fallback: &str) -> String {
    let line = text.map(one_line).unwrap_or_default();
    if line.is_empty() {
        format!("`{fallback}`.")
    } else {
        sentence(escape(&line))
    }
}

/// A help text, if it is short enough to be read where it stands.
pub(super) fn help(text: Option<&str>) -> Option<String> {
    let line = one_line(text?);
    let short = line.chars().count() <= HELP_LIMIT;
    (short && !line.is_empty()).then(|| sentence(escape(&line)))
}

/// A key or a name as code, exactly: what a line would hide is escaped.
pub(super) fn code(text: &str) -> String {
    let text = text.replace('`', "'");
    if one_line(&text) == text.trim() {
        format!("`{text}`")
    } else {
        format!("`{}`", text.escape_debug())
    }
}

/// A longer text, cut after its first sentences.
pub(super) fn description(text: Option<&str>) -> Option<String> {
    let line = one_line(text?);
    if line.is_empty() {
        return None;
    }
    let cut = match line.char_indices().nth(400) {
        Some((end, _)) => line
            .get(..end)
            .and_then(|head| Some(head.get(..head.rfind(". ")?)?.to_owned())),
        None => Some(line),
    };
    cut.map(|text| sentence(escape(&text)))
}

fn sentence(mut text: String) -> String {
    if !text.ends_with(['.', '?', '!', ':', '…']) {
        text.push('.');
    }
    text
}

/// All white space is one blank; control characters are gone, and those that cannot be seen,
/// some of which turn the text around: the compiler refuses these in a comment.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .map(visible)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text that Markdown and rustdoc leave as it is.
pub(super) fn escape(line: &str) -> String {
    let mut text = String::new();
    for (index, word) in line.split(' ').enumerate() {
        if index > 0 {
            text.push(' ');
        }
        if word.contains("://") || word.starts_with("www.") {
            // A bare address is a warning of rustdoc.
            text.push_str(&format!("`{}`", word.replace('`', "")));
            continue;
        }
        for (position, c) in word.chars().enumerate() {
            let special = matches!(
                c,
                '[' | ']' | '<' | '>' | '`' | '*' | '_' | '\\' | '|' | '~' | '&' | '$'
            );
            let starts_block = index == 0 && position == 0 && matches!(c, '#' | '-' | '+' | '=');
            if special || starts_block {
                text.push('\\');
            }
            text.push(c);
        }
    }
    // "1. First" at the start of a line would become a list.
    match text.split_once(['.', ')']) {
        Some((number, _)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            text.replacen(
                ['.', ')'],
                if text.contains('.') { "\\." } else { "\\)" },
                1,
            )
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_escaped() {
        assert_eq!(
            escape("a <b> [c] `d` *e*"),
            "a \\<b\\> \\[c\\] \\`d\\` \\*e\\*"
        );
        assert_eq!(escape("# head"), "\\# head");
        assert_eq!(
            escape("see https://example.com/`x`"),
            "see `https://example.com/x`"
        );
        assert_eq!(escape("1. First"), "1\\. First");
    }

    #[test]
    fn help_is_one_line_or_none() {
        assert_eq!(help(Some("One\n  two\t")).as_deref(), Some("One two."));
        assert_eq!(help(Some(&"x".repeat(161))), None);
        assert_eq!(help(Some(" \n ")), None);
    }

    #[test]
    fn what_turns_text_around_is_gone_or_escaped() {
        assert_eq!(label(Some("\u{202e}sserP"), "press"), "sserP.");
        assert_eq!(label(Some("\u{200b}\u{2066}"), "press"), "`press`.");
        assert_eq!(code("\u{202e}"), "`\\u{202e}`");
        assert_eq!(code("new\nline"), "`new\\nline`");
        assert_eq!(
            (code(" a'` "), code("é")),
            ("` a'' `".to_owned(), "`é`".to_owned())
        );
    }

    #[test]
    fn a_label_is_never_empty() {
        assert_eq!(label(None, "x_y"), "`x_y`.");
        assert_eq!(label(Some("Why?"), "x"), "Why?");
    }
}
