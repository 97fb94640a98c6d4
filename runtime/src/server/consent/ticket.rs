//! What a question leaves behind: sealed, for one user, one call and one state of the records,
//! good for one use and five minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::LIFETIME;
use crate::error::{Error, ErrorKind, Result};
use crate::server::{StateKey, seal};

/// The tickets that are remembered as used. More than that cannot be used within their
/// lifetime by the calls that a server takes; and a ticket that was forgotten, or that another
/// process took, is met in Odoo, where its id is the key of the change.
const REMEMBERED: u64 = 100_000;

/// A question that was asked.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// Also the idempotency key of the change that it allows, so that the same ticket changes
    /// nothing twice, whichever process it comes to.
    id: String,
    /// What was shown.
    pub(super) digest: String,
}

impl Ticket {
    /// A ticket for what was shown, by its digest.
    pub(super) fn new(digest: String) -> Result<Self> {
        Ok(Self {
            id: new_key()?,
            digest,
        })
    }

    pub(super) fn seal(&self, key: &StateKey, purpose: &[Vec<u8>]) -> Result<String> {
        let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
        key.seal(self, &purpose, LIFETIME)
    }

    /// # Errors
    /// [`ErrorKind::InvalidCall`] for anything that was not sealed for this purpose, or is too
    /// late.
    pub(super) fn open(key: &StateKey, sealed: &str, purpose: &[Vec<u8>]) -> Result<Self> {
        let purpose: Vec<&[u8]> = purpose.iter().map(Vec::as_slice).collect();
        key.open(sealed, &purpose).map_err(|refusal| {
            Error::invalid_call(match refusal {
                crate::server::state_key::StateRefusal::Expired => {
                    "the confirmation has expired; nothing was changed"
                }
                crate::server::state_key::StateRefusal::NotOurs => {
                    "the confirmation belongs to another call, user or server; nothing was changed"
                }
            })
            .with_hint("Make the call without it, with all its arguments, to see what it would change and to be asked again.")
        })
    }
}

/// Who was asked about which call: a ticket opens for nothing else.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct AskedCall<'a> {
    /// The address of Odoo.
    pub(in crate::server) url: &'a str,
    pub(in crate::server) database: &'a str,
    /// The user's id.
    pub(in crate::server) user: i64,
    pub(in crate::server) tool: &'a str,
    /// Without the token.
    pub(in crate::server) arguments: &'a Value,
}

impl AskedCall<'_> {
    pub(super) fn purpose(self) -> Vec<Vec<u8>> {
        let mut purpose = seal::purpose("consent", self.url, self.database, self.user);
        purpose.push(self.tool.as_bytes().to_vec());
        purpose.push(canonical(self.arguments).into_bytes());
        purpose
    }
}

/// The tickets that were used.
#[derive(Debug)]
pub(in crate::server) struct SpentTickets(Cache<String, ()>);

impl SpentTickets {
    pub(in crate::server) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(LIFETIME)
                .build(),
        )
    }

    /// Uses a ticket and returns the idempotency key of its change.
    pub(super) fn spend(&self, ticket: Ticket) -> Result<String> {
        if self.0.entry(ticket.id.clone()).or_insert(()).is_fresh() {
            Ok(ticket.id)
        } else {
            Err(
                Error::invalid_call("this confirmation was used before; nothing was changed now")
                    .with_hint("Read the record to see what the first call did."),
            )
        }
    }
}

/// A new idempotency key.
pub(super) fn new_key() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(
            ErrorKind::Configuration,
            format!("the system gives no random numbers: {error}"),
        )
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The value as JSON in which the order of keys does not count.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            let members: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), canonical(&map[key])))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ticket_is_used_once() {
        let spent = SpentTickets::new();
        let ticket = |id: &str| Ticket {
            id: id.to_owned(),
            digest: String::new(),
        };
        assert_eq!(spent.spend(ticket("one")).unwrap(), "one");
        let error = spent.spend(ticket("one")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidCall);
        assert!(spent.spend(ticket("two")).is_ok());
    }

    #[test]
    fn a_ticket_opens_for_its_call_alone() {
        let key = StateKey::random().unwrap();
        let ticket = Ticket {
            id: new_key().unwrap(),
            digest: "d".to_owned(),
        };
        let purpose = |arguments: &Value| vec![b"7".to_vec(), canonical(arguments).into_bytes()];
        let sealed = ticket
            .seal(
                &key,
                &purpose(&json!({"id": 1, "values": {"a": 1, "b": 2}})),
            )
            .unwrap();
        let open =
            |key: &StateKey, arguments: Value| Ticket::open(key, &sealed, &purpose(&arguments));
        let same = json!({"values": {"b": 2, "a": 1}, "id": 1});
        assert_eq!(open(&key, same.clone()).unwrap(), ticket);
        assert!(open(&key, json!({"id": 2, "values": {"a": 1, "b": 2}})).is_err());
        assert!(open(&key, json!({"id": "1", "values": {"a": 1, "b": 2}})).is_err());
        assert!(open(&StateKey::random().unwrap(), same).is_err());
    }

    #[test]
    fn keys_differ() {
        assert_ne!(new_key().unwrap(), new_key().unwrap());
    }
}
