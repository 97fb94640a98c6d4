//! HTML fields as text: what a person reads, with links, lists and tables in a plain form.
//!
//! The markup comes from Odoo's editor, from e-mails and from whoever writes a record, so it is
//! read by a tokenizer that knows the whole of HTML's grammar in linear time; what is made of the
//! tokens is little. Scripts, styles and what else is not read by people goes.

use html5gum::{StartTag, State, Token, Tokenizer};

use super::visible;

/// Elements that a person does not read.
const UNREAD: [&str; 13] = [
    "script", "style", "head", "title", "template", "noscript", "svg", "math", "iframe", "object",
    "select", "textarea", "noembed",
];

/// Elements that have no end, and so hide nothing.
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];

/// Deeper lists are no further to the right.
const MAX_INDENT: usize = 6;

/// The text of an HTML field, without characters that nobody sees.
pub(crate) fn html_to_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return visible(html).trim().to_owned();
    }
    let mut page = Page::default();
    let mut tokens = Tokenizer::new(html);
    while let Some(Ok(token)) = tokens.next() {
        match token {
            Token::StartTag(tag) => {
                // The tokenizer itself does not know which elements hold no markup.
                match &**tag.name {
                    b"script" => tokens.set_state(State::ScriptData),
                    b"style" | b"iframe" | b"noembed" => tokens.set_state(State::RawText),
                    b"title" | b"textarea" => tokens.set_state(State::RcData),
                    _ => {}
                }
                page.start(&tag);
            }
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name)),
            // What nobody sees does not keep words apart either.
            Token::String(text) => page.text(&visible(&String::from_utf8_lossy(&text))),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    visible(&page.finish()).trim_end().to_owned()
}

/// What has been read so far.
#[derive(Default)]
struct Page {
    text: String,
    /// The unread element that is open, and how many of its name are.
    unread: Option<(String, usize)>,
    /// Line breaks and blanks that are due before the next word.
    breaks: usize,
    is_spaced: bool,
    /// Open lists: `None` for bullets, the last number for numbers.
    lists: Vec<Option<u32>>,
    /// The open link: where it leads, and where its text begins.
    link: Option<(String, usize)>,
    preformatted: usize,
    is_in_row: bool,
    /// A bullet waits for its text.
    is_at_item: bool,
}

impl Page {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if let Some((unread, depth)) = &mut self.unread {
            *depth += usize::from(*unread == name && !tag.self_closing);
            return;
        }
        let is_unread = UNREAD.contains(&name.as_str()) || is_hidden(tag);
        if is_unread && !tag.self_closing && !VOID.contains(&name.as_str()) {
            self.unread = Some((name, 1));
            return;
        }
        match name.as_str() {
            "br" => self.due(1),
            "ul" | "menu" => {
                self.due(1);
                self.lists.push(None);
            }
            "ol" => {
                self.due(1);
                self.lists.push(Some(0));
            }
            "li" => self.item(),
            "a" => {
                // Links do not stand in links; so the text of each is looked at once.
                self.end_link();
                let target = attribute(tag, b"href");
                self.link = Some((target.unwrap_or_default(), self.text.len()));
            }
            "td" | "th" => {
                if self.is_in_row {
                    self.word("|");
                }
                self.is_spaced = true;
                self.is_in_row = true;
            }
            "tr" => {
                self.is_in_row = false;
                self.due(1);
            }
            "pre" => {
                self.due(1);
                self.preformatted += 1;
            }
            "hr" => self.due(2),
            other => self.due(breaks_around(other)),
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((unread, depth)) = &mut self.unread {
            if *unread == name {
                *depth -= 1;
                if *depth == 0 {
                    self.unread = None;
                }
            }
            return;
        }
        match name {
            "ul" | "ol" | "menu" => {
                self.lists.pop();
                self.is_at_item = false;
                self.due(1);
            }
            "a" => self.end_link(),
            "td" | "th" => self.is_spaced = true,
            "tr" => {
                self.is_in_row = false;
                self.due(1);
            }
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.due(1);
            }
            // Browsers read a closing tag of these as an opening one.
            "br" => self.due(1),
            other => self.due(breaks_around(other)),
        }
    }

    fn item(&mut self) {
        self.is_at_item = false;
        self.due(1);
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(MAX_INDENT));
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{number}.")
            }
            _ => format!("{indent}-"),
        };
        self.word(&bullet);
        self.is_spaced = true;
        self.is_at_item = true;
    }

    /// A link's address stands behind its text, unless the text says it already.
    fn end_link(&mut self) {
        let Some((target, start)) = self.link.take() else {
            return;
        };
        let target = target.trim();
        let bare = target
            .strip_prefix("mailto:")
            .or(target.strip_prefix("tel:"));
        let shown = self.text.get(start..).unwrap_or_default();
        let is_said = shown.contains(target) || bare.is_some_and(|bare| shown.contains(bare));
        let is_followed = target.contains("://") || target.starts_with('/') || bare.is_some();
        if is_followed && !is_said {
            self.is_spaced = !shown.trim().is_empty();
            self.word(&format!("({target})"));
        }
    }

    fn text(&mut self, text: &str) {
        if self.unread.is_some() {
            return;
        }
        if self.preformatted > 0 {
            for (index, line) in text.split('\n').enumerate() {
                if index > 0 {
                    self.due(self.breaks + 1);
                }
                if !line.trim().is_empty() {
                    self.word(line);
                }
            }
            return;
        }
        let is_blank = |c: char| c.is_whitespace();
        self.is_spaced |= text.starts_with(is_blank);
        for word in text.split_whitespace() {
            self.word(word);
            self.is_spaced = true;
        }
        if !text.trim().is_empty() {
            self.is_spaced = text.ends_with(is_blank);
        }
    }

    /// At least so many line breaks before what comes; two make an empty line.
    fn due(&mut self, breaks: usize) {
        if self.is_at_item {
            return;
        }
        self.breaks = self.breaks.max(breaks.min(2));
    }

    fn word(&mut self, word: &str) {
        if self.text.is_empty() {
            // Nothing to be apart from.
        } else if self.breaks > 0 {
            self.text.push_str(&"\n\n"[..self.breaks]);
        } else if self.is_spaced {
            self.text.push(' ');
        }
        self.breaks = 0;
        self.is_spaced = false;
        self.is_at_item = false;
        self.text.push_str(word);
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// Line breaks before and after an element.
fn breaks_around(name: &str) -> usize {
    match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" => 2,
        "p" | "div" | "section" | "article" | "header" | "footer" | "main" | "nav" | "aside"
        | "address" | "blockquote" | "figure" | "figcaption" | "dl" | "dt" | "dd" | "form"
        | "fieldset" | "tbody" | "thead" | "tfoot" | "caption" | "center" | "details"
        | "summary" | "body" => 1,
        _ => 0,
    }
}

