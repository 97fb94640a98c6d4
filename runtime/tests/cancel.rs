//! Calls that are cancelled while they run, against a stand-in that does what the module does:
//! it works on a request until `/mcp/cancel` names it. The same runs against a real Odoo in the
//! end-to-end tests.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::sync::{Arc, Mutex};
use std::time::Duration;

use butopea_runtime::ErrorKind;
use butopea_runtime::client::{Cancellation, Client, Config, Context, Credentials, SearchRead};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the stand-in does with a request that is to be cancelled.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// It rolls it back, the first time that it is asked.
    Obeys,
    /// It does not hear before this many times.
    HearsAt(usize),
    /// It finishes the request all the same.
    IsTooLate,
    /// It knows neither tokens nor the route.
    IsOld,
}

struct Module {
    habit: Habit,
    requests: Mutex<Vec<(String, Value)>>,
    arrived: Notify,
    cancelled: Notify,
}

impl Module {
    /// Serves on a free port; returns a client of it.
    async fn start(habit: Habit) -> (Arc<Self>, Client) {
        let module = Arc::new(Self {
            habit,
            requests: Mutex::default(),
            arrived: Notify::new(),
            cancelled: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::clone(&module);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                tokio::spawn(async move { served.serve(stream).await });
            }
        });
        let credentials = Credentials::Password {
            login: "admin".to_owned(),
            password: "admin".into(),
        };
        let mut config = Config::new(&format!("http://{address}"), credentials).unwrap();
        config.database = Some("odoo".to_owned());
        (module, Client::new(config).unwrap())
    }

    async fn serve(&self, mut stream: TcpStream) {
        let Some((path, params)) = read_request(&mut stream).await else {
            return;
        };
        self.requests
            .lock()
            .unwrap()
            .push((path.clone(), params.clone()));
        let body = match path.as_str() {
            "/web/session/authenticate" => Some(json!({"result": {"uid": 2}})),
            "/mcp/capabilities" => {
                let features: &[&str] = if self.habit == Habit::IsOld {
                    &[]
                } else {
                    &["cancel"]
                };
                let user = json!({"id": 2, "name": "Admin", "login": "admin"});
                Some(json!({"result": {"user": user, "models": [], "features": features}}))
            }
            "/mcp/cancel" if self.habit != Habit::IsOld => Some(self.cancel(&params)),
            "/mcp/cancel" => None,
            _ => {
                self.arrived.notify_one();
                Some(self.work(&path).await)
            }
        };
        let (status, text) = match body {
            Some(body) => ("200 OK", merge(body).to_string()),
            None => ("404 NOT FOUND", "<h1>Not Found</h1>".to_owned()),
        };
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Set-Cookie: session_id=abc; Path=/\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        // The client may have left.
        let _ = stream.write_all(response.as_bytes()).await;
    }

    /// Works until it is cancelled; an old one for a second.
    async fn work(&self, path: &str) -> Value {
        let done = if path == "/mcp/search" {
            json!({"result": {"records": [], "count": 0, "total": 0}})
        } else {
            json!({"result": {"success": true, "ids": [7]}})
        };
        if self.habit == Habit::IsOld {
            tokio::time::sleep(Duration::from_secs(1)).await;
            return done;
        }
        self.cancelled.notified().await;
        if self.habit == Habit::IsTooLate {
            return done;
        }
        json!({"error": {"code": 200, "message": "Odoo Server Error", "data": {
            "name": "psycopg2.errors.QueryCanceled",
            "message": "canceling statement due to user request",
        }}})
    }

    fn cancel(&self, params: &Value) -> Value {
        let asked = self.sent("/mcp/cancel").len();
        let names = self.sent("/mcp/execute").into_iter();
        let is_known = names
            .chain(self.sent("/mcp/search"))
            .any(|request| request["request_token"] == params["request_token"]);
        let hears = match self.habit {
            Habit::HearsAt(times) => asked >= times,
            _ => true,
        };
        if is_known && hears {
            self.cancelled.notify_one();
        }
        json!({"result": {"cancelled": is_known && hears}})
    }

    /// The parameters of what came to this path.
    fn sent(&self, path: &str) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|(to, _)| to == path)
            .map(|(_, params)| params.clone())
            .collect()
    }
}

fn merge(mut body: Value) -> Value {
    body["jsonrpc"] = json!("2.0");
    body["id"] = json!(1);
    body
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap_or(0);
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(envelope) = serde_json::from_str::<Value>(body)
        {
            let path = head.split_whitespace().nth(1).unwrap_or_default();
            return Some((path.to_owned(), envelope["params"].clone()));
        }
    }
}

