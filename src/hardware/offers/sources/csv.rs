//! Catalogues that are tables in CSV.

use super::source::{Catalogue, LeftOut, Reading, Row};
use crate::error::{Context, Result, anyhow};
use crate::hardware::rows::{BrokenRow, Fields, Table};

/// Reads a table that has all of `columns`, the first of which names the machine. `row` gives a row's offer, why one
/// that is sound is not for us, or why it is broken.
///
/// # Errors
/// It has no header, or one without those columns.
pub fn read_rows(
    catalogue: &Catalogue,
    columns: &[&str],
    row: impl Fn(&Fields) -> Result<Row, String>,
) -> Result<Reading> {
    let table = Table::read(&catalogue.bytes).map_err(|why| anyhow!(why))?;
    for column in columns {
        table.places([*column]).map_err(|why| anyhow!(why)).context("it is no table of prices")?;
    }
    let mut reading = Reading::default();
    for (line, fields) in table.rows() {
        reading.rows += 1;
        let name = |fields: &Fields| columns.first().and_then(|column| fields.text(column).map(String::from));
        match fields.and_then(|fields| Ok((row(&fields)?, name(&fields)))) {
            Ok((Ok(listed), _)) => reading.offers.push(listed),
            Ok((Err(why), instance)) => {
                reading.left_out.push(LeftOut { line, instance: instance.unwrap_or_default(), why });
            }
            Err(why) => reading.broken.push(BrokenRow { line, why }),
        }
    }
    Ok(reading)
}
