//! Tables in docs/ that a test holds to the program, and remakes: each lies between `<!-- NAME -->` and `<!-- end -->`.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Tests run side by side, and several tables are in one file.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares the table `name` of docs/`page` with these rows. With `AGI_PROVISION_GOLDEN=update` it writes them there instead.
pub fn hold(page: &str, name: &str, columns: &str, rows: &[String]) {
    let columns_line = format!("| {columns} |");
    let rule = format!("|{}", " --- |".repeat(columns_line.matches('|').count() - 1));
    let table = format!("{columns_line}\n{rule}\n{}\n", rows.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let _writing = WRITING.lock().unwrap_or_else(|broken| broken.into_inner());
    let text = fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), "<!-- end -->");
    let (before, rest) =
        text.split_once(&start).unwrap_or_else(|| panic!("docs/{page} has no place for {name}"));
    let (there, after) = rest.split_once(end).unwrap_or_else(|| panic!("{name} of docs/{page} has no end"));
    if std::env::var("AGI_PROVISION_GOLDEN").as_deref() == Ok("update") {
        fs::write(&path, format!("{before}{start}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(there, table, "{name} in docs/{page}: AGI_PROVISION_GOLDEN=update cargo test --lib writes it");
}
