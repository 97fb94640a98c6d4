//! An Odoo that exists already: `--url …` instead of the one that `cargo xtask odoo up` makes.

use std::process::Command;

use clap::Args;

/// Where an existing Odoo is and how to log in; each part also from the environment variable that the server reads.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Target {
    /// Use this running Odoo instead of a local one
    #[arg(long, env = "ODOO_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// Its database
    #[arg(long, env = "ODOO_DB", hide_env_values = true)]
    pub(crate) db: Option<String>,
    /// The user's login
    #[arg(long, env = "ODOO_USERNAME", hide_env_values = true)]
    pub(crate) user: Option<String>,
    /// The user's password
    #[arg(long, env = "ODOO_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
    /// An API key instead of the password
    #[arg(long, env = "ODOO_API_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
}

impl Target {
    /// The variables that name this Odoo for a program, with what is not known of it.
    pub(crate) fn variables(&self) -> [(&'static str, Option<&String>); 5] {
        [
            ("ODOO_URL", self.url.as_ref()),
            ("ODOO_DB", self.db.as_ref()),
            ("ODOO_USERNAME", self.user.as_ref()),
            ("ODOO_PASSWORD", self.password.as_ref()),
            ("ODOO_API_KEY", self.api_key.as_ref()),
        ]
    }

    /// Sets the variables that name this Odoo for a program, and removes those that it leaves open, so that nothing
    /// of another Odoo remains.
    pub(crate) fn apply(&self, command: &mut Command) {
        for (name, value) in self.variables() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }
}
