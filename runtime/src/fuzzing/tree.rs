//! Changes of inputs that are JSON: bytes that are changed one by one seldom stay it, so most
//! changes are made to the tree of values.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::World;

/// Words that mean something to one of the targets, and characters that have caused trouble
/// elsewhere.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    // Domains.
    "&", "|", "!", "any_of", "all_of", "none_of", "=", "!=", "<>", "<", "<=", ">", ">=", "=?", "in", "not in",
    "like", "ilike", "=like", "=ilike", "not ilike", "child_of", "parent_of", "any", "not any", "any!", "not any!",
    "id", "display_name", "partner_id.country_id.code", "order_line.product_id",
    // Dates and values.
    "today", "now", "-7d", "+2 weeks", "start_of_month", "end_of_year", "2026-02-29", "2026-11-22 14:04:05",
    "2026-11-22T14:04:05+05:30", "0001-01-01", "9999-12-31 23:59:59", "yes", "true", "false", "0", "1", "-0", "1e400",
    "12", "2147483648", "res.partner,7", "data:image/png;base64,AAAA", "AAAA", "NaN", "inf",
    // Lists of records, arguments, groups.
    "link", "unlink", "remove", "delete", "create", "update", "set", "clear", "domain", "fields", "order", "group_by",
    "aggregates", "values", "records", "ids", "args", "kwargs", "method", "limit", "offset", "model",
    "write", "search_read", "read_group", "formatted_read_group", "vals_list", "groupby", "context",
    "create_date:month", "amount_total:sum", "__count desc", "sum(amount_total)", "id:count_distinct",
    "name desc nulls last", "date_order:quarter asc",
    // Descriptors.
    "type", "string", "selection", "relation", "relation_field", "required", "readonly", "has_default", "default",
    "views", "form", "list", "tree", "help", "digits", "currency_field", "related", "related_fields", "searchable",
    "sortable", "store", "computed", "actions", "label", "confirm", "invisible_expr", "access", "transient",
    "char", "text", "html", "integer", "float", "monetary", "boolean", "date", "datetime", "binary", "image",
    "many2one", "one2many", "many2many", "reference", "many2one_reference", "json", "properties",
    // Names that mean something in Rust.
    "Self", "self", "crate", "r#type", "_", "__", "fn", "async", "Option", "Record", "Unlisted", "", "a b", "É",
    // Answers.
    "jsonrpc", "result", "error", "data", "message", "name", "debug", "code", "odoo.exceptions.UserError",
    "psycopg2.errors.QueryCanceled", "butopea_mcp_failed", "index", "context", "/mcp/execute", "retry-after",
    "<p>a</p>", "<a href=\"https://x.test\">", "<pre>", "<ol><li>", "<script>", "&zwj;", "&#8203;", "&#x202e;",
    "<td>a</td><td>|", "</td></tr>", "**b**", "`c`", "[x](https://x.test)", "- ",
    // Characters.
    "\u{200B}", "\u{200D}", "👩\u{200D}💻", "❤\u{FE0F}", "\u{202E}", "\u{E0041}", "\u{FEFF}", "\r\n", "\t", "\0",
    "\u{1b}[31m", "a\u{0301}", "\u{2028}", "ß", "İ", "ﬁ",
];

/// Numbers at whose sides things differ.
const NUMBERS: [f64; 10] = [
    0.5, -0.0, 1e300, 3.0, 1e15, -1e15, 0.1, 1e-300, 9.0e18, 1.8e19,
];
const INTEGERS: [i64; 14] = [
    0,
    1,
    -1,
    2,
    4,
    5,
    6,
    7,
    63,
    200,
    2_147_483_647,
    -2_147_483_648,
    i64::MAX,
    i64::MIN,
];

/// How deep an input may become: a little less than what is read.
const MAX_DEPTH: usize = 100;

/// Of so many changes, one is to be blind to JSON.
const BLIND: usize = 4;

/// Another input like this one, the same for the same seed; `None` where its bytes are to be
/// changed instead: now and then, when it is no JSON, or when the other would be too long.
pub fn changed(data: &[u8], max_size: usize, seed: u32) -> Option<String> {
    let mut random = Random::new(seed);
    if random.below(BLIND) == 0 {
        return None;
    }
    let mut input: Value = serde_json::from_slice(data).ok()?;
    for _ in 0..=random.below(3) {
        change(&mut input, words(), &mut random);
    }
    Some(input.to_string()).filter(|text| text.len() <= max_size)
}

/// What is worth being put into an input.
fn words() -> &'static [String] {
    static ALL: OnceLock<Vec<String>> = OnceLock::new();
    ALL.get_or_init(|| {
        let own = WORDS.iter().map(|word| (*word).to_owned());
        own.chain(World::get().words()).collect()
    })
}

