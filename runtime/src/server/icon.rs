//! The server's icon: a hub with four records around it, the same drawing as the Odoo module's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::Icon;

const DRAWING: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 128 128'>\
<rect width='128' height='128' rx='22' fill='#1f4e5f'/>\
<path d='M30 34l68 60M98 34L30 94' stroke='#fff' stroke-width='5'/>\
<g fill='#fff'><circle cx='98' cy='34' r='11'/><circle cx='30' cy='94' r='11'/><circle cx='64' cy='64' r='19'/></g>\
<g fill='#f2a65a'><circle cx='30' cy='34' r='11'/><circle cx='98' cy='94' r='11'/></g>\
<circle cx='64' cy='64' r='10' fill='#1f4e5f'/></svg>";

/// The icon, in the URI itself: no client has to fetch anything to show it.
pub(super) fn server_icon() -> Icon {
    let src = format!("data:image/svg+xml;base64,{}", STANDARD.encode(DRAWING));
    Icon::new(src)
        .with_mime_type("image/svg+xml")
        .with_sizes(vec!["any".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_small() {
        assert!(server_icon().src.len() < 1024);
    }
}
