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

/// What a caller wrote for an HTML field. HTML is taken as it is: Odoo cleans it by the rules of
/// the field. Anything else is text, and becomes paragraphs ([`from_text`]): in Odoo line breaks
/// would be lost, and `a < b` would end at the sign.
///
/// # Errors
/// HTML with what is more than a text that is shown: it says what, and what to do.
pub(super) fn from_caller(text: &str) -> Result<String, String> {
    if !is_html(text) {
        return Ok(from_text(text));
    }
    match active_part(text) {
        Some(part) => Err(format!(
            "HTML with {part} is not written; use elements that show text, or plain text"
        )),
        None => Ok(text.to_owned()),
    }
}

/// Elements of texts. What else stands between `<` and `>` is no reason to take a text for HTML.
const ELEMENTS: [&str; 40] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "body",
    "br",
    "code",
    "del",
    "div",
    "em",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];
/// Elements that load or run something, which Odoo takes out of texts, too
/// (`odoo/tools/mail.py`, `SANITIZE_TAGS`).
const ACTIVE: [&str; 11] = [
    "script", "iframe", "object", "embed", "applet", "form", "input", "meta", "link", "base",
    "style",
];

/// The tags of a text: name and attributes, in small letters.
fn tags(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('<').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let tag = &rest[..rest.find('>')?];
        let end = tag
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(end);
        let is_whole = attributes.is_empty()
            || attributes.starts_with(|c: char| c.is_whitespace() || c == '/');
        is_whole.then(|| (name.to_ascii_lowercase(), attributes.to_ascii_lowercase()))
    })
}

fn is_html(text: &str) -> bool {
    tags(text).any(|(name, _)| ELEMENTS.contains(&name.as_str()) || ACTIVE.contains(&name.as_str()))
}

/// What in an HTML text would do something, in words.
fn active_part(text: &str) -> Option<String> {
    tags(text).find_map(|(name, attributes)| {
        if ACTIVE.contains(&name.as_str()) {
            return Some(format!("<{name}>"));
        }
        let compact: String = attributes.chars().filter(|c| !c.is_whitespace()).collect();
        if compact.contains("javascript:") {
            return Some("javascript:".to_owned());
        }
        // `onclick=`, `onerror =`
        attributes.split_whitespace().find_map(|word| {
            let event = word.split('=').next()?;
            let is_event = event.len() > 2
                && event.starts_with("on")
                && event.bytes().all(|b| b.is_ascii_lowercase());
            let is_attribute = word.contains('=') || attributes.contains(&format!("{event} ="));
            (is_event && is_attribute).then(|| format!("the attribute {event}"))
        })
    })
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

    #[test]
    fn what_a_caller_writes_is_text_unless_it_is_html() {
        let written = |text: &str| from_caller(text).unwrap();
        assert_eq!(
            written("Dear Ada,\n\nit is a < b.\nBye"),
            "<p>Dear Ada,</p><p>it is a &lt; b.<br/>Bye</p>"
        );
        assert_eq!(
            written("<none@x.test> & co"),
            "<p>&lt;none@x.test&gt; &amp; co</p>"
        );
        for html in [
            "<p>Dear <b>Ada</b></p>",
            "a<br/>b",
            "x <a href=\"https://x.test/?on=1\">y</a>",
            "<P class='x'>a</P>",
        ] {
            assert_eq!(written(html), html);
        }
    }

    #[test]
    fn html_that_does_something_is_refused() {
        for (html, part) in [
            ("<p>a</p><script>alert(1)</script>", "<script>"),
            ("<SCRIPT src=x></SCRIPT>", "<script>"),
            ("<iframe src=\"https://x.test\"></iframe>", "<iframe>"),
            ("<img src=x onerror=alert(1)>", "the attribute onerror"),
            ("<p onclick = \"x()\">a</p>", "the attribute onclick"),
            ("<a href=\"java\tscript:alert(1)\">a</a>", "javascript:"),
        ] {
            let refused = from_caller(html).unwrap_err();
            assert!(refused.contains(part), "{html}: {refused}");
        }
    }
}
