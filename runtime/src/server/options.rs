//! Which tools to serve, as a person says it: on the command line or in the environment, for
//! clients whose configuration can only set variables.

use clap::Args;
use clap::builder::FalseyValueParser;

use super::policy::ModelPolicy;
use super::profile::Profile;
use super::selection::Selection;
use crate::error::Result;
use crate::instance::ModelsFile;
use crate::schema::Patterns;

/// The options that choose tools.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Tools")]
pub struct ToolOptions {
    /// Profiles of models.toml whose typed tools are served, beside the generic tools; several
    /// are taken together (`sales,accounting`). "all" serves every tool of every model.
    #[arg(
        long,
        env = "ODOO_PROFILE",
        value_delimiter = ',',
        value_name = "NAME,…",
        default_value = Profile::DEFAULT
    )]
    pub profile: Vec<String>,
    /// Serve all typed tools of these models, too (`sale.order,account.*`).
    #[arg(
        long,
        env = "ODOO_MODELS",
        value_delimiter = ',',
        value_name = "MODEL,…"
    )]
    pub models: Vec<String>,
    /// Serve exactly these of all tools, generic ones, too (`odoo_*,sale_order_*`): in place of
    /// the profile and --models.
    #[arg(long, env = "ODOO_TOOLS", value_delimiter = ',', value_name = "TOOL,…")]
    pub tools: Vec<String>,
    /// Leave these tools out (`odoo_delete,*_delete`).
    #[arg(
        long,
        env = "ODOO_EXCLUDE",
        value_delimiter = ',',
        value_name = "TOOL,…"
    )]
    pub exclude: Vec<String>,
    /// Serve only tools that change nothing, and refuse every change. Wins over all other
    /// options.
    #[arg(long, env = "ODOO_READ_ONLY", value_parser = FalseyValueParser::new())]
    pub read_only: bool,
    /// Keep these models from assistants, by whatever tool, resource or prompt (`hr.*`); with
    /// `:change` behind it, a model may be read and not changed (`res.company:change`). Closed
    /// without this option, too: stored passwords and keys; to changes: access rights, code
    /// that Odoo runs, the installation of modules.
    #[arg(
        long,
        env = "ODOO_DENY_MODELS",
        value_delimiter = ',',
        value_name = "MODEL,…"
    )]
    pub deny_models: Vec<String>,
    /// Open these models, whatever closes them (`hr.department,ir.cron`). Odoo's rights and the
    /// rules of its administrator hold all the same.
    #[arg(
        long,
        env = "ODOO_ALLOW_MODELS",
        value_delimiter = ',',
        value_name = "MODEL,…"
    )]
    pub allow_models: Vec<String>,
}

impl ToolOptions {
    /// The tools to serve, with the profiles of this file.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when a profile does not
    /// exist or a pattern cannot be read.
    pub fn selection(&self, file: &ModelsFile) -> Result<Selection> {
        let selection = Selection {
            profile: Profile::choose(file, &self.profile)?,
            models: Patterns::new(&self.models)?,
            tools: Patterns::new(&self.tools)?,
            exclude: Patterns::new(&self.exclude)?,
            read_only: self.read_only,
            policy: ModelPolicy::new(&self.deny_models, &self.allow_models)?,
        };
        if !selection.tools.is_empty() && !selection.models.is_empty() {
            tracing::warn!("--models adds nothing: --tools says exactly which tools to serve");
        }
        Ok(selection)
    }
}
