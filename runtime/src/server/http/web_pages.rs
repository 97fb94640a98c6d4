//! Web pages that may call the server (`--allow-origin`).
//!
//! A browser asks first whether a page of another origin may send credentials, and shows the
//! page nothing of the answers unless they say that it may read them (the Fetch standard,
//! "CORS protocol"). Pages of any other origin hear nothing of this; their requests are
//! refused like everybody's from there.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use url::Url;

use super::Site;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");

/// What a page needs to see, besides the body.
const READABLE: HeaderValue =
    HeaderValue::from_static("Mcp-Session-Id, WWW-Authenticate, Retry-After");

/// Seconds for which a browser need not ask again.
const LASTS: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may call.
pub(super) struct WebPages {
    allowed: Vec<Allowed>,
}

struct Allowed {
    scheme: String,
    host: String,
    /// `None` allows all.
    port: Option<u16>,
}

impl WebPages {
    /// Pages of these origins (`https://app.example.com:443`; `:*` or no port means any).
    pub(super) fn of(origins: &[String]) -> Self {
        let allowed = origins.iter().filter_map(|origin| Allowed::read(origin));
        Self {
            allowed: allowed.collect(),
        }
    }

    /// The origin of a request from a page that may call.
    fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let header = headers.get(header::ORIGIN)?;
        let origin = Url::parse(header.to_str().ok()?).ok()?;
        let is_allowed = self.allowed.iter().any(|allowed| allowed.admits(&origin));
        is_allowed.then(|| header.clone())
    }
}

impl Allowed {
    fn read(origin: &str) -> Option<Self> {
        let (text, is_any) = match origin.strip_suffix(":*") {
            Some(text) => (text, true),
            None => (origin, false),
        };
        let url = Url::parse(text).ok()?;
        // The port that is the scheme's own is not kept by the parser, so the text decides.
        let after_host = text.rsplit_once(']').map_or(text, |(_, after)| after);
        let names_port = after_host
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.trim_end_matches('/').parse::<u16>().is_ok());
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url
                .port_or_known_default()
                .filter(|_| names_port && !is_any),
        })
    }

    fn admits(&self, origin: &Url) -> bool {
        self.scheme == origin.scheme()
            && origin.host_str() == Some(self.host.as_str())
            && (self.port.is_none() || self.port == origin.port_or_known_default())
    }
}

/// Tells browsers which pages may call and read.
pub(super) async fn answer_browsers(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let Some(origin) = site.web_pages.origin(request.headers()) else {
        return next.run(request).await;
    };
    let wishes = request.headers();
    let mut response = if request.method() == Method::OPTIONS
        && wishes.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        let asked = wishes.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, LASTS);
        if let Some(asked) = asked {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        }
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allowed: &str, origin: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        WebPages::of(&[allowed.to_owned()])
            .origin(&headers)
            .is_some()
    }

    #[test]
    fn origins_are_compared_as_a_whole() {
        for (allowed, origin) in [
            ("https://app.example.com:443", "https://app.example.com"),
            ("https://app.example.com", "https://app.example.com"),
            ("https://app.example.com", "https://app.example.com:8443"),
            ("http://localhost:*", "http://localhost:5173"),
            ("http://[::1]:8808", "http://[::1]:8808"),
            ("http://[::1]", "http://[::1]:5173"),
        ] {
            assert!(admits(allowed, origin), "{allowed} {origin}");
        }
        for (allowed, origin) in [
            ("https://app.example.com:443", "http://app.example.com"),
            (
                "https://app.example.com:443",
                "https://app.example.com:8443",
            ),
            ("https://app.example.com", "https://app.example.com.evil"),
            ("https://example.com", "https://app.example.com"),
            ("http://[::1]:8808", "http://[::1]:5173"),
            ("no origin", "https://app.example.com"),
            ("https://app.example.com", "null"),
        ] {
            assert!(!admits(allowed, origin), "{allowed} {origin}");
        }
    }
}
