//! Tables as CSV, read row by row: a broken row is named and costs nothing but itself.

use csv::{ReaderBuilder, StringRecord};
use std::borrow::Cow;
use std::fmt;

/// Longest field that is believed.
const LONGEST_FIELD: usize = 4096;

/// Most bytes that are read again because a quote before them is not closed.
const MOST_READ_TWICE: u64 = 8 << 20;

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// From 1, the header's line included.
    pub line: u64,
    /// Reason, for people.
    pub why: String,
}

impl fmt::Display for BrokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// A table with a header, as spreadsheets write it: commas, semicolons or tabs between fields, any of the usual line
/// ends, UTF-8 or UTF-16 with a byte order mark. Lines that begin with `#` are comments.
pub struct Table<'a> {
    bytes: Cow<'a, [u8]>,
    delimiter: u8,
    columns: Vec<String>,
}

/// One row under its header.
pub struct Fields<'a> {
    columns: &'a [String],
    record: StringRecord,
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#')).delimiter(delimiter).from_reader(bytes)
}

/// The bytes as UTF-8 with an end of line that is counted.
fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => return Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&b'\n') || !bytes.contains(&b'\r') {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

/// Returns the byte between fields: the one that the first line without a comment has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let lines = bytes.split(|byte| *byte == b'\n');
    let header = lines.into_iter().find(|line| !line.is_empty() && line[0] != b'#').unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    // The first of equals: max_by_key takes the last.
    *[b'\t', b';', b','].iter().max_by_key(|delimiter| count(**delimiter)).expect("there are three")
}

impl<'a> Table<'a> {
    /// Errors: no header line, or one that is not text.
    pub fn read(bytes: &'a [u8]) -> Result<Table<'a>, String> {
        let bytes = plain(bytes);
        let delimiter = delimiter(&bytes);
        let mut header = StringRecord::new();
        let found =
            reader(&bytes, delimiter).read_record(&mut header).map_err(|_| "its first line is not text")?;
        if !found {
            return Err("it is empty".to_string());
        }
        let columns = header.iter().map(|name| name.trim().to_string()).collect();
        Ok(Table { bytes, delimiter, columns })
    }

    /// Returns the names in the header, without blanks around them.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The place of each of `names`; the first that is missing is an error.
    pub fn places<const N: usize>(&self, names: [&str; N]) -> Result<[usize; N], String> {
        self.places_of(names, &[])
    }

    /// The same, but those that are `optional` may be missing: their place is beyond every row.
    pub fn places_of<const N: usize>(
        &self,
        names: [&str; N],
        optional: &[&str],
    ) -> Result<[usize; N], String> {
        let mut places = [usize::MAX; N];
        for (place, name) in places.iter_mut().zip(names) {
            let found = self.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
            if found.is_none() && optional.contains(&name) {
                continue;
            }
            *place = found.ok_or_else(|| {
                let seen: String = self.columns.join(",").chars().take(80).collect();
                format!("it has no column {name:?}; its first line is {seen:?}")
            })?;
        }
        Ok(places)
    }

    /// Calls `each` with every row after the header and its line.
    pub fn scan(&self, mut each: impl FnMut(u64, Result<&StringRecord, BrokenRow>)) {
        let (mut bytes, mut before) = (&*self.bytes, 0u64);
        let mut header = true;
        let mut record = StringRecord::new();
        let mut read_twice = 0;
        'again: loop {
            let mut reader = reader(bytes, self.delimiter);
            loop {
                let read = reader.read_record(&mut record);
                let at = match &read {
                    Ok(false) => return,
                    Ok(true) => record.position().cloned(),
                    Err(error) => error.position().cloned(),
                };
                let Some(at) = at else { return };
                let line = before + at.line() + passed_over(&bytes[(at.byte() as usize).min(bytes.len())..]);
                if std::mem::take(&mut header) {
                    continue;
                }
                // A quote that is not closed swallows lines: give them back.
                let rest = &bytes[(at.byte() as usize).min(bytes.len())..];
                if reader.position().line() > at.line() + 1 && has_line_break(&record) {
                    let broken = BrokenRow { line, why: "a quote is not closed".to_string() };
                    each(line, Err(broken));
                    read_twice += reader.position().byte().saturating_sub(at.byte());
                    if read_twice > MOST_READ_TWICE {
                        let why = "too many quotes are not closed: the rest is not read".to_string();
                        return each(line, Err(BrokenRow { line, why }));
                    }
                    let Some(next) = rest.iter().position(|byte| *byte == b'\n') else { return };
                    (bytes, before) = (&rest[next + 1..], line);
                    continue 'again;
                }
                match read {
                    Ok(_) if record.len() != self.columns.len() => {
                        let why = format!("{} of {} fields", record.len(), self.columns.len());
                        each(line, Err(BrokenRow { line, why }));
                    }
                    Ok(_) => each(line, Ok(&record)),
                    Err(_) => each(line, Err(BrokenRow { line, why: "it is not text".to_string() })),
                }
            }
        }
    }

    /// Every row, with its line.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Result<Fields<'_>, String>)> {
        let mut all = Vec::new();
        self.scan(|line, record| {
            let fields = record.map(|record| Fields { columns: &self.columns, record: record.clone() });
            all.push((line, fields.map_err(|broken| broken.why)));
        });
        all.into_iter()
    }
}

