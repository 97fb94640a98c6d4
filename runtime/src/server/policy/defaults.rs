//! What is closed without any option, each with the reason.
//!
//! These are the models of the module's own rules (`addons/butopea_mcp/data/mcp_rule.xml`). It
//! tells five operations apart; here a model is closed, or may be read. Keys of users are closed
//! whole: the work that an assistant does needs not even their names.

/// Models that nothing touches.
pub(super) const CLOSED: [(&str, &str); 15] = [
    ("butopea.mcp.*", "who can change the rules has none"),
    ("ir.config_parameter", "holds secrets, also of modules"),
    ("ir.mail_server", "holds the password of outgoing mail"),
    ("fetchmail.server", "holds the password of incoming mail"),
    ("res.config.settings", "shows and writes parameters"),
    ("payment.provider", "holds keys of payment services"),
    ("iap.account", "holds tokens that buy services"),
    ("auth.oauth.provider", "decides who may sign in"),
    ("certificate.key", "holds private keys"),
    ("certificate.certificate", "holds passwords of certificates"),
    ("res.users.apikeys*", "keys that sign in as a user"),
    ("res.users.identitycheck", "asks a user for the password"),
    ("auth_totp.*", "second factors and trusted devices"),
    ("auth.passkey.*", "keys that sign in as a user"),
    ("change.password.*", "sets passwords"),
];

/// Models that may be read, and neither changed nor run.
pub(super) const ONLY_READ: [(&str, &str); 17] = [
    ("ir.model.access", "access rights"),
    ("ir.rule", "record rules"),
    ("res.groups", "groups, which give rights"),
    ("res.groups.privilege", "groups, which give rights"),
    ("ir.actions.server", "code that Odoo runs"),
    ("ir.actions.server.history", "code that Odoo ran"),
    ("ir.model", "what Odoo is made of"),
    ("ir.model.fields", "fields can compute with code"),
    ("ir.model.fields.selection", "what Odoo is made of"),
    ("ir.ui.view", "views run code of templates"),
    ("ir.asset", "code that browsers run"),
    ("ir.cron", "code that runs by itself"),
    ("ir.cron.trigger", "starts code that runs by itself"),
    ("base.automation", "code that runs by itself"),
    ("ir.module.module", "installs and removes modules"),
    ("base.module.*", "installs and removes modules"),
    ("base.import.module", "brings in code"),
];
