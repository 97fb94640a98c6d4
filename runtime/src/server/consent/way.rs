//! How the person behind a client is asked.

use std::sync::atomic::Ordering;

use rmcp::model::{
    CallToolRequestParams, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    InputRequest, InputRequests, InputRequiredResult,
};
use rmcp::service::{Peer, RequestContext, RoleServer, ServiceError};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::{Consent, ConsentMode, LIFETIME};
use crate::error::{Error, ErrorKind, Result};
use crate::server::UserSession;

/// The name of the question in a result that asks (2026-07-28).
const QUESTION: &str = "consent";

/// The way to the person behind one call.
pub(super) enum Way {
    /// Nobody is asked: whoever started the server wants it so.
    NotAsked,
    /// The client cannot ask, and nothing else was allowed.
    CannotAsk,
    /// A request to the client while the call waits: protocol versions before 2026-07-28.
    Dialogue(Peer<RoleServer>),
    /// A result that asks, and the same call again with the answer: since 2026-07-28.
    Rounds {
        state: Option<String>,
        answer: Option<Answer>,
    },
    /// A preview, and the same call again with its token.
    Token(Option<String>),
}

/// What a person did with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    Declined,
    /// Closed without an answer.
    Closed,
    /// None came in time.
    Late,
}

/// The places of a call among the calls of its user and of all users, in this order.
pub(in crate::server) struct Places {
    pub(in crate::server) _own: OwnedSemaphorePermit,
    pub(in crate::server) _among_all: OwnedSemaphorePermit,
}

impl Way {
    /// The name of the way, in logs.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::NotAsked => "off",
            Self::CannotAsk => "impossible",
            Self::Dialogue(_) | Self::Rounds { .. } => "elicitation",
            Self::Token(_) => "token",
        }
    }

    pub(super) fn of(
        mode: ConsentMode,
        request: &CallToolRequestParams,
        token: Option<Value>,
        context: &RequestContext<RoleServer>,
    ) -> Self {
        let token = token.map(|token| match token {
            Value::String(text) => text,
            // No text is no token of ours, and refused as such.
            other => other.to_string(),
        });
        let can_be_asked = context
            .client_capabilities()
            .and_then(|capabilities| capabilities.elicitation)
            // One that names no kind at all means forms, the only kind there was at first.
            .is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none());
        match mode {
            ConsentMode::Off => Self::NotAsked,
            ConsentMode::Token => Self::Token(token),
            ConsentMode::Auto if !can_be_asked => Self::Token(token),
            ConsentMode::Elicit if !can_be_asked => Self::CannotAsk,
            // Only clients of 2026-07-28 and later say in each request what they can do.
            ConsentMode::Auto | ConsentMode::Elicit
                if context.meta.client_capabilities().is_some() =>
            {
                Self::Rounds {
                    state: request.request_state.clone(),
                    answer: request
                        .input_responses
                        .as_ref()
                        .and_then(|answers| answers.get(QUESTION))
                        .map(Answer::of_round),
                }
            }
            ConsentMode::Auto | ConsentMode::Elicit => Self::Dialogue(context.peer.clone()),
        }
    }
}

impl Answer {
    fn of_round(answer: &Value) -> Self {
        match answer.get("action").and_then(Value::as_str) {
            Some("accept") => Self::Accepted,
            Some("decline") => Self::Declined,
            _ => Self::Closed,
        }
    }

    fn of_dialogue(answer: std::result::Result<ElicitResult, ServiceError>) -> Result<Self> {
        match answer {
            Ok(answer) => Ok(match answer.action {
                ElicitationAction::Accept => Self::Accepted,
                ElicitationAction::Decline => Self::Declined,
                _ => Self::Closed,
            }),
            Err(ServiceError::Timeout { .. }) => Ok(Self::Late),
            Err(error) => Err(Error::new(
                ErrorKind::AccessDenied,
                format!("the client did not ask the user ({error}); nothing was changed"),
            )),
        }
    }
}

impl UserSession {
    /// Asks now, and waits for the answer without keeping others from their calls.
    pub(super) async fn ask_person(
        &self,
        consent: &Consent,
        peer: &Peer<RoleServer>,
        message: String,
    ) -> Result<Answer> {
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message,
            requested_schema: nothing_but_yes()?,
        };
        drop(consent.places.lock().await.take());
        consent.person_is_asked.store(true, Ordering::Relaxed);
        let asked = peer.create_elicitation_with_timeout(form, Some(LIFETIME));
        let answer = tokio::select! {
            answer = self.shared.while_open(asked) => answer,
            // rmcp does not end a question when the call that asks it ends.
            () = consent.cancellation.cancelled() => {
                return Err(Error::new(
                    ErrorKind::Cancelled,
                    "the call was cancelled while the user was asked",
                ));
            }
        };
        consent.person_is_asked.store(false, Ordering::Relaxed);
        let Some(answer) = answer else {
            return Err(Error::new(
                ErrorKind::Cancelled,
                "the client has left while the user was asked; nothing was changed",
            ));
        };
        *consent.places.lock().await = Some(self.take_places().await?);
        Answer::of_dialogue(answer)
    }
}

/// A form without fields: to send it off is to agree.
fn nothing_but_yes() -> Result<ElicitationSchema> {
    serde_json::from_value(json!({"type": "object", "properties": {}}))
        .map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))
}

/// A result that asks this question; `state` comes back with its answer.
pub(super) fn form_question(message: &str, state: String) -> Result<InputRequiredResult> {
    let question: InputRequest = serde_json::from_value(json!({
        "method": "elicitation/create",
        "params": {
            "mode": "form",
            "message": message,
            "requestedSchema": nothing_but_yes()?,
        }
    }))
    .map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))?;
    let questions = InputRequests::from([(QUESTION.to_owned(), question)]);
    Ok(InputRequiredResult::new(Some(questions), Some(state)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_one() {
        for (given, expected) in [
            (json!({"action": "accept", "content": {}}), Answer::Accepted),
            (json!({"action": "decline"}), Answer::Declined),
            (json!({"action": "cancel"}), Answer::Closed),
            (json!({"action": "Accept"}), Answer::Closed),
            (json!({"content": {"action": "accept"}}), Answer::Closed),
            (json!("accept"), Answer::Closed),
        ] {
            assert_eq!(Answer::of_round(&given), expected, "{given}");
        }
    }

    #[test]
    fn the_question_is_a_form_that_clients_can_show() {
        let question = form_question("Delete?", "sealed".to_owned()).unwrap();
        let wire = serde_json::to_value(question).unwrap();
        let form = &wire["inputRequests"][QUESTION];
        assert_eq!(form["method"], "elicitation/create");
        assert_eq!(form["params"]["message"], "Delete?");
        assert_eq!(
            form["params"]["requestedSchema"],
            json!({"type": "object", "properties": {}})
        );
        assert_eq!(wire["requestState"], "sealed");
    }
}
