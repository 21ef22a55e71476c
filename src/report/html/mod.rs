//! Plans and levels as self-contained HTML pages: no script, font or image from elsewhere.

mod chart;
mod levels;
mod page;
mod plan;

pub use levels::levels;
pub use plan::plan;
