//! Whether and how consent is asked for, as whoever starts the server says it.

use clap::ValueEnum;

/// How the user is asked before something is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ConsentMode {
    /// By a question of the client's own (elicitation) where it can ask one, otherwise by a
    /// preview with a token.
    #[default]
    Auto,
    /// By a question of the client's own alone; from clients that cannot ask, no change is
    /// taken.
    Elicit,
    /// By a preview with a token, which the assistant shows to the user and comes back with.
    Token,
    /// Not at all, for trusted automation: the descriptions of the tools still tell the
    /// assistant to ask.
    Off,
}
