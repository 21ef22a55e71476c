//! Catalogues that are tables in CSV.

use super::source::{Catalogue, Listed, Reading};
use crate::error::{Context, Result, anyhow};
use crate::hardware::rows::{BrokenRow, Fields, Table};

/// Reads a table that has all of `columns`. `row` gives a row's offer, `None` for one that is sound and not for us,
/// or why it is broken.
///
/// # Errors
/// It has no header, or one without those columns.
pub fn read_rows(
    catalogue: &Catalogue,
    columns: &[&str],
    row: impl Fn(&Fields) -> Result<Option<Listed>, String>,
) -> Result<Reading> {
    let table = Table::read(&catalogue.bytes).map_err(|why| anyhow!(why))?;
    for column in columns {
        table.places([*column]).map_err(|why| anyhow!(why)).context("it is no table of prices")?;
    }
    let mut reading = Reading::default();
    for (line, fields) in table.rows() {
        reading.rows += 1;
        match fields.and_then(|fields| row(&fields)) {
            Ok(Some(listed)) => reading.offers.push(listed),
            Ok(None) => reading.not_for_us += 1,
            Err(why) => reading.broken.push(BrokenRow { line, why }),
        }
    }
    Ok(reading)
}
