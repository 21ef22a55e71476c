//! Figures in a text: the decimal comma and units of Russian, held to their number by a no-break space.

use super::language::Lang;

/// Units of figures, English and Russian.
const UNITS: [(&str, &str); 10] = [
    ("bytes", "байт"),
    ("GiB", "ГиБ"),
    ("MiB", "МиБ"),
    ("GB/s", "ГБ/с"),
    ("MB/s", "МБ/с"),
    ("Mbit/s", "Мбит/с"),
    ("tokens/s", "токенов/с"),
    ("s", "с"),
    ("min", "мин"),
    ("h", "ч"),
];
const NO_BREAK: &str = "\u{a0}";

/// Returns a figure as the language writes it: `11.6 GiB` is `11,6 ГиБ`. A text that is no figure stays as it is.
pub fn figure(lang: Lang, english: &str) -> String {
    match lang {
        Lang::English => english.to_string(),
        Lang::Russian => russian(english).unwrap_or_else(|| english.to_string()),
    }
}

/// `None`: it has another form than `[under] number [unit]`.
fn russian(english: &str) -> Option<String> {
    let (under, rest) = match english.strip_prefix("under ") {
        Some(rest) => (format!("менее{NO_BREAK}"), rest),
        None => (String::new(), english),
    };
    let (number, unit) = match rest.split_once(' ') {
        Some((number, unit)) => {
            let (_, unit) = UNITS.iter().find(|(english, _)| *english == unit)?;
            (number, format!("{NO_BREAK}{unit}"))
        }
        None => (rest, String::new()),
    };
    Some(format!("{under}{}{unit}", decimal(number)?))
}

/// Returns a number with its comma, and its thousands apart from five digits on.
fn decimal(number: &str) -> Option<String> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", number),
    };
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !part.is_none_or(all_digits) {
        return None;
    }
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if whole.len() > 4 && index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped += NO_BREAK;
        }
        grouped.push(digit);
    }
    Some(format!("{sign}{grouped}{}", part.map_or(String::new(), |part| format!(",{part}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_commas_and_units_and_other_texts_stay() {
        for (english, wanted) in [
            ("11.6 GiB", "11,6\u{a0}ГиБ"),
            ("9469 bytes", "9469\u{a0}байт"),
            ("512 MiB", "512\u{a0}МиБ"),
            ("-1.5 GiB", "−1,5\u{a0}ГиБ"),
            ("under 0.01", "менее\u{a0}0,01"),
            ("2048", "2048"),
            ("32768", "32\u{a0}768"),
            ("1234567.5", "1\u{a0}234\u{a0}567,5"),
            ("19 min", "19\u{a0}мин"),
            ("b11434", "b11434"),
            ("535.104.05", "535.104.05"),
            ("Q4_K_M", "Q4_K_M"),
            ("5 cats", "5 cats"),
            ("", ""),
            ("1.", "1."),
        ] {
            assert_eq!(figure(Lang::Russian, english), wanted, "{english}");
            assert_eq!(figure(Lang::English, english), english);
        }
    }
}
