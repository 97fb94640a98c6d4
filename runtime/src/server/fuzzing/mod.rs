//! Fuzz targets of what only the server has: see [`crate::fuzzing`].

mod answer;
mod call;
mod domain;
mod sealed;
mod validate;

pub use answer::answer;
pub use domain::domain;
pub use sealed::sealed;
pub use validate::validate;
