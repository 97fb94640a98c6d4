//! A person's consent, without which nothing is changed.
//!
//! On the way of a call that changes something: it was checked, it passed the
//! [`gate`](super::gate), and nothing was sent yet. Here it is shown as a person would want to
//! see it (`preview`: the record, old and new values, what goes with it), and the answer
//! decides. How it is asked depends on the client (`way`): by elicitation, where the client can
//! show a form, as the protocol has it before and since version 2026-07-28; otherwise by a
//! preview with a token (`ticket`), with which the same call is made again.
//!
//! An answer holds for what was shown and nothing else: for this user, this tool, these
//! arguments and these values in Odoo. They are read once more before the change is sent, and
//! when they have moved, the person is asked again.

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod mode;
mod preview;
mod reading;
mod ticket;
mod values;
mod way;

pub use mode::ConsentMode;
pub(super) use ticket::SpentTickets;
pub(super) use way::Places;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, InputRequiredResult};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::{Value, json};

use super::gate::Change;
use super::present::Output;
use super::{Shared, UserSession};
use crate::client::{Cancellation, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{CONSENT_TOKEN, ModelSchema};
use preview::Preview;
use ticket::{Asked, Ticket, new_key};
use way::{Answer, Way};

/// How long an answer may take, and how long a token holds.
const LIFETIME: Duration = Duration::from_secs(300);

/// How often a person is asked about one call whose records keep changing meanwhile.
const MOST_QUESTIONS: usize = 3;

const CHANGED_MEANWHILE: &str = "What was shown has changed in Odoo meanwhile. It is now:";

/// What a change may go ahead with, or what is answered instead.
pub(super) enum Consented {
    /// The change is sent under this idempotency key.
    Yes(String),
    /// Nothing is sent; this is shown instead.
    NotYet(Box<Output>),
}

/// One call, with the way in which its client can be asked.
pub(super) struct Consent {
    tool: String,
    /// What was asked for, without the token.
    arguments: Value,
    way: Way,
    places: tokio::sync::Mutex<Option<Places>>,
    cancellation: Cancellation,
    /// Whether the call waits for a person, and not for Odoo.
    person_is_asked: Arc<AtomicBool>,
    question: Mutex<Option<InputRequiredResult>>,
}

impl Consent {
    /// The consent of the client that sent this request, before it is asked for.
    pub(super) fn new(
        shared: &Shared,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
        places: Places,
        cancellation: Cancellation,
        person_is_asked: Arc<AtomicBool>,
    ) -> Self {
        let mut arguments = request.arguments.clone().unwrap_or_default();
        let token = arguments.remove(CONSENT_TOKEN);
        Self {
            tool: request.name.to_string(),
            way: Way::of(shared.consent_mode, request, token, context),
            arguments: Value::Object(arguments),
            places: tokio::sync::Mutex::new(Some(places)),
            cancellation,
            person_is_asked,
            question: Mutex::new(None),
        }
    }

    /// The question that the client has to be asked in place of a result.
    pub(super) fn take_question(&self) -> Option<InputRequiredResult> {
        self.question
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn put_question(&self, question: InputRequiredResult) {
        *self.question.lock().unwrap_or_else(PoisonError::into_inner) = Some(question);
    }
}

impl UserSession {
    /// Asks whether a change may be made, in the way that the client can be asked.
    ///
    /// # Errors
    /// [`ErrorKind::Declined`] when the person does not want it, [`ErrorKind::AccessDenied`]
    /// when this server changes nothing or the client cannot ask anybody, and
    /// [`ErrorKind::InvalidCall`] for an answer to another question.
    pub(super) async fn consent(
        &self,
        consent: &Consent,
        change: &Change<'_>,
        schema: Option<&ModelSchema>,
    ) -> Result<Consented> {
        self.shared.gate.admit(change)?;
        if reading::only_reads(change) {
            return Ok(Consented::Yes(new_key()?));
        }
        match &consent.way {
            Way::NotAsked => Ok(Consented::Yes(new_key()?)),
            Way::CannotAsk => Err(cannot_ask(&consent.tool)),
            Way::Dialogue(peer) => {
                self.ask_until_it_holds(consent, peer, change, schema)
                    .await?;
                Ok(Consented::Yes(new_key()?))
            }
            Way::Rounds { state, answer } => {
                let came = state.as_deref().map(|state| (state, *answer));
                let open = match self.weigh(consent, came, change, schema).await? {
                    Weighed::Agreed(key) => return Ok(Consented::Yes(key)),
                    Weighed::Open(open) => open,
                };
                let message = question(&open.preview, open.note);
                consent.put_question(way::form_question(&message, open.ticket)?);
                Ok(Consented::NotYet(Box::new(Output {
                    text: message,
                    structured: json!({"confirmation_required": true}),
                })))
            }
            Way::Token(token) => {
                // Who comes back with a token has shown the preview and heard a yes.
                let came = token
                    .as_deref()
                    .map(|token| (token, Some(Answer::Accepted)));
                match self.weigh(consent, came, change, schema).await? {
                    Weighed::Agreed(key) => Ok(Consented::Yes(key)),
                    Weighed::Open(open) => {
                        let offer = token_offer(&consent.tool, &open);
                        Ok(Consented::NotYet(Box::new(offer)))
                    }
                }
            }
        }
    }

    /// Asks while the call waits, and asks again when what was shown moves meanwhile.
    async fn ask_until_it_holds(
        &self,
        consent: &Consent,
        peer: &Peer<RoleServer>,
        change: &Change<'_>,
        schema: Option<&ModelSchema>,
    ) -> Result<()> {
        let mut preview = self.preview(change, schema).await?;
        let mut note = None;
        for _ in 0..MOST_QUESTIONS {
            let message = question(&preview, note);
            accepted(self.ask_person(consent, peer, message).await?)?;
            let now = self.preview(change, schema).await?;
            if now.digest() == preview.digest() {
                return Ok(());
            }
            (preview, note) = (now, Some(CHANGED_MEANWHILE));
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "the records keep changing in Odoo while the user is asked; nothing was changed",
        ))
    }

    /// Weighs a ticket that came back with its answer, if one did, against what Odoo has now.
    async fn weigh(
        &self,
        consent: &Consent,
        came: Option<(&str, Option<Answer>)>,
        change: &Change<'_>,
        schema: Option<&ModelSchema>,
    ) -> Result<Weighed> {
        let purpose = self.purpose(consent).await?;
        let key = &self.shared.state_key;
        let ticket = came
            .map(|(sealed, _)| Ticket::open(key, sealed, &purpose))
            .transpose()?;
        let answer = came.and_then(|(_, answer)| answer);
        if let Some(answer) = answer {
            accepted(answer)?;
        }
        let preview = self.preview(change, schema).await?;
        let mut note = None;
        if let (Some(ticket), Some(_)) = (ticket, answer) {
            if ticket.digest == preview.digest() {
                return self.shared.spent.spend(ticket).map(Weighed::Agreed);
            }
            note = Some(CHANGED_MEANWHILE);
        }
        let ticket = Ticket::new(preview.digest())?.seal(key, &purpose)?;
        Ok(Weighed::Open(Open {
            preview,
            note,
            ticket,
        }))
    }

    /// The connection for a change that happens at most once under this key. A module too old
    /// for keys gets none.
    pub(super) async fn writing_as(&self, key: &str) -> Result<Client> {
        let client = self.client()?;
        let knows_keys = self
            .capabilities()
            .await?
            .features
            .iter()
            .any(|feature| feature == "idempotency");
        Ok(if knows_keys {
            client.with_idempotency_key(key)
        } else {
            client.clone()
        })
    }

    /// Who may come back with an answer, and with which call.
    async fn purpose(&self, consent: &Consent) -> Result<Vec<Vec<u8>>> {
        let user = self.capabilities().await?.user.id;
        let config = self.client()?.config();
        let asked = Asked {
            url: config.url.as_str(),
            database: config.database.as_deref().unwrap_or_default(),
            user,
            tool: &consent.tool,
            arguments: &consent.arguments,
        };
        Ok(asked.purpose())
    }
}

/// What a ticket that came back is worth.
enum Weighed {
    /// The person agreed to exactly this change, which is sent under this idempotency key.
    Agreed(String),
    /// The person has to be asked.
    Open(Open),
}

/// A question that has to be asked.
struct Open {
    preview: Preview,
    /// Why it is asked again.
    note: Option<&'static str>,
    /// Comes back with the answer.
    ticket: String,
}

fn question(preview: &Preview, note: Option<&str>) -> String {
    let note = note.map(|note| format!("{note}\n")).unwrap_or_default();
    format!("{note}{}", preview.text())
}

/// Whether the person agreed; the errors say what they did instead.
fn accepted(answer: Answer) -> Result<()> {
    let message = match answer {
        Answer::Accepted => return Ok(()),
        Answer::Declined => "the user declined; nothing was changed",
        Answer::Closed => "the user closed the question without an answer; nothing was changed",
        Answer::Late => "the user did not answer within five minutes; nothing was changed",
    };
    Err(Error::new(ErrorKind::Declined, message)
        .with_hint("Ask the user what they want instead. Do not repeat the call by yourself."))
}

fn cannot_ask(tool: &str) -> Error {
    Error::new(
        ErrorKind::AccessDenied,
        format!("{tool} needs the user's consent, and this client cannot ask for it (no elicitation); nothing was changed"),
    )
    .with_hint("Whoever set the server up decides this: CONFIRM=auto lets clients without elicitation confirm by a token.")
}

fn token_offer(tool: &str, open: &Open) -> Output {
    let shown = question(&open.preview, open.note);
    let token = &open.ticket;
    Output {
        text: format!(
            "Nothing was changed yet. {shown}\nShow this to the user. Once they agree, within five minutes, call {tool} again with the same arguments and {CONSENT_TOKEN}: {token}"
        ),
        structured: json!({
            "confirmation_required": true,
            "preview": shown,
            CONSENT_TOKEN: token,
            "expires_in_seconds": LIFETIME.as_secs(),
        }),
    }
}
