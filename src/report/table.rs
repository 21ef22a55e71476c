//! Plain tables.

use comfy_table::{CellAlignment, ContentArrangement, Table};

/// Columns under `head`; lines without borders, so that they can be read and cut.
pub fn render(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    table(head, rows, &[])
}

/// Renders as [`render`] does, with the columns of `right` aligned to the right.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.to_vec());
    for row in rows {
        // A row is one line, whatever a host said.
        table.add_row(row.into_iter().map(|cell| cell.replace(['\n', '\r'], " ")));
    }
    for index in right {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
