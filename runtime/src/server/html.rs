//! HTML of Odoo as the text that a person reads, and text as HTML for Odoo.

use super::present::visible;

/// Elements after which a line ends.
const BLOCKS: [&str; 14] = [
    "p",
    "div",
    "br",
    "li",
    "tr",
    "table",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "h4",
    "blockquote",
    "hr",
];
/// Elements whose contents nobody reads.
const SILENT: [&str; 3] = ["style", "script", "head"];

/// The text of HTML: a line for each block, `- ` before the points of a list.
pub(super) fn to_text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    let mut silent: Option<String> = None;
    while let Some(start) = rest.find('<') {
        if silent.is_none() {
            push_text(&mut text, &rest[..start]);
        }
        let Some(end) = rest[start..].find('>') else {
            rest = "";
            break;
        };
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        let is_end = tag.starts_with('/');
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match &silent {
            Some(opened) if is_end && *opened == name => silent = None,
            Some(_) => {}
            None if !is_end && SILENT.contains(&name.as_str()) => silent = Some(name),
            None => {
                if BLOCKS.contains(&name.as_str()) && !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
                if !is_end && name == "li" {
                    text.push_str("- ");
                }
                if !is_end && (name == "td" || name == "th") && !text.ends_with('\n') {
                    text.push(' ');
                }
            }
        }
    }
    if silent.is_none() {
        push_text(&mut text, rest);
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    visible(lines.join("\n").trim())
}

/// Adds text between two tags: white space is one space, entities are characters.
fn push_text(text: &mut String, raw: &str) {
    let decoded = decode(raw);
    if decoded.starts_with(char::is_whitespace) && !text.is_empty() && !text.ends_with(['\n', ' '])
    {
        text.push(' ');
    }
    let words: Vec<&str> = decoded.split_whitespace().collect();
    text.push_str(&words.join(" "));
    if !words.is_empty() && decoded.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}

fn decode(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(';').filter(|end| *end <= 10);
        if let Some((end, character)) = end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            text.push(character);
            rest = &rest[end + 1..];
        } else {
            text.push('&');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    text
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            digits => number(digits, 10),
        },
    }
}

/// Text as HTML: everything is escaped, then paragraphs, lists and the light marks of
/// Markdown (`**bold**`, `_italic_`, `` `code` ``, `- point`, `[text](https://…)`) become
/// elements. No other element can come of it.
pub(super) fn from_text(text: &str) -> String {
    let mut html = String::new();
    let mut is_in_list = false;
    let mut paragraph: Vec<String> = Vec::new();
    for line in text.trim().lines().map(str::trim_end) {
        let point = line
            .trim_start()
            .strip_prefix("- ")
            .or_else(|| line.trim_start().strip_prefix("* "));
        if point.is_some() || line.is_empty() {
            end_paragraph(&mut html, &mut paragraph);
        }
        if let Some(point) = point {
            html.push_str(if is_in_list { "<li>" } else { "<ul><li>" });
            html.push_str(&inline(point));
            html.push_str("</li>");
            is_in_list = true;
            continue;
        }
        if is_in_list {
            html.push_str("</ul>");
            is_in_list = false;
        }
        if !line.is_empty() {
            paragraph.push(inline(line));
        }
    }
    if is_in_list {
        html.push_str("</ul>");
    }
    end_paragraph(&mut html, &mut paragraph);
    html
}

