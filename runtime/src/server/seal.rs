//! Whom a sealed text belongs to: what a client brings back opens for the user and the Odoo that
//! it was given for, and for one use, whichever tool or dialogue that is.

use super::UserSession;
use crate::error::Result;

impl UserSession {
    /// The parts that bind a sealed text to this use of it, this Odoo and the signed-in user.
    pub(super) async fn seal_purpose(&self, used_for: &str) -> Result<Vec<Vec<u8>>> {
        let user = self.capabilities().await?.user.id;
        let config = self.client()?.config();
        let database = config.database.as_deref().unwrap_or_default();
        Ok(purpose(used_for, config.url.as_str(), database, user))
    }
}

/// The same for any user of any Odoo.
pub(super) fn purpose(used_for: &str, url: &str, database: &str, user: i64) -> Vec<Vec<u8>> {
    vec![
        used_for.as_bytes().to_vec(),
        url.as_bytes().to_vec(),
        database.as_bytes().to_vec(),
        user.to_be_bytes().to_vec(),
    ]
}
