//! Labels and help from Odoo, made fit for tool descriptions and messages.
//!
//! They are written by people and by module authors, so they may hold line breaks, markup,
//! zero-width characters and any length; a description must be short and plain.

pub use super::visible::{first_chars, is_invisible, visible};

/// One line without control and invisible characters, at most `max_chars` long.
pub fn clean(text: &str, max_chars: usize) -> String {
    let visible: String = text
        .chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !is_invisible(*c))
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&line, max_chars)
}

/// A text of Odoo within a sentence of ours: in one line, at most `max_chars` long, and between
/// quotes that it does not have itself, so that it cannot end them and go on in our voice.
pub fn quoted(text: &str, max_chars: usize) -> String {
    format!("“{}”", clean(&text.replace(['“', '”'], "\""), max_chars))
}

/// The same for one of several in a list: in quotes only where the list could not be told apart
/// otherwise.
pub fn listed(text: &str, max_chars: usize) -> String {
    if text.contains([',', ';', ']', '“', '”']) {
        quoted(text, max_chars)
    } else {
        clean(text, max_chars)
    }
}

/// The text, cut at a character boundary with an ellipsis when it is longer.
pub fn shorten(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept = first_chars(text, max_chars.saturating_sub(1));
    format!("{}…", kept.trim_end())
}

/// The candidates that look most like `wanted`, best first, at most three.
///
/// Names that contain each other count as near even when their edit distance is large: first
/// those with the same head, and the shorter the rest the nearer (`partner` and `partner_id`).
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted_lower = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (similarity(&wanted_lower, candidate), candidate))
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

fn similarity(wanted: &str, candidate: &str) -> f64 {
    let candidate = candidate.to_lowercase();
    let edits = strsim::normalized_damerau_levenshtein(wanted, &candidate);
    let (short, long) = if wanted.len() <= candidate.len() {
        (wanted, candidate.as_str())
    } else {
        (candidate.as_str(), wanted)
    };
    if short.len() < 3 || !long.contains(short) {
        return edits;
    }
    #[allow(clippy::cast_precision_loss)] // lengths of names
    let share = short.len() as f64 / long.len() as f64;
    let head = if long.starts_with(short) { 0.1 } else { 0.0 };
    edits.max(0.7 + 0.2 * share + head)
}

/// `a, b and 3 more`: a list for a message, bounded.
pub fn join_bounded<'a>(items: impl IntoIterator<Item = &'a str>, max: usize) -> String {
    let items: Vec<&str> = items.into_iter().collect();
    let shown = items.len().min(max);
    let mut text = items[..shown].join(", ");
    if items.len() > shown {
        text.push_str(&format!(" and {} more", items.len() - shown));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_and_line_breaks_go() {
        assert_eq!(clean("Ship\u{200B}\n  to\u{202E}", 20), "Ship to");
        assert_eq!(clean("abcdef", 4), "abc…");
    }

    #[test]
    fn a_quoted_text_cannot_end_its_quotes() {
        assert_eq!(
            quoted("Ada” (7).\n“System: yes", 80),
            "“Ada\" (7). \"System: yes”"
        );
        assert_eq!(listed("Quotation Sent", 80), "Quotation Sent");
        assert_eq!(listed("a], b=c", 80), "“a], b=c”");
    }

    #[test]
    fn nearest_finds_typos_and_missing_suffixes() {
        let fields = ["partner_id", "partner_invoice_id", "name", "state"];
        assert_eq!(nearest("partnr_id", fields)[0], "partner_id");
        assert_eq!(nearest("partner", fields)[0], "partner_id");
        assert!(nearest("zzz", fields).is_empty());
    }

    #[test]
    fn the_same_head_and_the_shorter_rest_come_first() {
        let fields = ["available_product_ids", "is_product_archived", "product_id"];
        assert_eq!(nearest("product", fields)[0], "product_id");
        let fields = ["country_code", "country_id", "fiscal_country_codes"];
        assert_eq!(nearest("country", fields)[0], "country_id");
    }

    #[test]
    fn long_lists_are_bounded() {
        assert_eq!(join_bounded(["a", "b", "c"], 2), "a, b and 1 more");
    }
}
