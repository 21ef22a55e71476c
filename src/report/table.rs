//! Plain tables.

use crate::paint::Painted;
use crate::width;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use textwrap::core::display_width;

/// Columns under `head`; lines without borders, so that they can be read and cut.
pub fn render(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    table(head, rows, &[])
}

/// Renders as [`render`] does, with the columns of `right` aligned to the right.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>, right: &[usize]) -> String {
    let mut table = empty(head);
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
    let plain = |table: &Table| table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let text = plain(&table);
    match width::columns() {
        Some(columns) => narrowed(table, text, columns, plain),
        None => text,
    }
}

/// Renders as [`table`](fn@table) does, with the meanings of cells.
pub fn painted(head: &[&str], rows: impl IntoIterator<Item = Vec<Painted>>, right: &[usize]) -> Painted {
    let cells: Vec<Painted> = rows.into_iter().flatten().collect();
    let laid = |cells: Vec<String>| table(head, cells.chunks(head.len()).map(<[String]>::to_vec), right);
    Painted::laid_out(cells, laid)
}

/// Returns a table without rows, borders or a width of its own.
fn empty(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.to_vec());
    table
}

/// Returns the table as `text` has it, where that is not wider than a terminal of so many columns; else with less space
/// between columns, else with cells that are wrapped by words, where that breaks none.
fn narrowed(mut table: Table, text: String, columns: usize, plain: impl Fn(&Table) -> String) -> String {
    let fits = |text: &str| text.lines().all(|line| display_width(line) <= columns);
    if fits(&text) {
        return text;
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    let closer = plain(&table);
    if fits(&closer) {
        return closer;
    }
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns as u16);
    let wrapped = plain(&table);
    // A name that is longer than its column would be broken: its row is longer then.
    if words(&wrapped) == words(&closer) { wrapped } else { closer }
}

/// Words of a table in alphabetical order.
fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(columns: usize) -> String {
        let mut table = empty(&["requirement", "needed", "found"]);
        table.add_row(vec!["gpu-model", "NVIDIA GeForce RTX 3090 or NVIDIA GeForce RTX 4090", "no GPU"]);
        let plain = |table: &Table| table.to_string();
        let text = plain(&table);
        narrowed(table, text, columns, plain)
    }

    #[test]
    fn a_table_becomes_as_narrow_as_the_terminal_and_keeps_its_words() {
        let whole = at(200);
        for columns in [48, 60, 76, 80] {
            let text = at(columns);
            assert!(text.lines().all(|line| display_width(line) <= columns), "{columns}:\n{text}");
            assert_eq!(words(&text), words(&whole), "{columns}:\n{text}");
        }
    }
}
