//! Names of typed tools: `<model with _>_<operation>`, short enough for every client.

/// The longest tool name. Claude Code allows 64 characters for `mcp__<server>__<tool>`,
/// Cursor 60 for server and tool together.
pub const MAX_TOOL_NAME: usize = 40;

/// The name of the tool that does `operation` on `model`: at most [`MAX_TOOL_NAME`]
/// characters of `[a-z0-9_]`, starting with a letter, and the same on every run.
///
/// A name that is too long keeps its ends and gets four hexadecimal digits of a hash of the
/// whole, so two long names with the same ends differ.
pub fn tool_name(model: &str, operation: &str) -> String {
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
    let full = if full.starts_with(|c: char| c.is_ascii_lowercase()) {
        full
    } else {
        format!("m{full}")
    };
    if full.len() <= MAX_TOOL_NAME {
        return full;
    }
    let digits = format!("{:04x}", fold(&full));
    let tail_len = operation.len().min(20);
    let head_len = MAX_TOOL_NAME - tail_len - digits.len() - 2;
    let head = full[..head_len].trim_end_matches('_');
    let tail = full[full.len() - tail_len..].trim_start_matches('_');
    format!("{head}_{digits}_{tail}")
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

    proptest! {
        #[test]
        fn every_name_fits_the_alphabet(model in "[a-z0-9_.]{1,60}", operation in "[a-zA-Z_]{1,60}") {
            let name = tool_name(&model, &operation);
            prop_assert!(name.len() <= MAX_TOOL_NAME);
            prop_assert!(name.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}
