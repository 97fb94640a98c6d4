//! Names of typed tools: `<model with _>_<operation>`, short enough for every client.

use super::Operation;

/// The longest tool name. Claude Code allows 64 characters for `mcp__<server>__<tool>`,
/// Cursor 60 for server and tool together.
pub const MAX_TOOL_NAME: usize = 40;

/// The name of the tool that does `operation` on `model`: at most [`MAX_TOOL_NAME`]
/// characters of `[a-z0-9_]`, starting with a letter, and the same on every run.
///
/// A name that is too long keeps its ends and gets four hexadecimal digits of a hash of the
/// whole, so two long names with the same ends differ.
pub fn tool_name(model: &str, operation: &str) -> String {
    let full = letters(model, operation);
    if full.len() <= MAX_TOOL_NAME {
        return full;
    }
    let digits = fold(&full);
    with_digits(&full, operation.chars().count(), digits)
}

/// Another name for the tool that does `operation` on `model`, where [`tool_name`] is taken:
/// by a model whose name differs in dots and underscores alone, by a button that is called as
/// an operation is, or in letters that names of tools do not have.
///
/// It has four hexadecimal digits of what tells it from the other: both names as they are, and
/// whether the operation is a button.
pub fn distinct_tool_name(model: &str, operation: &Operation) -> String {
    let what = match operation {
        Operation::Action(_) => "button",
        _ => "operation",
    };
    let name = operation.as_str();
    let digits = fold(&format!("{model} {what} {name}"));
    with_digits(&letters(model, name), name.chars().count(), digits)
}

/// Model and operation in the alphabet of tools, at whatever length.
fn letters(model: &str, operation: &str) -> String {
    let full: String = format!("{model}_{operation}")
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    if full.starts_with(|c: char| c.is_ascii_lowercase()) {
        full
    } else {
        format!("m{full}")
    }
}

/// The name with digits between model and operation, whose length is `tail`; both are cut
/// where it would be too long.
fn with_digits(full: &str, tail: usize, digits: u16) -> String {
    let tail = tail.min(20);
    let head = (full.len() - tail).min(MAX_TOOL_NAME - tail - 6);
    let head = full[..head].trim_end_matches('_');
    let tail = full[full.len() - tail..].trim_start_matches('_');
    format!("{head}_{digits:04x}_{tail}")
}

/// FNV-1a folded to 16 bits: stable across versions and platforms, unlike `std`'s hasher.
fn fold(text: &str) -> u16 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let [a, b, c, d] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_names_are_plain() {
        assert_eq!(tool_name("sale.order", "search"), "sale_order_search");
        assert_eq!(
            tool_name("sale.order", "action_confirm"),
            "sale_order_action_confirm"
        );
    }

    #[test]
    fn long_names_stay_apart() {
        let a = tool_name("stock.warehouse.orderpoint.snooze", "action_replenish_auto");
        let b = tool_name("stock.warehouse.orderpoint.snoozy", "action_replenish_auto");
        assert!(a.len() <= MAX_TOOL_NAME && b.len() <= MAX_TOOL_NAME);
        assert_ne!(a, b);
    }

    #[test]
    fn what_would_be_called_the_same_has_another_name() {
        let names = [
            tool_name("x.a.b", "search"),
            distinct_tool_name("x.a.b", &Operation::Search),
            distinct_tool_name("x.a_b", &Operation::Search),
            distinct_tool_name("x.a_b", &Operation::Action("search".to_owned())),
            distinct_tool_name("x.a_b", &Operation::Action("séarch".to_owned())),
        ];
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
        assert!(names[1].starts_with("x_a_b_") && names[1].ends_with("_search"));
    }

    proptest! {
        #[test]
        fn every_other_name_fits_the_alphabet(model in "[a-z0-9_.]{1,60}", method in "\\PC{1,60}") {
            for operation in [Operation::Action(method), Operation::Aggregate] {
                let name = distinct_tool_name(&model, &operation);
                prop_assert!(name.len() <= MAX_TOOL_NAME, "{name}");
                prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
                let plain = tool_name(&model, operation.as_str());
                prop_assert!(plain.len() <= MAX_TOOL_NAME, "{plain}");
            }
        }

        #[test]
        fn every_name_fits_the_alphabet(model in "[a-z0-9_.]{1,60}", operation in "[a-zA-Z_]{1,60}") {
            let name = tool_name(&model, &operation);
            prop_assert!(name.len() <= MAX_TOOL_NAME);
            prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}
