//! A TCP proxy before a real Odoo, which loses answers to `/mcp/execute`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// When the connection of the client is cut. Odoo always has the whole request by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As soon as Odoo has the request; Odoo goes on with it.
    Request,
    /// When Odoo has answered, and so has committed.
    Answer,
    /// The same, and from then on the proxy takes no connection.
    AnswerForGood,
}

/// The proxy, which runs until the test ends.
pub(crate) struct Proxy {
    port: u16,
    executed: Arc<AtomicUsize>,
}

impl Proxy {
    /// Stands before the Odoo of this address and cuts the first `times` answers off.
    pub(crate) async fn start<U: AsRef<str>>(odoo: &U, cut: Cut, times: usize) -> Self {
        let address = odoo.as_ref().strip_prefix("http://").expect("plain HTTP");
        let address = address.trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let executed = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&executed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let pass = pass(client, address.clone(), cut, times, Arc::clone(&count));
                if cut == Cut::AnswerForGood {
                    pass.await;
                    if count.load(Ordering::SeqCst) == times {
                        return;
                    }
                } else {
                    tokio::spawn(pass);
                }
            }
        });
        Self { port, executed }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many requests to execute something have reached Odoo.
    pub(crate) fn executed(&self) -> usize {
        self.executed.load(Ordering::SeqCst)
    }
}

/// Passes one request and its answer, with a connection of its own.
async fn pass(
    mut client: TcpStream,
    address: String,
    cut: Cut,
    times: usize,
    executed: Arc<AtomicUsize>,
) {
    let Some(request) = read_request(&mut client).await else {
        return;
    };
    let mut odoo = TcpStream::connect(address).await.unwrap();
    odoo.write_all(&request).await.unwrap();
    let is_execute = request.starts_with(b"POST /mcp/execute ");
    let is_cut = is_execute && executed.fetch_add(1, Ordering::SeqCst) < times;
    if is_cut && cut == Cut::Request {
        drop(client);
        // Odoo is not to notice that nobody waits.
        read_answer(&mut odoo).await;
        return;
    }
    let answer = read_answer(&mut odoo).await;
    if !is_cut {
        client.write_all(&answer).await.unwrap();
    }
}

async fn read_answer(odoo: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    odoo.read_to_end(&mut answer).await.unwrap();
    answer
}

/// The whole request, asking for a connection that ends with the answer; `None` when the client
/// has hung up.
async fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = client.read(&mut chunk).await.ok()?;
        if read == 0 {
            return None;
        }
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let start = head.len() + 4;
            if request.len() >= start + content_length(head) {
                let mut whole = head.as_bytes().to_vec();
                whole.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
                whole.extend_from_slice(&request[start..]);
                return Some(whole);
            }
        }
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0)
}
