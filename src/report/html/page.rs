//! Fills a page's template. Text is escaped unless the template says that it is markup.

use crate::error::{Context, Result};
use crate::units::gib;
use tera::{Kwargs, State, Tera};

/// Templates by name; each page extends `base.html`.
const TEMPLATES: [(&str, &str); 3] = [
    ("base.html", include_str!("../../../templates/report/base.html")),
    ("plan.html", include_str!("../../../templates/report/plan.html")),
    ("levels.html", include_str!("../../../templates/report/levels.html")),
];

/// Returns the page `name` filled with `context`.
pub(super) fn fill(name: &str, context: &tera::Context) -> Result<String> {
    let mut tera = Tera::new();
    tera.autoescape_on(vec![".html"]);
    tera.register_filter("size", |bytes: i64, _: Kwargs, _: &State| gib(bytes.max(0) as u64));
    tera.add_raw_templates(TEMPLATES)?;
    tera.render(name, context).context("filling the page")
}
