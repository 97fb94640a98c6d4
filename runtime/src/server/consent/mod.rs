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
mod properties;
mod reading;
mod ticket;
mod values;
mod way;

pub use mode::ConsentMode;
pub(super) use reading::is_reading;
pub(super) use ticket::SpentTickets;
pub(super) use way::Places;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, InputRequiredResult};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::{Value, json};

use super::audit::{Asked, Audit};
use super::catalogue::Target;
use super::gate::Change;
use super::named_records::NamedRecord;
use super::present::{Output, fenced};
use super::{Shared, UserSession};
use crate::client::{Cancellation, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{CONSENT_TOKEN, ModelSchema};
use preview::Preview;
pub(super) use preview::{About, Form, Shown};
use ticket::{AskedCall, Ticket, new_key};
use way::{Answer, Way};

/// How long an answer may take, and how long a token holds.
const LIFETIME: Duration = Duration::from_secs(300);

/// How often a person is asked about one call whose records keep changing meanwhile.
const MOST_QUESTIONS: usize = 3;

const CHANGED_MEANWHILE: &str = "What was shown has changed in Odoo meanwhile. It is now:";

/// What a change may go ahead with, or what is answered instead.
pub(super) enum Consented {
    /// The change is sent.
    Yes(Agreed),
    /// Nothing is sent; this is shown instead.
    NotYet(Box<Output>),
}

/// What a change goes ahead with.
pub(super) struct Agreed {
    /// Its idempotency key.
    pub(super) key: String,
    /// What the records that it changes were called when they were shown; none, where nobody was
    /// asked.
    pub(super) named: Vec<NamedRecord>,
}

impl Agreed {
    /// Where nobody is asked.
    fn unasked() -> Result<Self> {
        Ok(Self {
            key: new_key()?,
            named: Vec::new(),
        })
    }
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
    audit: Audit,
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
        let way = Way::of(shared.consent_mode, request, token, context);
        let tool = request.name.to_string();
        Self {
            audit: Audit::new(shared.audit_log.clone(), tool.clone(), way.name()),
            tool,
            way,
            arguments: Value::Object(arguments),
            places: tokio::sync::Mutex::new(Some(places)),
            cancellation,
            person_is_asked,
            question: Mutex::new(None),
        }
    }

    /// Takes note of how the call ended, where it was to change something.
    pub(super) fn end(&self, session: &UserSession, target: &Target, outcome: &Result<Output>) {
        let asked = Asked::of(target, &self.arguments);
        if outcome.is_ok() || !is_reading(asked.method) {
            self.audit.end(session, &asked, outcome);
        }
    }

    /// Whether a preview is made, which looks the records up and refuses those that are missing.
    pub(super) fn is_asked(&self) -> bool {
        !matches!(self.way, Way::NotAsked)
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
        shown: impl Into<Shown<'_>>,
    ) -> Result<Consented> {
        let shown = shown.into();
        let only_reads = reading::only_reads(change);
        if !only_reads {
            consent.audit.note(self, change).await?;
        }
        self.shared.gate.admit(change)?;
        self.admit_reached(change, shown.schema)?;
        if only_reads {
            return Ok(Consented::Yes(Agreed::unasked()?));
        }
        let consented = self.ask_in_its_way(consent, change, shown).await?;
        if let Consented::Yes(agreed) = &consented {
            consent.audit.sending(&agreed.key)?;
        }
        Ok(consented)
    }

    async fn ask_in_its_way(
        &self,
        consent: &Consent,
        change: &Change<'_>,
        shown: Shown<'_>,
    ) -> Result<Consented> {
        match &consent.way {
            Way::NotAsked => Ok(Consented::Yes(Agreed::unasked()?)),
            Way::CannotAsk => Err(cannot_ask(&consent.tool)),
            Way::Dialogue(peer) => {
                let named = self
                    .ask_until_it_holds(consent, peer, change, shown)
                    .await?;
                let key = new_key()?;
                Ok(Consented::Yes(Agreed { key, named }))
            }
            Way::Rounds { state, answer } => {
                let came = state.as_deref().map(|state| (state, *answer));
                let open = match self.weigh(consent, came, change, shown).await? {
                    Weighed::Agreed(agreed) => return Ok(Consented::Yes(agreed)),
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
                match self.weigh(consent, came, change, shown).await? {
                    Weighed::Agreed(agreed) => Ok(Consented::Yes(agreed)),
                    Weighed::Open(open) => {
                        let offer = token_offer(&consent.tool, &open);
                        Ok(Consented::NotYet(Box::new(offer)))
                    }
                }
            }
        }
    }

    /// Lets through what is known to change nothing, such as a window that opens: the button in
    /// it asks. A server that changes nothing presses nothing.
    pub(super) fn not_asked(
        &self,
        change: &Change<'_>,
        schema: Option<&ModelSchema>,
    ) -> Result<Consented> {
        self.shared.gate.admit(change)?;
        self.admit_reached(change, schema)?;
        Ok(Consented::Yes(Agreed::unasked()?))
    }

    /// Asks while the call waits, and asks again when what was shown moves meanwhile.
    async fn ask_until_it_holds(
        &self,
        consent: &Consent,
        peer: &Peer<RoleServer>,
        change: &Change<'_>,
        shown: Shown<'_>,
    ) -> Result<Vec<NamedRecord>> {
        let mut preview = self.preview(change, shown).await?;
        let mut note = None;
        for _ in 0..MOST_QUESTIONS {
            let message = question(&preview, note);
            accepted(self.ask_person(consent, peer, message).await?)?;
            let now = self.preview(change, shown).await?;
            if now.digest() == preview.digest() {
                return Ok(now.into_named());
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
        shown: Shown<'_>,
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
        let preview = self.preview(change, shown).await?;
        let mut note = None;
        if let (Some(ticket), Some(_)) = (ticket, answer) {
            if ticket.digest == preview.digest() {
                let key = self.shared.spent.spend(ticket)?;
                let named = preview.into_named();
                return Ok(Weighed::Agreed(Agreed { key, named }));
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
        let asked = AskedCall {
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
    /// The person agreed to exactly this change.
    Agreed(Agreed),
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
            "Nothing was changed yet. This is what would happen:\n{}\nShow this to the user. Once they agree, within five minutes, call {tool} again with the same arguments and {CONSENT_TOKEN}: {token}",
            fenced(&shown)
        ),
        structured: json!({
            "confirmation_required": true,
            "preview": shown,
            CONSENT_TOKEN: token,
            "expires_in_seconds": LIFETIME.as_secs(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_alone_goes_on() {
        assert!(accepted(Answer::Accepted).is_ok());
        for answer in [Answer::Declined, Answer::Closed, Answer::Late] {
            let error = accepted(answer).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Declined, "{answer:?}");
            assert!(error.message().contains("nothing was changed"), "{error}");
        }
    }
}
