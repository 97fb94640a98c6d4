//! Text as HTML for Odoo.

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
