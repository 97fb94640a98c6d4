//! `models.toml`: which models to generate, what to leave out, what to call things.
//!
//! The only file of a generated crate that a person edits. A key that means nothing is an
//! error with the nearest right one, because a misspelt key that is ignored costs an
//! afternoon.

use std::collections::BTreeMap;

use butopea_runtime::schema::Patterns;
use toml::{Table, Value};

use crate::error::{Error, Result};

/// The configuration of a generated crate.
#[derive(Debug, Clone)]
pub struct Config {
    /// Models to generate.
    pub include: Patterns,
    /// Of these, the only ones to look at; `None` looks at all.
    watched: Option<Patterns>,
    /// Models not to generate although included.
    pub exclude: Patterns,
    /// Types that a record does not read by default.
    pub leave_out_types: Vec<String>,
    /// Fields (`model.field`) that a record does not read by default.
    pub leave_out: Patterns,
    /// Fields (`model.field`) that are not generated at all.
    pub ignore: Patterns,
    /// Selections (`model.field`) whose options are instance data and not kept.
    pub open_selections: Patterns,
    /// How records hold amounts.
    pub money: Money,
    /// Lines to put at the top of every file, after the generator's own.
    pub header: Option<String>,
    /// Cargo features over models: feature name → models.
    pub features: BTreeMap<String, Patterns>,
    /// Names by model.
    pub renames: BTreeMap<String, Renames>,
    /// The fields that come first in the server's tools and answers, by model.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Sets of tools for the server, by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// A set of tools for the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Lines `model:operation,…`.
    pub tools: Vec<String>,
    /// The fields that come first, by model, in place of those for all profiles.
    pub fields: BTreeMap<String, Vec<String>>,
}

/// How records hold monetary fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Money {
    /// As `f64`.
    #[default]
    Float,
    /// As `Decimal`; the runtime's feature `decimal` must be on.
    Decimal,
}

/// Names of one model that a person chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// The module.
    pub module: Option<String>,
    /// The marker type.
    pub marker: Option<String>,
    /// Fields: Odoo's name → Rust's.
    pub fields: BTreeMap<String, String>,
    /// Options: `field.key` → variant.
    pub options: BTreeMap<String, String>,
}

const LEFT_OUT_TYPES: [&str; 6] = [
    "binary",
    "image",
    "html",
    "json",
    "properties",
    "properties_definition",
];

impl Config {
    /// Reads the text of a `models.toml`.
    ///
    /// # Errors
    /// [`Error::Toml`] or [`Error::UnknownKey`].
    pub fn parse(text: &str) -> Result<Self> {
        let table: Table = text
            .parse()
            .map_err(|error| Error::Toml(format!("{error}")))?;
        let root = Place::new("the file", &table);
        root.allow(&[
            "models",
            "records",
            "selections",
            "output",
            "features",
            "model",
            "fields",
            "profiles",
        ])?;
        let models = root.table("models")?;
        models.allow(&["include", "exclude"])?;
        let records = root.table("records")?;
        records.allow(&["leave_out_types", "leave_out", "ignore", "money"])?;
        let selections = root.table("selections")?;
        selections.allow(&["open"])?;
        let output = root.table("output")?;
        output.allow(&["header"])?;
        Ok(Self {
            include: models.patterns("include")?,
            watched: None,
            exclude: models.patterns("exclude")?,
            leave_out_types: records
                .strings("leave_out_types")?
                .unwrap_or_else(|| LEFT_OUT_TYPES.map(str::to_owned).to_vec()),
            leave_out: records.patterns("leave_out")?,
            ignore: records.patterns("ignore")?,
            open_selections: selections.patterns("open")?,
            money: money(records.string("money")?.as_deref())?,
            header: output.string("header")?,
            features: features(&root.table("features")?)?,
            renames: renames(&root.table("model")?)?,
            fields: root.table("fields")?.lists()?,
            profiles: profiles(&root.table("profiles")?)?,
        })
    }

    /// Whether this model is to be generated.
    pub fn wants(&self, model: &str) -> bool {
        let watched = self
            .watched
            .as_ref()
            .is_none_or(|watched| watched.matches(model));
        watched && self.include.matches(model) && !self.exclude.matches(model)
    }

    /// The same configuration for other models.
    #[must_use]
    pub fn with_models(mut self, include: Patterns) -> Self {
        self.include = include;
        self
    }

    /// The same configuration, narrowed to the models that these patterns match too.
    #[must_use]
    pub fn with_watched(mut self, watched: Patterns) -> Self {
        self.watched = Some(watched);
        self
    }

    pub(crate) fn names_of(&self, model: &str) -> Option<&Renames> {
        self.renames.get(model)
    }
}

fn money(text: Option<&str>) -> Result<Money> {
    match text {
        None | Some("float") => Ok(Money::Float),
        Some("decimal") => Ok(Money::Decimal),
        Some(other) => Err(Error::Toml(format!(
            "records.money is \"float\" or \"decimal\", not \"{other}\""
        ))),
    }
}

fn features(table: &Place<'_>) -> Result<BTreeMap<String, Patterns>> {
    table
        .keys()
        .map(|name| Ok((name.to_owned(), table.patterns(name)?)))
        .collect()
}

