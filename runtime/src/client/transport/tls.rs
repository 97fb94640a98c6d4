//! TLS to Odoo: whose certificates are trusted, and what is said when one is not.
//!
//! The system's authorities vouch for Odoo, unless a file names others: then these alone do.
//! There is one Odoo to connect to, so whoever names its authority needs no other one, and a
//! certificate that some public authority gives out for the same name by mistake is refused.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder};
use url::Url;

use crate::error::{Error, ErrorKind, Result};

/// How rustls begins what it says of a certificate that it refuses (`rustls::Error`).
const REFUSED: &str = "invalid peer certificate";
/// What it says, and what the verifiers of platforms say, of an authority that nobody knows.
const UNKNOWN_AUTHORITY: [&str; 2] = ["UnknownIssuer", "not trusted"];

/// Lets the authorities in this PEM file alone vouch for Odoo.
///
/// # Errors
/// [`ErrorKind::Configuration`] when the file cannot be read or has no certificate.
pub(super) fn trust_only(builder: ClientBuilder, file: &Path) -> Result<ClientBuilder> {
    let failed = |why: String| {
        Error::new(
            ErrorKind::Configuration,
            format!("the certificates in {} cannot be used: {why}", file.display()),
        )
        .with_hint("ODOO_CA_FILE (--ca-file) is a file of certificates in PEM (BEGIN CERTIFICATE), those of the authorities that sign Odoo's.")
    };
    let text = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
    let certificates =
        Certificate::from_pem_bundle(&text).map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("there are none".to_owned()));
    }
    Ok(builder.tls_certs_only(certificates))
}

/// What a person can do about a connection that failed over a certificate; `None` where it
/// failed over something else.
pub(super) fn explain(origin: &Url, cause: &str) -> Option<Error> {
    let why = cause.split_once(REFUSED)?.1.trim_start_matches([':', ' ']);
    let error = Error::new(
        ErrorKind::Unreachable,
        format!("the certificate that {origin} shows is refused: {why}"),
    );
    let is_unknown = UNKNOWN_AUTHORITY.iter().any(|text| why.contains(text));
    Some(if is_unknown {
        error.with_hint(
            "No authority that is trusted here has signed it. Where it is one of the company's own, name its certificate: ODOO_CA_FILE (--ca-file), in PEM.",
        )
    } else {
        error.with_hint(
            "It must not have expired and must be for the host in ODOO_URL; ODOO_CA_FILE (--ca-file) says which authorities count. Certificates are always verified.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_is_told_from_other_failures() {
        let origin = Url::parse("https://odoo.example").unwrap();
        let unknown = explain(&origin, "invalid peer certificate: UnknownIssuer").unwrap();
        assert!(unknown.to_string().contains("in PEM"), "{unknown}");
        let expired = explain(&origin, "invalid peer certificate: Expired").unwrap();
        assert!(expired.to_string().contains("expired"), "{expired}");
        assert!(explain(&origin, "Connection refused (os error 111)").is_none());
    }
}
