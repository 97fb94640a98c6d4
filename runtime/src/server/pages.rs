//! Pages of long lists.
//!
//! A cursor says where the next page begins and of which list. It is all that a page needs,
//! so any process that serves the same list can give the next one; a list that has changed
//! in between is refused, because its pages would not fit together.

use std::hash::{DefaultHasher, Hash, Hasher};

use rmcp::ErrorData;

/// The most items on a page: that many tools are about 100 kB.
pub(super) const PAGE: usize = 100;

/// One page of a list.
pub(super) struct PageOf<T> {
    pub(super) items: Vec<T>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// The page that `cursor` names, the first one without. `name` gives what an item is known by.
///
/// # Errors
/// Invalid parameters, when the cursor is not one of this list.
pub(super) fn page<T, N: AsRef<str>>(
    items: Vec<T>,
    cursor: Option<&str>,
    name: impl Fn(&T) -> N,
) -> Result<PageOf<T>, ErrorData> {
    let digest = digest(items.iter().map(name));
    let start = match cursor {
        None => 0,
        Some(cursor) => start_of(cursor, digest, items.len())?,
    };
    let end = (start + PAGE).min(items.len());
    let next = (end < items.len()).then(|| format!("{end:x}-{digest:x}"));
    Ok(PageOf {
        items: items.into_iter().skip(start).take(PAGE).collect(),
        next,
    })
}

fn start_of(cursor: &str, digest: u64, len: usize) -> Result<usize, ErrorData> {
    let parts = cursor.split_once('-').and_then(|(start, of)| {
        let start = usize::from_str_radix(start, 16).ok()?;
        Some((start, u64::from_str_radix(of, 16).ok()?))
    });
    match parts {
        Some((start, of)) if of == digest && start < len => Ok(start),
        Some((_, of)) if of != digest => Err(ErrorData::invalid_params(
            "the list has changed since this cursor was given; list again from the start",
            None,
        )),
        _ => Err(ErrorData::invalid_params(
            "this is not a cursor that was given with the list",
            None,
        )),
    }
}

/// What a list of names is known by; the same in every process of one build.
pub(super) fn digest<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in names {
        name.as_ref().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("tool_{number}")).collect()
    }

    #[test]
    fn pages_make_up_the_list() {
        for count in [0, 1, PAGE, PAGE + 1, 3 * PAGE, 3 * PAGE + 7] {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let page = page(names(count), cursor.as_deref(), Clone::clone).unwrap();
                seen.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, names(count));
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let next = page(names(250), None, Clone::clone).unwrap().next.unwrap();
        assert!(page(names(251), Some(&next), Clone::clone).is_err());
        for wrong in [
            "",
            "x",
            "-",
            "ffff-0",
            &format!("ffffff-{:x}", digest(names(250))),
        ] {
            assert!(
                page(names(250), Some(wrong), Clone::clone).is_err(),
                "{wrong}"
            );
        }
    }
}
