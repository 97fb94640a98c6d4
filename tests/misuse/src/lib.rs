//! Mistakes that the compiler must refuse. Each file of `cases/` is one; its lines `//~ …` are
//! what the message must say, and `tests/messages.rs` checks that it does.
