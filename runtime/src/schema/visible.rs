//! Text without what a person does not see.
//!
//! Characters that show nothing can carry instructions to a model past the person who reads the
//! same text. They go wherever they only hide; the few that shape what is seen stay where they
//! do that: joiners inside an emoji or a word of a script that needs them, and the selector that
//! makes a sign an emoji.

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const TEXT_STYLE: char = '\u{FE0E}';
const EMOJI_STYLE: char = '\u{FE0F}';

/// Characters that show nothing: those that Unicode calls default ignorable, and the other format
/// characters of its category Cf. Not among them are the signs of that category that are seen,
/// such as the Arabic number signs.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        // Soft hyphen, grapheme joiner, Arabic letter mark, fillers of Hangul and Khmer.
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            // Mongolian selectors, widthless spaces, directions, invisible operators.
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}'
            // Variation selectors, byte order mark, Hangul filler, annotations.
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            // Format controls of hieroglyphs, shorthand and music.
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            // Tags, and the other variation selectors.
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// The text as a person sees it; line breaks (of any kind, as `\n`) and tabs stay.
pub fn visible(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    // The last character that stays: what comes after it is judged by it.
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let kept = match c {
            '\n' | '\t' => c,
            '\u{2028}' | '\u{2029}' | '\u{0085}' => '\n',
            _ if c.is_control() => continue,
            _ if is_invisible(c) && !shapes(before, c, after) => continue,
            _ => c,
        };
        shown.push(kept);
        before = Some(kept);
    }
    shown
}

/// The beginning of a text, at most `max_chars` long, for a text that goes on behind it with something
/// else: without a joiner at its end, which would have nothing to join there.
pub fn first_chars(text: &str, max_chars: usize) -> &str {
    let end = text.char_indices().nth(max_chars);
    let kept = end.map_or(text, |(end, _)| &text[..end]);
    if kept.len() == text.len() {
        text
    } else {
        kept.trim_end_matches(is_invisible)
    }
}

/// Whether an invisible character between these two changes what is seen.
fn shapes(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match c {
        EMOJI_STYLE | TEXT_STYLE => {
            can_be_emoji(before) || (after == Some('\u{20E3}') && is_key(before))
        }
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => after.is_some_and(|after| {
            let joins_emoji = c == ZERO_WIDTH_JOINER
                && (can_be_emoji(before) || before == EMOJI_STYLE || is_skin_tone(before))
                && can_be_emoji(after);
            // In Indic scripts a joiner also stands before a space.
            joins_emoji || (needs_joiners(before) && (needs_joiners(after) || after == ' '))
        }),
        _ => false,
    }
}

fn can_be_emoji(c: char) -> bool {
    matches!(
        c,
        '\u{00A9}' | '\u{00AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{24C2}'
            | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}'
            | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}' | '\u{1F000}'..='\u{1FAFF}'
    )
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// The signs that become keys, such as 1️⃣.
fn is_key(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

/// Letters of the scripts that are written with joiners: Arabic, Syriac, those of India, Burma
/// and the Khmer, Mongolian.
fn needs_joiners(c: char) -> bool {
    matches!(
        c,
        '\u{0600}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}' | '\u{1000}'..='\u{109F}'
            | '\u{1780}'..='\u{18AF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_ends_with_what_is_seen() {
        assert_eq!(first_chars("a👩\u{200D}💻b", 3), "a👩");
        assert_eq!(first_chars("a👩\u{200D}💻b", 4), "a👩\u{200D}💻");
        assert_eq!(first_chars("1\u{FE0F}\u{20E3}", 2), "1");
        // What is whole stays as it is.
        assert_eq!(first_chars("☎\u{FE0F}", 2), "☎\u{FE0F}");
        assert_eq!(first_chars("äö", 5), "äö");
        assert_eq!(first_chars("äö", 0), "");
    }

    #[test]
    fn what_only_hides_goes() {
        for hidden in [
            "\u{200B}",
            "\u{200C}",
            "\u{200D}",
            "\u{202E}",
            "\u{2066}",
            "\u{2064}",
            "\u{FEFF}",
            "\u{00AD}",
            "\u{034F}",
            "\u{3164}",
            "\u{FFA0}",
            "\u{115F}",
            "\u{180E}",
            "\u{FE0F}",
            "\u{FE00}",
            "\u{E0100}",
            "\u{E01EF}",
            "\u{E0001}",
            "\u{E0041}",
            "\u{E007F}",
            "\u{1D173}",
            "\u{13430}",
            "\u{7}",
            "\u{1b}",
            "\u{0}",
            "\u{9b}",
            "\r",
        ] {
            assert_eq!(visible(&format!("a{hidden}b")), "ab", "{hidden:?}");
            assert_eq!(visible(&format!("{hidden}a {hidden}")), "a ", "{hidden:?}");
        }
        // A message in variation selectors behind a smile, and one in tags.
        let smuggled: String = "hello"
            .chars()
            .map(|c| char::from_u32(0xE0100 + u32::from(c)).unwrap())
            .collect();
        assert_eq!(visible(&format!("😀{smuggled}!")), "😀!");
        let tags: String = "hello"
            .chars()
            .map(|c| char::from_u32(0xE0000 + u32::from(c)).unwrap())
            .collect();
        assert_eq!(visible(&format!("🏴{tags}\u{E007F}")), "🏴");
        // Bits in a row of selectors or joiners.
        assert_eq!(visible("❤\u{FE0F}\u{FE0E}\u{FE0F}\u{FE0F}"), "❤\u{FE0F}");
        assert_eq!(visible("👩\u{200D}\u{200D}\u{200C}💻"), "👩💻");
    }

    #[test]
    fn what_shapes_the_text_stays() {
        for text in [
            "👩\u{200D}💻",
            "❤\u{FE0F}",
            "1\u{FE0F}\u{20E3}",
            "👩🏽\u{200D}🚀",
            "🏳\u{FE0F}\u{200D}🌈",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "a\tb\nc",
            "¿Qué? ÄÖÜ 中文 ١٢٣ \u{0600}12",
        ] {
            assert_eq!(visible(text), text, "{text}");
        }
        assert_eq!(visible("a\u{2028}b\u{2029}c\u{0085}d"), "a\nb\nc\nd");
    }
}
