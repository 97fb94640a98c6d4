//! The three ways to the same read, each as lean as a caller can be, so that little of what is measured is the caller's.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio as Pipe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, COOKIE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::target::Target;

const MODEL: &str = "res.partner";
const FIELDS: [&str; 3] = ["name", "email", "phone"];
/// The company's own contact: every Odoo has it.
const RECORD: i64 = 1;
/// How long the server has to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// One way to Odoo.
pub(super) enum Way {
    /// Odoo's own JSON-RPC route.
    Direct(Direct),
    /// The server over standard input and output.
    Stdio(Stdio),
    /// The server over HTTP.
    Http(Http),
}

impl Way {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Direct(_) => "Odoo directly",
            Self::Stdio(_) => "standard input and output",
            Self::Http(_) => "HTTP",
        }
    }

    /// Reads three fields of one record.
    pub(super) async fn read(&self) -> Result<(), Error> {
        let answer = match self {
            Self::Direct(direct) => direct.read().await?,
            Self::Stdio(server) => server.request("tools/call", &read_call()).await?,
            Self::Http(server) => server.request("tools/call", &read_call()).await?.1,
        };
        let is_good = answer.get("error").is_none() && answer["result"]["isError"] != true;
        if is_good {
            Ok(())
        } else {
            Err(Error::Usage(format!("a call failed: {answer}")))
        }
    }
}

fn read_call() -> Value {
    json!({"name": "odoo_read", "arguments": {"model": MODEL, "id": RECORD, "fields": FIELDS}})
}

fn initialize() -> Value {
    json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    })
}

