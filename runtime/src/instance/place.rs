//! Where an Odoo is, and the name of its folder on this machine.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use etcetera::base_strategy::choose_native_strategy;
use sha2::{Digest, Sha256};
use url::Url;

use crate::client::parse_base_url;

/// The folder of all instances within the data folder.
const APP: &str = "butopea-mcp";
/// A folder's name is at most this long; file systems take 255 bytes.
const MAX_NAME: usize = 120;

/// An Odoo as a client names it: an address, and a database where the address serves several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    host: String,
    port: u16,
    /// The database, where it is named.
    pub database: Option<String>,
}

impl Place {
    /// The place of this address and database.
    pub fn new(url: &Url, database: Option<&str>) -> Option<Self> {
        Some(Self {
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
            database: database.map(str::to_owned),
        })
    }

    /// The place that `ODOO_URL` and `ODOO_DB` name. `None` where there is no usable address:
    /// the client says what is wrong with it.
    pub fn from_env() -> Option<Self> {
        let get = |name| std::env::var(name).ok().map(|text| text.trim().to_owned());
        let url = parse_base_url(&get("ODOO_URL")?).ok()?;
        let database = get("ODOO_DB").filter(|database| !database.is_empty());
        Self::new(&url, database.as_deref())
    }

    /// Whether this address has the same host and port, whatever the database.
    pub fn is_at(&self, url: &str) -> bool {
        let other = parse_base_url(url)
            .ok()
            .and_then(|url| Self::new(&url, None));
        other.is_some_and(|other| other.host == self.host && other.port == self.port)
    }

    /// The name of the folder of a database at this place: `company.odoo.com_443_company`. The
    /// same on every run, another one for every other place, and safe on every file system.
    ///
    /// Host and database appear as they are where they consist of small letters, digits, dots
    /// and hyphens (the database also of `_`); otherwise digits of a hash are added.
    pub fn folder_name(&self, database: &str) -> String {
        let plain = |text: &str, also: &str| -> String {
            text.to_lowercase()
                .chars()
                .map(|c| {
                    let is_safe = c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
                    if is_safe || also.contains(c) { c } else { '-' }
                })
                .collect()
        };
        let host = plain(&self.host, "");
        let name = plain(database, "_");
        let full = format!("{host}_{}_{name}", self.port);
        let is_faithful = host == self.host && name == database;
        if is_faithful && full.len() <= MAX_NAME && !full.ends_with('.') {
            return full;
        }
        let whole = format!("{}\0{}\0{database}", self.host, self.port);
        let digest = short_digest(&whole);
        // Cut at a character: all are ASCII now.
        let head = &full[..full.len().min(MAX_NAME - digest.len() - 1)];
        format!("{}-{digest}", head.trim_end_matches(['.', '-']))
    }
}

/// Eight hexadecimal digits that name a text.
fn short_digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..4])
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        digits.push_str(&format!("{byte:02x}"));
        digits
    })
}

/// The folder of the folders of all instances: below the one that was named, or below the
/// user's own data folder (`~/.local/share` on Linux). `None` for a user without a home.
pub fn instances_dir(data_dir: Option<&Path>) -> Option<PathBuf> {
    let data_dir = match data_dir {
        Some(named) => named.to_owned(),
        None => choose_native_strategy().ok()?.data_dir(),
    };
    Some(data_dir.join(APP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(url: &str, database: &str) -> String {
        let url = parse_base_url(url).unwrap();
        Place::new(&url, None).unwrap().folder_name(database)
    }

    #[test]
    fn usual_names_are_plain() {
        for (url, database, expected) in [
            (
                "https://company.odoo.com",
                "company",
                "company.odoo.com_443_company",
            ),
            (
                "http://LOCALHOST:8069/web",
                "odoo_19",
                "localhost_8069_odoo_19",
            ),
            ("http://10.0.0.7", "a.b-c", "10.0.0.7_80_a.b-c"),
        ] {
            assert_eq!(name(url, database), expected);
        }
    }

    #[test]
    fn odd_names_stay_apart() {
        let url = "http://localhost:8069";
        let names = [
            "Odoo", "odoo", "odoo/x", "odoo:x", "odoo.", "..", "Ödoo", "",
        ];
        let mut folders: Vec<String> = names.iter().map(|db| name(url, db)).collect();
        folders.push(name("http://[::1]:8069", "odoo"));
        folders.push(name(url, &"x".repeat(200)));
        folders.push(name(url, &format!("{}y", "x".repeat(199))));
        let distinct: std::collections::BTreeSet<&String> = folders.iter().collect();
        assert_eq!(distinct.len(), folders.len(), "{folders:?}");
    }

    #[test]
    fn a_place_is_known_by_host_and_port() {
        let place = Place::new(&parse_base_url("http://odoo.example").unwrap(), Some("a")).unwrap();
        assert!(place.is_at("http://odoo.example:80/web"));
        assert!(!place.is_at("https://odoo.example"));
    }

    proptest! {
        #[test]
        fn every_name_is_safe(database in ".{0,80}") {
            let name = name("https://odoo.example", &database);
            prop_assert!(name.len() <= MAX_NAME);
            prop_assert!(!name.ends_with('.') && name.starts_with("odoo.example_443_"));
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)));
        }
    }
}