/// Blank lines and comments before a row, which its position counts as a part of it.
fn passed_over(mut bytes: &[u8]) -> u64 {
    let mut lines = 0;
    while let Some(b'\n' | b'\r' | b'#') = bytes.first() {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { break };
        bytes = &bytes[end + 1..];
        lines += 1;
    }
    lines
}

fn has_line_break(record: &StringRecord) -> bool {
    record.iter().any(|field| field.contains('\n'))
}

impl Fields<'_> {
    /// The field under `column`, without blanks around it; `None` when it is empty or not there.
    pub fn text(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name.eq_ignore_ascii_case(column))?;
        self.record.get(place).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns the field under `column`; an error that names the column when it is empty or not there.
    pub fn need(&self, column: &str) -> Result<&str, String> {
        self.text(column).ok_or_else(|| format!("{column} is empty"))
    }

    /// A number of at least 0.
    pub fn number(&self, column: &str) -> Result<Option<f64>, String> {
        self.text(column).map(|text| number(column, text)).transpose()
    }

    /// Returns the number under `column`, at least 0; an error that names the column when there is none.
    pub fn need_number(&self, column: &str) -> Result<f64, String> {
        self.number(column)?.ok_or_else(|| format!("{column} is empty"))
    }

    /// Text that may be shown and written down: no control characters, not endless.
    pub fn name(&self, column: &str) -> Result<Option<String>, String> {
        self.text(column).map(|text| name(column, text)).transpose()
    }
}

/// A number of at least 0.
pub fn number(column: &str, text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| {
        let text = shortened(text);
        // A number that only lacks its usual form: 0,5 or $0.5 or 1 200.
        let plain = text.replace(',', ".");
        let plain: String = plain.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let is_figure = plain.parse::<f64>().is_ok() && !text.contains(['-', '−']);
        let form = if is_figure { "; write it as 0.5 or 1234.5" } else { "" };
        format!("{column} {text:?} is not a number of at least 0{form}")
    })
}

/// Text that may be shown and written down.
pub fn name(column: &str, text: &str) -> Result<String, String> {
    if text.len() > LONGEST_FIELD {
        return Err(format!("{column} is {} bytes long", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{column} {:?} has a control character", shortened(text)));
    }
    Ok(text.to_string())
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, Result<String, String>)> {
        let table = Table::read(text).unwrap();
        table
            .rows()
            .map(|(line, fields)| (line, fields.and_then(|f| f.need("b").map(String::from))))
            .collect()
    }

    #[test]
    fn a_broken_row_costs_only_itself() {
        let text = b"a,b\n1,x\n2\n3,\"y, z\"\n4,\n5,w\n\n# no row\n6,v\n";
        let rows = read(text);
        let good: Vec<_> =
            rows.iter().filter_map(|(line, row)| Some((*line, row.as_deref().ok()?))).collect();
        assert_eq!(good, [(2, "x"), (4, "y, z"), (6, "w"), (9, "v")]);
        let bad: Vec<_> =
            rows.iter().filter_map(|(line, row)| Some((*line, row.as_ref().err()?.as_str()))).collect();
        assert_eq!(bad, [(3, "1 of 2 fields"), (5, "b is empty")]);
    }

    #[test]
    fn a_quote_that_is_not_closed_gives_the_lines_after_it_back() {
        let rows = read(b"a,b\n1,\"x\n2,y\n3,z\n");
        assert_eq!(rows[0], (2, Err("a quote is not closed".to_string())));
        assert_eq!(rows[1..], [(3, Ok("y".to_string())), (4, Ok("z".to_string()))]);
        let rows = read(b"a,b\n1,x\n2,\"y\n3,z\n4,\"w\"\n");
        let good: Vec<_> =
            rows.iter().filter_map(|(line, row)| Some((*line, row.as_deref().ok()?))).collect();
        assert_eq!(good, [(2, "x"), (4, "z"), (5, "w")]);
    }

    #[test]
    fn quotes_without_end_are_not_read_for_ever() {
        let rows = read(&[b"a,b\n".as_slice(), &b"c\"d,\"x\n".repeat(20_000)].concat());
        assert!(rows.len() < 1000, "{}", rows.len());
        assert!(rows.last().unwrap().1.as_ref().unwrap_err().contains("the rest is not read"));
    }

    #[test]
    fn bytes_that_are_no_text_cost_one_row() {
        let rows = read(b"a,b\n1,\xff\xfe\n2,y\n");
        assert_eq!(rows[1], (3, Ok("y".to_string())));
        assert!(rows[0].1.is_err() && rows[0].0 == 2);
    }

    #[test]
    fn numbers_and_names_from_outside_are_checked() {
        assert_eq!(number("Price", "0.5"), Ok(0.5));
        for bad in ["x", "-1", "nan", "inf", "1,5", ""] {
            assert!(number("Price", bad).unwrap_err().contains("Price"), "{bad}");
        }
        assert!(name("Region", "a\u{1b}[2Jb").is_err());
        assert!(name("Region", &"x".repeat(LONGEST_FIELD + 1)).is_err());
    }

    #[test]
    fn a_header_that_lacks_a_column_is_an_error_that_names_it() {
        let table = Table::read(b"\xef\xbb\xbfa,b\n").unwrap();
        assert_eq!(table.places(["b", "a"]), Ok([1, 0]));
        assert!(table.places(["c"]).unwrap_err().contains("no column \"c\""));
        assert!(Table::read(b"").is_err());
    }
}