async fn search(client: Client) -> butopea_runtime::Result<()> {
    let search = SearchRead::new("res.partner");
    client.search_read(&search, &Context::new()).await.map(drop)
}

async fn write(client: Client) -> butopea_runtime::Result<()> {
    let values = Map::from_iter([("name".to_owned(), json!("x"))]);
    client
        .write("res.partner", &[7], values, &Context::new())
        .await
}

/// Runs `work` in a scope and cancels it when its request has arrived.
async fn cancel_midway(
    module: &Module,
    work: impl Future<Output = butopea_runtime::Result<()>> + Send + 'static,
) -> (butopea_runtime::Result<()>, Cancellation) {
    let cancellation = Cancellation::new();
    let running = tokio::spawn(cancellation.scope(work));
    module.arrived.notified().await;
    cancellation.cancel();
    (running.await.unwrap(), cancellation)
}

#[tokio::test]
async fn what_odoo_rolls_back_was_cancelled() {
    for is_read in [true, false] {
        let (module, client) = Module::start(Habit::Obeys).await;
        let (outcome, cancellation) = if is_read {
            cancel_midway(&module, search(client)).await
        } else {
            cancel_midway(&module, write(client)).await
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
        assert!(error.message().contains("changed nothing"), "{error}");
        assert!(!error.kind().is_transient());
        assert!(!cancellation.has_changed_something());
        assert_eq!(module.sent("/mcp/cancel").len(), 1);
    }
}

#[tokio::test]
async fn a_change_that_was_too_far_succeeds() {
    let (module, client) = Module::start(Habit::IsTooLate).await;
    let (outcome, cancellation) = cancel_midway(&module, write(client)).await;
    outcome.unwrap();
    assert!(cancellation.has_changed_something());
}

#[tokio::test]
async fn odoo_is_asked_again_until_the_request_ends() {
    let (module, client) = Module::start(Habit::HearsAt(3)).await;
    let (outcome, _) = cancel_midway(&module, write(client)).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(module.sent("/mcp/cancel").len(), 3);
}

#[tokio::test]
async fn each_request_has_its_own_token() {
    let (module, client) = Module::start(Habit::IsTooLate).await;
    let cancellation = Cancellation::new();
    for _ in 0..2 {
        module.cancelled.notify_one();
        cancellation.scope(write(client.clone())).await.unwrap();
    }
    module.cancelled.notify_one();
    write(client).await.unwrap();
    let sent = module.sent("/mcp/execute");
    let tokens: Vec<&str> = sent
        .iter()
        .filter_map(|params| params.get("request_token")?.as_str())
        .collect();
    assert_eq!(tokens.len(), 2, "none without a scope");
    assert_ne!(tokens[0], tokens[1]);
    for token in tokens {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        assert!(token.len() >= 16 && token.bytes().all(is_safe), "{token}");
    }
}

#[tokio::test]
async fn nothing_is_sent_after_the_wish() {
    let (module, client) = Module::start(Habit::Obeys).await;
    let later = client.clone();
    let (outcome, cancellation) = cancel_midway(&module, async move {
        assert!(search(client).await.is_err());
        write(later).await
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(error.message().contains("before it was sent"), "{error}");
    assert!(module.sent("/mcp/execute").is_empty());
    assert!(cancellation.is_cancelled());
}

#[tokio::test]
async fn an_old_module_is_left_to_finish_changes() {
    let (module, client) = Module::start(Habit::IsOld).await;
    // Nobody knows yet that it is an old one.
    let (outcome, _) = cancel_midway(&module, write(client.clone())).await;
    outcome.unwrap();
    assert_eq!(module.sent("/mcp/cancel").len(), 1);
    // Now everybody does, and it sees nothing that it does not know.
    client.capabilities(&Context::new()).await.unwrap();
    let (outcome, cancellation) = cancel_midway(&module, write(client.clone())).await;
    outcome.unwrap();
    assert!(cancellation.has_changed_something());
    let (outcome, _) = cancel_midway(&module, search(client)).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Cancelled,
        "reads are not waited for"
    );
    assert!(error.message().contains("may go on"), "{error}");
    assert_eq!(module.sent("/mcp/cancel").len(), 1);
    let tokens: Vec<bool> = module
        .sent("/mcp/execute")
        .iter()
        .chain(&module.sent("/mcp/search"))
        .map(|params| params.get("request_token").is_some())
        .collect();
    assert_eq!(tokens, [true, false, false]);
}

#[tokio::test]
async fn a_statement_that_others_ended_was_not_cancelled() {
    let (module, client) = Module::start(Habit::Obeys).await;
    module.cancelled.notify_one();
    let error = Cancellation::new().scope(write(client)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    assert!(error.message().contains("longer than the database allows"));
}
