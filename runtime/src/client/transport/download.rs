//! Bytes instead of JSON: files and documents from the routes that a browser downloads from,
//! with the session, the re-login and the retry of every other read.
//!
//! Such a route answers a session that has expired with the way to the login page, and a
//! failure with a page. Only an answer of success is bytes, and never more than were asked for.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION};

use super::answer::{check_status, retry_after};
use super::session::{Session, cookie_header, session_cookie};
use super::tries::Failure;
use super::{Answer, Effect, Transport};
use crate::error::{Error, ErrorKind, Result};

/// What a route sent.
#[derive(Debug)]
pub(in crate::client) struct Download {
    /// The type that the route named, in lower case and without parameters.
    pub(in crate::client) mime_type: String,
    /// All of it.
    pub(in crate::client) bytes: Vec<u8>,
}

impl Transport {
    /// Gets what `path` has for the signed-in user, at most `max_bytes` of it.
    pub(in crate::client) async fn download(
        &self,
        path: &str,
        query: &[(&str, &str)],
        max_bytes: u64,
    ) -> Result<Download> {
        self.try_signed_in(Effect::Read, |session, time_left| async move {
            self.get(path, query, max_bytes, (&session, time_left))
                .await
        })
        .await
    }

    async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        max_bytes: u64,
        (session, time_left): (&Session, Duration),
    ) -> Result<Download, Failure> {
        let failed = |error: reqwest::Error| self.explain_http(&error);
        let mut url = self.url_of(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let cookie = self.current_cookie(session);
        let mut response = self
            .http
            .get(url)
            .header(COOKIE, cookie_header(&cookie)?)
            .timeout(time_left)
            .send()
            .await
            .map_err(failed)?;
        if let Some(cookie) = session_cookie(response.headers()) {
            self.rotate_cookie(session.generation, cookie);
        }
        self.refuse_failure(path, response.status(), response.headers())?;
        if let Some(size) = response.content_length().filter(|size| *size > max_bytes) {
            return Err(too_large(Some(size), max_bytes).into());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() as u64 + chunk.len() as u64 > max_bytes {
                return Err(too_large(None, max_bytes).into());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Download {
            mime_type: mime_type(response.headers()),
            bytes,
        })
    }

    /// Everything but success, by its status alone: the page that comes with it is for people.
    fn refuse_failure(
        &self,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), Failure> {
        let location = headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        if status.is_redirection()
            && let Some(location) = &location
            && self.leads_to_login(location)
        {
            let expired = Error::new(ErrorKind::SessionExpired, "the Odoo session has expired");
            return Err(expired.into());
        }
        if status == StatusCode::NOT_FOUND {
            let nothing = format!("Odoo has nothing for this user at {path}");
            return Err(Error::new(ErrorKind::MissingRecord, nothing).into());
        }
        let answer = Answer {
            status,
            location,
            cookie: None,
            retry_after: retry_after(headers),
            body: Vec::new(),
        };
        check_status(&self.config.url, path, &answer)
    }

    /// Odoo's own login page, also below a language (`/fr/web/login`, module `http_routing`).
    fn leads_to_login(&self, location: &str) -> bool {
        self.config.url.join(location).is_ok_and(|target| {
            target.origin() == self.config.url.origin() && target.path().ends_with("/web/login")
        })
    }
}

fn too_large(size: Option<u64>, max_bytes: u64) -> Error {
    let size = size.map_or_else(|| "more".to_owned(), |size| format!("{size} bytes"));
    Error::new(
        ErrorKind::TooLarge,
        format!("Odoo sends {size}; at most {max_bytes} bytes are taken"),
    )
}

fn mime_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::client::{Config, Credentials};

    /// A server that gives these answers, one a connection, and the paths that were asked for.
    fn serve(answers: Vec<String>) -> (Transport, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                asked.push(request.lines().next().unwrap_or_default().to_owned());
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        let key = "k".to_owned().into();
        let mut config = Config::new(&address, Credentials::ApiKey { key }).unwrap();
        config.database = None;
        (Transport::new(config).unwrap(), asked)
    }

    fn answer(head: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn login(session: &str) -> String {
        answer(
            &format!("200 OK\r\nSet-Cookie: session_id={session}; Path=/"),
            r#"{"jsonrpc": "2.0", "id": 1, "result": {"uid": 7}}"#,
        )
    }

    #[tokio::test]
    async fn an_expired_session_is_replaced_once() {
        let to_login = answer("303 SEE OTHER\r\nLocation: /fr/web/login?redirect=x", "");
        let (transport, asked) = serve(vec![
            login("a"),
            to_login,
            login("b"),
            answer("200 OK\r\nContent-Type: Text/CSV; charset=utf-8", "a,b"),
        ]);
        let got = transport
            .download("/web/content/7", &[("q", "ä&b")], 3)
            .await
            .unwrap();
        assert_eq!(
            (got.mime_type.as_str(), got.bytes.as_slice()),
            ("text/csv", &b"a,b"[..])
        );
        let asked = asked.join().unwrap();
        assert_eq!(asked[3], "GET /web/content/7?q=%C3%A4%26b HTTP/1.1");
    }

    #[tokio::test]
    async fn other_addresses_are_not_followed() {
        let away = answer("302 FOUND\r\nLocation: https://evil.example/web/login", "");
        let (transport, _) = serve(vec![login("a"), away]);
        let error = transport
            .download("/web/content/7", &[], 9)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }

    #[tokio::test]
    async fn no_more_is_taken_than_was_asked_for() {
        let told = answer("200 OK", "abcd");
        let untold = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd".to_owned();
        for large in [told, untold] {
            let (transport, _) = serve(vec![login("a"), large]);
            let error = transport
                .download("/web/content/7", &[], 3)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_missing() {
        let (transport, _) = serve(vec![login("a"), answer("404 NOT FOUND", "page")]);
        let error = transport
            .download("/web/content/7", &[], 9)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRecord);
    }
}