fn renames(table: &Place<'_>) -> Result<BTreeMap<String, Renames>> {
    table
        .keys()
        .map(|model| {
            let place = table.table(model)?;
            place.allow(&["module", "marker", "fields", "options"])?;
            let renames = Renames {
                module: place.string("module")?,
                marker: place.string("marker")?,
                fields: place.table("fields")?.pairs()?,
                options: place.table("options")?.pairs()?,
            };
            Ok((model.to_owned(), renames))
        })
        .collect()
}

fn profiles(table: &Place<'_>) -> Result<BTreeMap<String, Profile>> {
    table
        .keys()
        .map(|name| {
            let place = table.table(name)?;
            place.allow(&["tools", "fields"])?;
            let profile = Profile {
                tools: place.strings("tools")?.unwrap_or_default(),
                fields: place.table("fields")?.lists()?,
            };
            Ok((name.to_owned(), profile))
        })
        .collect()
}

/// A table of the file, and where it stands, for errors.
struct Place<'a> {
    name: String,
    table: Option<&'a Table>,
}

impl<'a> Place<'a> {
    fn new(name: &str, table: &'a Table) -> Self {
        Self {
            name: name.to_owned(),
            table: Some(table),
        }
    }

    fn allow(&self, known: &[&str]) -> Result<()> {
        match self.keys().find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(key) => Err(Error::UnknownKey {
                key: key.to_owned(),
                place: self.name.clone(),
                suggestion: nearest(key, known),
            }),
        }
    }

    fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.table
            .into_iter()
            .flat_map(Table::keys)
            .map(String::as_str)
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.table.and_then(|table| table.get(key))
    }

    fn wrong<T>(&self, key: &str, expected: &str) -> Result<T> {
        Err(Error::Toml(format!(
            "`{key}` in {} should be {expected}",
            self.name
        )))
    }

    fn table(&self, key: &str) -> Result<Self> {
        let name = format!("[{}{key}]", self.prefix());
        match self.get(key) {
            None => Ok(Self { name, table: None }),
            Some(Value::Table(table)) => Ok(Self {
                name,
                table: Some(table),
            }),
            Some(_) => self.wrong(key, "a table"),
        }
    }

    fn prefix(&self) -> String {
        let inner = self
            .name
            .strip_prefix('[')
            .and_then(|n| n.strip_suffix(']'));
        inner.map(|name| format!("{name}.")).unwrap_or_default()
    }

    fn string(&self, key: &str) -> Result<Option<String>> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => self.wrong(key, "text"),
        }
    }

    fn strings(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let texts: Option<Vec<String>> = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        });
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => self.wrong(key, "a list of texts"),
        }
    }

    fn patterns(&self, key: &str) -> Result<Patterns> {
        Patterns::new(self.strings(key)?.unwrap_or_default())
            .map_err(|error| Error::Toml(error.message().to_owned()))
    }

    fn lists(&self) -> Result<BTreeMap<String, Vec<String>>> {
        self.keys()
            .map(|key| Ok((key.to_owned(), self.strings(key)?.unwrap_or_default())))
            .collect()
    }

    fn pairs(&self) -> Result<BTreeMap<String, String>> {
        self.keys()
            .map(|key| match self.string(key)? {
                Some(text) => Ok((key.to_owned(), text)),
                None => self.wrong(key, "text"),
            })
            .collect()
    }
}

fn nearest(key: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(key, name), *name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file() {
        let config = Config::parse(
            r#"
            [models]
            include = ["sale.*", "res.partner"]
            exclude = ["sale.report"]
            [records]
            leave_out = ["*.activity_*"]
            money = "decimal"
            [selections]
            open = ["*.tz"]
            [features]
            sales = ["sale.*"]
            [model."sale.order"]
            module = "order"
            fields = { type_name_id = "kind" }
            [fields]
            "res.partner" = ["name"]
            [profiles.default]
            tools = ["sale.order:search,read"]
            fields = { "sale.order" = ["name", "state"] }
            "#,
        )
        .unwrap();
        assert!(config.wants("sale.order.line") && config.wants("res.partner"));
        assert!(!config.wants("sale.report") && !config.wants("res.partner.bank"));
        assert_eq!(config.money, Money::Decimal);
        assert!(config.leave_out.matches("sale.order.activity_ids"));
        assert_eq!(config.renames["sale.order"].fields["type_name_id"], "kind");
        let profile = &config.profiles["default"];
        assert_eq!(profile.tools, ["sale.order:search,read"]);
        assert_eq!(profile.fields["sale.order"], ["name", "state"]);
        assert_eq!(config.fields["res.partner"], ["name"]);
        assert_eq!(config.include.names().collect::<Vec<_>>(), ["res.partner"]);
    }

    #[test]
    fn a_misspelt_key_names_the_nearest() {
        for (text, message) in [
            (
                "[models]\nincludes = []",
                "models.toml: unknown key `includes` in [models]; did you mean `include`?",
            ),
            (
                "[model.\"a.b\"]\nmodul = \"x\"",
                "models.toml: unknown key `modul` in [model.a.b]; did you mean `module`?",
            ),
            ("[zzz]\n", "models.toml: unknown key `zzz` in the file"),
        ] {
            assert_eq!(Config::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn wrong_types_say_what_is_right() {
        let error = Config::parse("[models]\ninclude = \"x\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "models.toml: `include` in [models] should be a list of texts"
        );
        assert!(Config::parse("[models]\ninclude = [\"a{\"]").is_err());
        assert!(Config::parse("models = [").is_err());
    }
}