/// A source of numbers for one change (`SplitMix64`).
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed).wrapping_mul(0x2545_F491_4F6C_DD1D))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    #[allow(clippy::cast_possible_truncation)] // the remainder is below a usize
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Changes one value somewhere in the tree.
fn change(tree: &mut Value, words: &[String], random: &mut Random) {
    let size = count(tree);
    let copied = at(tree, random.below(size)).cloned();
    let mut place = random.below(size);
    let Some((node, depth)) = at_mut(tree, &mut place, 0) else {
        return;
    };
    match random.below(8) {
        0 => *node = leaf(words, random),
        1 => {
            if let Some(copied) = copied {
                *node = copied;
            }
        }
        2 if depth < MAX_DEPTH => *node = json!([node.take()]),
        3 if depth < MAX_DEPTH => {
            let mut map = Map::new();
            map.insert(random.choose(words).clone(), node.take());
            *node = Value::Object(map);
        }
        _ => inside(node, words, copied, random),
    }
}

/// Changes what a value is made of.
fn inside(node: &mut Value, words: &[String], copied: Option<Value>, random: &mut Random) {
    let new = |random: &mut Random| match copied {
        Some(copied) if random.below(2) == 0 => copied,
        _ => leaf(words, random),
    };
    match node {
        Value::Array(items) if items.is_empty() => items.push(new(random)),
        Value::Array(items) => {
            let index = random.below(items.len());
            match random.below(5) {
                0 => drop(items.remove(index)),
                1 => items.insert(index, items[index].clone()),
                2 => items.swap(0, index),
                3 => items.insert(index, new(random)),
                _ => items.push(new(random)),
            }
        }
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let word = random.choose(words).clone();
            match (random.below(3), keys.is_empty()) {
                (0, false) => drop(map.shift_remove(random.choose(&keys))),
                (1, false) => {
                    let value = map.shift_remove(random.choose(&keys)).unwrap_or_default();
                    map.insert(word, value);
                }
                _ => drop(map.insert(word, new(random))),
            }
        }
        Value::String(text) => {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let ends = if ends.is_empty() { vec![0] } else { ends };
            let (from, to) = (*random.choose(&ends), *random.choose(&ends));
            match random.below(4) {
                0 => text.insert_str(from, random.choose::<String>(words)),
                1 => text.replace_range(from.min(to)..from.max(to), ""),
                2 => text.push_str(random.choose::<String>(words)),
                _ => {
                    let part = text[from.min(to)..from.max(to)].to_owned();
                    text.insert_str(to, &part);
                }
            }
        }
        _ => *node = leaf(words, random),
    }
}

fn leaf(words: &[String], random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 | 3 => json!(random.choose(&INTEGERS)),
        4 => json!(random.choose(&NUMBERS)),
        5 => json!([]),
        6 => json!({}),
        7 => json!(random.below(300)),
        _ => json!(random.choose(words)),
    }
}

fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// The value at this place, in the order in which they are written.
fn at(tree: &Value, place: usize) -> Option<&Value> {
    fn walk<'a>(tree: &'a Value, place: &mut usize) -> Option<&'a Value> {
        if *place == 0 {
            return Some(tree);
        }
        *place -= 1;
        match tree {
            Value::Array(items) => items.iter().find_map(|item| walk(item, place)),
            Value::Object(map) => map.values().find_map(|item| walk(item, place)),
            _ => None,
        }
    }
    walk(tree, &mut { place })
}

fn at_mut<'a>(
    tree: &'a mut Value,
    place: &mut usize,
    depth: usize,
) -> Option<(&'a mut Value, usize)> {
    if *place == 0 {
        return Some((tree, depth));
    }
    *place -= 1;
    let deeper = depth + 1;
    match tree {
        Value::Array(items) => items
            .iter_mut()
            .find_map(|item| at_mut(item, place, deeper)),
        Value::Object(map) => map
            .values_mut()
            .find_map(|item| at_mut(item, place, deeper)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_reached() {
        let tree = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(count(&tree), 6);
        let found: Vec<Value> = (0..6)
            .filter_map(|place| at(&tree, place).cloned())
            .collect();
        assert_eq!(
            found[1..],
            [
                tree["a"].clone(),
                json!(1),
                json!({"b": 2}),
                json!(2),
                json!(3)
            ]
        );
        for place in 0..6 {
            let mut copy = tree.clone();
            let reached = at_mut(&mut copy, &mut { place }, 0).map(|(value, _)| value.clone());
            assert_eq!(reached, at(&tree, place).cloned());
        }
    }

    #[test]
    fn most_seeds_give_other_json_of_the_size_that_is_allowed() {
        let input = json!({"domain": [["name", "=", "x"], "|"], "limit": 3}).to_string();
        let most = input.len() + 20;
        let others = (0..400).filter_map(|seed| changed(input.as_bytes(), most, seed));
        let others: Vec<String> = others.filter(|other| *other != input).collect();
        assert!(others.len() > 150, "{}", others.len());
        for other in others {
            assert!(other.len() <= most && serde_json::from_str::<Value>(&other).is_ok());
        }
        assert!((0..100).all(|seed| changed(b"no JSON", 100, seed).is_none()));
        let first = changed(input.as_bytes(), most, 5);
        assert_eq!(changed(input.as_bytes(), most, 5), first);
    }
}