fn end_paragraph(html: &mut String, lines: &mut Vec<String>) {
    if !lines.is_empty() {
        html.push_str(&format!("<p>{}</p>", lines.join("<br/>")));
        lines.clear();
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// The marks within a line.
fn inline(line: &str) -> String {
    let mut html = String::new();
    let mut rest = line;
    while let Some((before, element, after)) = next_mark(rest) {
        html.push_str(&escape(before));
        html.push_str(&element);
        rest = after;
    }
    html.push_str(&escape(rest));
    html
}

/// The first mark: what stands before it, its element, and what comes after it.
fn next_mark(text: &str) -> Option<(&str, String, &str)> {
    let marks = [("**", "strong"), ("`", "code"), ("_", "em")];
    let mut found: Option<(usize, (&str, String, &str))> = None;
    let mut offer = |start: usize, mark| {
        if found.as_ref().is_none_or(|(first, _)| start < *first) {
            found = Some((start, mark));
        }
    };
    for (mark, element) in marks {
        if let Some((start, inner, after)) = marked(text, mark) {
            let made = format!("<{element}>{}</{element}>", escape(inner));
            offer(start, (&text[..start], made, after));
        }
    }
    if let Some((start, label, address, after)) = link(text) {
        let made = format!("<a href=\"{}\">{}</a>", escape(address), escape(label));
        offer(start, (&text[..start], made, after));
    }
    found.map(|(_, mark)| mark)
}

/// Text between two marks that stand at the edges of words, so that `a_b_c` stays as it is.
fn marked<'a>(text: &'a str, mark: &str) -> Option<(usize, &'a str, &'a str)> {
    let mut from = 0;
    while let Some(found) = text[from..].find(mark) {
        let start = from + found;
        let inner_start = start + mark.len();
        let is_edge = text[..start]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric());
        let inner_end = text[inner_start..].find(mark).map(|end| inner_start + end);
        if let (true, Some(end)) = (is_edge, inner_end) {
            let inner = &text[inner_start..end];
            let after = &text[end + mark.len()..];
            let is_edge = after.chars().next().is_none_or(|c| !c.is_alphanumeric());
            if is_edge && !inner.trim().is_empty() && inner.trim() == inner {
                return Some((start, inner, after));
            }
        }
        from = inner_start;
    }
    None
}

/// `[text](https://…)`: addresses of the web and of mail alone.
fn link(text: &str) -> Option<(usize, &str, &str, &str)> {
    let middle = text.find("](")?;
    let start = text[..middle].rfind('[')?;
    let end = middle + 2 + text[middle + 2..].find(')')?;
    let address = &text[middle + 2..end];
    let is_safe = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| address.starts_with(scheme));
    (is_safe && !address.contains(char::is_whitespace))
        .then(|| (start, &text[start + 1..middle], address, &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_the_text_that_is_read() {
        let html = "<p>Dear <b>Ada</b>,<br/>it is &lt;ready&gt; &amp; paid&#33;</p>\
                    <ul><li>one</li><li>two</li></ul><style>p {}</style><p>a&nbsp;b &x; &</p>";
        assert_eq!(
            to_text(html),
            "Dear Ada,\nit is <ready> & paid!\n- one\n- two\na b &x; &"
        );
        assert_eq!(to_text("plain"), "plain");
        assert_eq!(to_text("a<br"), "a");
        assert_eq!(to_text("<script>alert(1)</script>hidden\u{200B}"), "hidden");
    }

    #[test]
    fn text_becomes_html_that_holds_nothing_else() {
        assert_eq!(
            from_text("Hello **Ada**,\nsee `x < y` and _this_.\n\n- one\n- two\n\nend"),
            "<p>Hello <strong>Ada</strong>,<br/>see <code>x &lt; y</code> and <em>this</em>.</p>\
             <ul><li>one</li><li>two</li></ul><p>end</p>"
        );
        assert_eq!(
            from_text("<img src=x onerror=alert(1)> **<b>**"),
            "<p>&lt;img src=x onerror=alert(1)&gt; <strong>&lt;b&gt;</strong></p>"
        );
        assert_eq!(
            from_text("[a\"b](https://x.test/?a=1&b=\"2) [c](javascript:alert(1))"),
            "<p><a href=\"https://x.test/?a=1&amp;b=&quot;2\">a&quot;b</a> \
             [c](javascript:alert(1))</p>"
        );
        assert_eq!(
            from_text("snake_case_name 2 * 3"),
            "<p>snake_case_name 2 * 3</p>"
        );
    }
}