/// Whether the tag itself keeps its element from being seen.
fn is_hidden(tag: &StartTag<()>) -> bool {
    if tag.attributes.contains_key(b"hidden".as_slice()) {
        return true;
    }
    let Some(style) = attribute(tag, b"style") else {
        return false;
    };
    style.split(';').any(|declaration| {
        let (property, value) = declaration.split_once(':').unwrap_or_default();
        let property = property.trim().to_ascii_lowercase();
        let value = value.trim().to_ascii_lowercase();
        let value = value.trim_end_matches("!important").trim_end();
        match property.as_str() {
            "display" => value == "none",
            "visibility" => value == "hidden" || value == "collapse",
            "opacity" | "font-size" => is_zero(value),
            _ => false,
        }
    })
}

/// `0`, `0px`, `0.0em`.
fn is_zero(length: &str) -> bool {
    let number = length.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
    number.parse::<f32>() == Ok(0.0)
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_person_reads() {
        for (html, text) in [
            ("", ""),
            ("plain text", "plain text"),
            (
                "<p>Hello&nbsp;<b>World</b>,</p><p>a<br/>b</p>",
                "Hello World,\na\nb",
            ),
            (
                "<h1>Title</h1><p>5 &lt; 6 &amp; <i>7</i></p>",
                "Title\n\n5 < 6 & 7",
            ),
            (
                "<ul><li>One</li><li><p>Two</p><ol><li>in</li><li>out</li></ol></li></ul><p>end</p>",
                "- One\n- Two\n  1. in\n  2. out\nend",
            ),
            (
                "see <a href=\"https://x.test/?a=1&amp;b=2\">the order</a>.",
                "see the order (https://x.test/?a=1&b=2).",
            ),
            (
                "<a href='https://x.test'>https://x.test</a>",
                "https://x.test",
            ),
            ("<a href='mailto:a@b.test'>a@b.test</a>", "a@b.test"),
            (
                "<a href='javascript:alert(1)'>click</a> <a href='#'>up</a>",
                "click up",
            ),
            ("<a href='/odoo/1'><img src='x'></a>", "(/odoo/1)"),
            (
                "a<script>if (1 < 2) { x('</p>') }</script>b<style>p { }</style>c",
                "abc",
            ),
            (
                "<svg><text>no</text>no</svg><template>no<template>no</template>no</template>yes",
                "yes",
            ),
            ("<img src='data:image/png;base64,AAAA' alt='logo'>x", "x"),
            (
                "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>",
                "a | b\nc | d",
            ),
            ("<pre>one\n  two</pre>", "one\n  two"),
            (
                "<!-- <p>no</p> --><p data-x='>'>unclosed <b>x",
                "unclosed x",
            ),
            ("<p><br></p><p>  </p><p>x</p>", "x"),
            (
                "a<span style='color:red; Display : NONE !important'>b<span>c</span></span>d\
                 <div hidden>e</div><i style='font-size:0px'>f</i><img hidden>g\
                 <b style='font-size:10px;opacity:0.5'>h</b>\u{200B}",
                "adgh",
            ),
            ("5 < 6 and a & b", "5 < 6 and a & b"),
        ] {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn hostile_markup_takes_no_time() {
        for part in [
            "<a href=x>",
            "<div>",
            "<",
            "&",
            "<ul><li>",
            "<!--",
            "<pre>",
            "<script>",
            "<a b=\"",
            "<template>",
            "<a href='/x'>y</a>",
            "<a href='/xyz'>y",
            "</ul></a></pre>",
            "<svg ",
            "\0",
        ] {
            let started = Instant::now();
            html_to_text(&part.repeat(300_000 / part.len()));
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{part}: {:?}",
                started.elapsed()
            );
        }
    }

    proptest! {
        #[test]
        fn anything_is_read(html in "(<(p|a|ul|li|pre|td|script|svg)( href=.)?/?>|</(p|a|ul|li|pre|td|script|svg)>|[a-z &<>\n]){0,40}") {
            let text = html_to_text(&html);
            prop_assert_eq!(text.trim_end(), &text);
        }
    }
}
