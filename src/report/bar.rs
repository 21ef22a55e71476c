//! The memory of devices as bars.

use super::words;
use crate::lang::Lang;
use crate::paint::{Meaning, Painted};
use crate::plan::document::DeviceLedger;
use std::sync::atomic::{AtomicBool, Ordering};
use textwrap::core::display_width;

/// Columns of a bar.
const WIDTH: u64 = 40;

/// Parts of a bar from its left, the free one last: a block, the ASCII character in its place, the colour.
const PARTS: [(char, char, Meaning); 5] = [
    ('█', '#', Meaning::Weights),
    ('▓', '=', Meaning::Context),
    ('▒', '+', Meaning::Compute),
    ('░', '-', Meaning::Rest),
    ('·', '.', Meaning::Rest),
];

/// Whether bars are drawn with ASCII characters.
static ASCII: AtomicBool = AtomicBool::new(false);

/// From now on bars are ASCII, unless the locale's characters are UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set
/// and not empty names them.
pub fn suit(variable: impl Fn(&str) -> Option<String>) {
    ASCII.store(!is_utf8(variable), Ordering::Relaxed);
}

fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable);
    let locale = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    let characters =
        locale.split('@').next().and_then(|name| name.split_once('.')).map_or("", |(_, after)| after);
    characters.eq_ignore_ascii_case("utf-8") || characters.eq_ignore_ascii_case("utf8")
}

/// Returns a bar for each device, under them the parts' names. `label` columns stand before each bar.
pub fn bars(memory: &[DeviceLedger], label: usize, lang: Lang) -> Painted {
    let ascii = ASCII.load(Ordering::Relaxed);
    let names: Vec<String> = memory.iter().map(|device| words::device(&device.device, lang)).collect();
    let label = names.iter().map(|name| display_width(name) + 2).chain([label]).max().unwrap_or(label);
    let mut all = Painted::default();
    for (device, name) in memory.iter().zip(&names) {
        all.add(format!("{name}{}", " ".repeat(label - display_width(name))));
        all.line(bar(device, ascii));
    }
    let names = [
        tr!(lang, "plan-column-weights"),
        tr!(lang, "plan-column-context"),
        tr!(lang, "plan-column-compute"),
        tr!(lang, "bar-rest"),
        tr!(lang, "plan-column-free"),
    ];
    all.add(" ".repeat(label));
    for (at, (part, name)) in PARTS.iter().zip(names).enumerate() {
        all.add(if at == 0 { "" } else { "  " });
        all.add(Painted::of(part.2, &glyph(part, ascii).to_string()));
        all.add(format!(" {name}"));
    }
    all.line("");
    all
}

fn glyph(part: &(char, char, Meaning), ascii: bool) -> char {
    if ascii { part.1 } else { part.0 }
}

/// Returns the bar of a device and its share in use. What goes beyond the device stands behind a `|`.
fn bar(device: &DeviceLedger, ascii: bool) -> Painted {
    let used = [device.weights_bytes, device.kv_bytes, device.compute_bytes];
    let named: u64 = used.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes));
    let rest = device.total_bytes.saturating_sub(named);
    let (total, capacity) = (device.total_bytes, device.capacity_bytes);
    let whole = u128::from(total.max(capacity).max(1));
    let columns = |bytes: u64| (u128::from(bytes) * u128::from(WIDTH) + whole / 2) / whole;
    let mut shown = Painted::default();
    let (mut end, mut at) = (0u64, 0);
    let fits = total <= capacity;
    let limit = if fits { u128::from(WIDTH) } else { columns(capacity) };
    for (part, bytes) in PARTS.iter().zip(used.into_iter().chain([rest, capacity.saturating_sub(total)])) {
        end = end.saturating_add(bytes);
        let to = columns(end).min(u128::from(WIDTH));
        let draw =
            |from: u128, to: u128| glyph(part, ascii).to_string().repeat(to.saturating_sub(from) as usize);
        shown.add(Painted::of(part.2, &draw(at, to.min(limit))));
        if !fits && at <= limit && limit < to {
            shown.add("|");
        }
        shown.add(Painted::of(Meaning::Bad, &draw(at.max(limit), to)));
        at = to;
    }
    let percent = match capacity {
        0 => return shown,
        capacity => (u128::from(total) * 100).div_ceil(u128::from(capacity)),
    };
    let percent = format!("{percent}\u{a0}%");
    shown.add("  ");
    shown.add(if fits { percent.as_str().into() } else { Painted::of(Meaning::Bad, &percent) });
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(parts: [u64; 4], capacity: u64) -> DeviceLedger {
        let [weights_bytes, kv_bytes, compute_bytes, runtime_bytes] = parts;
        let total_bytes = parts.iter().sum();
        DeviceLedger {
            device: "gpu0".to_string(),
            weights_bytes,
            kv_bytes,
            compute_bytes,
            output_bytes: 0,
            runtime_bytes,
            reserved_bytes: 0,
            rag_bytes: 0,
            total_bytes,
            capacity_bytes: capacity,
            headroom_bytes: capacity as i64 - total_bytes as i64,
        }
    }

    #[test]
    fn a_bar_has_each_part_in_its_place_and_what_is_beyond_the_device_behind_a_line() {
        for (parts, capacity, wanted) in [
            ([20, 10, 2, 4], 40, "####################==========++----....  90\u{a0}%"),
            ([10, 0, 0, 0], 40, "##########..............................  25\u{a0}%"),
            ([0, 0, 0, 0], 40, "........................................  0\u{a0}%"),
            // A little is rounded away, and all columns are there.
            ([1, 1, 1, 1], 1000, "........................................  1\u{a0}%"),
            ([20, 10, 5, 5], 20, "####################|==========+++++-----  200\u{a0}%"),
            ([30, 10, 0, 0], 20, "####################|##########==========  200\u{a0}%"),
            ([40, 0, 0, 0], 40, "########################################  100\u{a0}%"),
            ([40, 0, 0, 0], 0, "|########################################"),
        ] {
            assert_eq!(bar(&device(parts, capacity), true).to_string(), wanted, "{parts:?} {capacity}");
        }
        let _ = bar(&device([u64::MAX / 4; 4], u64::MAX), false);
        let beyond = bar(&device([30, 10, 0, 0], 20), false).coloured();
        assert!(
            beyond.contains("\u{1b}[34m████████████████████\u{1b}[0m|\u{1b}[1m\u{1b}[31m██████████\u{1b}[0m"),
            "{beyond:?}"
        );
    }

    #[test]
    fn blocks_are_drawn_where_the_locale_is_utf_8_alone() {
        for (all, ctype, lang, wanted) in [
            ("", "", "ru_RU.UTF-8", true),
            ("", "", "C.utf8", true),
            ("", "", "de_DE.UTF-8@euro", true),
            ("C", "", "en_US.UTF-8", false),
            ("", "en_US.ISO-8859-1", "en_US.UTF-8", false),
            ("", "", "ru_RU.KOI8-R", false),
            ("", "", "C", false),
            ("", "", "", false),
        ] {
            let variable = |name: &str| {
                let value = match name {
                    "LC_ALL" => all,
                    "LC_CTYPE" => ctype,
                    _ => lang,
                };
                Some(value.to_string())
            };
            assert_eq!(is_utf8(variable), wanted, "{all} {ctype} {lang}");
        }
    }
}