fn envelope(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
fn broken(error: impl std::fmt::Display) -> Error {
    Error::Usage(format!("the connection broke: {error}"))
}

/// Odoo's own route, with a session of the web client.
pub(super) struct Direct {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

impl Direct {
    pub(super) async fn sign_in(target: &Target) -> Result<Self, Error> {
        let url = target.url.clone().unwrap_or_default();
        let login = json!({"db": target.db, "login": target.user, "password": target.password});
        let http = reqwest::Client::new();
        let answer = http
            .post(format!("{url}/web/session/authenticate"))
            .json(&envelope(0, "call", &login))
            .send()
            .await
            .map_err(broken)?;
        let cookie = answer
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
            .find(|cookie| cookie.starts_with("session_id="))
            .map(str::to_owned)
            .ok_or_else(|| Error::Usage("Odoo did not open a session".to_owned()))?;
        Ok(Self { http, url, cookie })
    }

    async fn read(&self) -> Result<Value, Error> {
        let args = json!([[RECORD], FIELDS]);
        self.call(MODEL, "read", &args, &json!({})).await
    }

    /// Calls a public method of a model; the answer is the whole envelope.
    pub(super) async fn call(
        &self,
        model: &str,
        method: &str,
        args: &Value,
        kwargs: &Value,
    ) -> Result<Value, Error> {
        let params = json!({"model": model, "method": method, "args": args, "kwargs": kwargs});
        self.http
            .post(format!("{}/web/dataset/call_kw/{model}/{method}", self.url))
            .header(COOKIE, &self.cookie)
            .json(&envelope(1, "call", &params))
            .send()
            .await
            .map_err(broken)?
            .json()
            .await
            .map_err(broken)
    }
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// The server as a client starts it.
pub(super) struct Stdio {
    _child: Child,
    input: tokio::sync::Mutex<ChildStdin>,
    waiting: Waiting,
    ids: AtomicU64,
}

impl Stdio {
    pub(super) async fn start(
        server: &Path,
        target: &Target,
        arguments: &[&str],
    ) -> Result<Self, Error> {
        let mut child = spawn(server, target, arguments, Pipe::piped())?;
        let gone = || Error::Usage("the server has no standard input or output".to_owned());
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let waiting = Waiting::default();
        let waiters = Arc::clone(&waiting);
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(message) = serde_json::from_str::<Value>(&line) else {
                    continue;
                };
                let waiter = message["id"]
                    .as_u64()
                    .and_then(|id| lock(&waiters).remove(&id));
                if let Some(waiter) = waiter {
                    let _ = waiter.send(message);
                }
            }
        });
        let started = Self {
            _child: child,
            input: tokio::sync::Mutex::new(input),
            waiting,
            ids: AtomicU64::new(1),
        };
        started.request("initialize", &initialize()).await?;
        started
            .write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await?;
        Ok(started)
    }

    /// Lists the tools of the first page and counts them.
    pub(super) async fn first_page(&self) -> Result<usize, Error> {
        let answer = self.request("tools/list", &json!({})).await?;
        Ok(answer["result"]["tools"].as_array().map_or(0, Vec::len))
    }

    pub(super) async fn request(&self, method: &str, params: &Value) -> Result<Value, Error> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).insert(id, sender);
        self.write(&envelope(id, method, params)).await?;
        answer.await.map_err(broken)
    }

    async fn write(&self, message: &Value) -> Result<(), Error> {
        let line = format!("{message}\n");
        let mut input = self.input.lock().await;
        input.write_all(line.as_bytes()).await.map_err(broken)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn(server: &Path, target: &Target, arguments: &[&str], input: Pipe) -> Result<Child, Error> {
    let mut command = std::process::Command::new(server);
    target.apply(&mut command);
    Command::from(command)
        .args(arguments)
        .stdin(input)
        .stdout(Pipe::piped())
        .stderr(Pipe::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::Spawn {
            program: server.display().to_string(),
            source,
        })
}

/// The server as a team shares it, here with the user of its environment.
pub(super) struct Http {
    child: Child,
    client: reqwest::Client,
    url: String,
    ids: AtomicU64,
    session: Option<String>,
    _folder: Folder,
}

/// A folder of this process alone, which goes with it.
struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Http {
    pub(super) async fn start(
        server: &Path,
        target: &Target,
        arguments: &[&str],
    ) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("butopea-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let folder = Folder(folder);
        let file = folder.0.join("address");
        let address = file.display().to_string();
        let mut all = vec!["--http", "127.0.0.1:0", "--http-address-file", &address];
        // The point is to see how fast it can be.
        all.extend(["--rate-limit", "1000000"]);
        all.extend(arguments);
        let child = spawn(server, target, &all, Pipe::null())?;
        let listening = async {
            loop {
                if let Ok(url) = std::fs::read_to_string(&file) {
                    return url;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let url = tokio::time::timeout(PATIENCE, listening)
            .await
            .map_err(|_| Error::Usage("the server does not listen".to_owned()))?;
        let mut started = Self {
            child,
            client: reqwest::Client::new(),
            url,
            ids: AtomicU64::new(1),
            session: None,
            _folder: folder,
        };
        if arguments.contains(&"--http-sessions") {
            started.session = started.open_session().await?;
        }
        Ok(started)
    }

    /// Opens a session as a client does, and leaves it open.
    pub(super) async fn open_session(&self) -> Result<Option<String>, Error> {
        let (headers, answer) = self.request("initialize", &initialize()).await?;
        if answer["result"]["serverInfo"].is_null() {
            return Err(Error::Usage(format!("no session was opened: {answer}")));
        }
        let id = headers.get("mcp-session-id");
        Ok(id.and_then(|id| id.to_str().ok()).map(str::to_owned))
    }

    async fn request(&self, method: &str, params: &Value) -> Result<(HeaderMap, Value), Error> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let mut request = self
            .client
            .post(&self.url)
            .header(ACCEPT, "application/json, text/event-stream")
            .json(&envelope(id, method, params));
        if let Some(session) = self.session.as_deref().filter(|_| method != "initialize") {
            request = request.header("mcp-session-id", session);
        }
        let answer = request.send().await.map_err(broken)?;
        let headers = answer.headers().clone();
        let text = answer.text().await.map_err(broken)?;
        Ok((headers, last_message(&text)?))
    }

    /// The memory that the server takes now, in bytes.
    pub(super) fn resident(&self) -> Result<u64, Error> {
        let process = self.child.id().unwrap_or_default();
        let path = format!("/proc/{process}/status");
        let status = std::fs::read_to_string(&path).map_err(Error::io("read", path.as_ref()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .and_then(|number| number.trim().parse::<u64>().ok());
        Ok(kilobytes.unwrap_or(0) * 1024)
    }
}

/// The answer: the body itself, or the last event of a stream.
fn last_message(text: &str) -> Result<Value, Error> {
    let data = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .rfind(|data| !data.trim().is_empty())
        .unwrap_or(text);
    serde_json::from_str(data.trim()).map_err(|source| Error::Json {
        what: "the server's answer".to_owned(),
        source,
    })
}
