//! How names are compared: without case, signs and alphabets between them.

/// Names of families as Russian texts write them.
const RUSSIAN: [(&str, &str); 24] = [
    ("сайга", "saiga"),
    ("саига", "saiga"),
    ("мистраль", "mistral"),
    ("министраль", "ministral"),
    ("микстраль", "mixtral"),
    ("девстраль", "devstral"),
    ("немо", "nemo"),
    ("ллама", "llama"),
    ("лама", "llama"),
    ("тинилама", "tinyllama"),
    ("квен", "qwen"),
    ("гемма", "gemma"),
    ("гигачат", "gigachat"),
    ("яндексгпт", "yandexgpt"),
    ("лайт", "lite"),
    ("про", "pro"),
    ("вихрь", "vikhr"),
    ("руадапт", "ruadapt"),
    ("дипсик", "deepseek"),
    ("дипсикр", "deepseekr"),
    ("гранит", "granite"),
    ("кими", "kimi"),
    ("фи", "phi"),
    ("т", "t"),
];

/// Letters and digits in lower case, Russian names of families in Latin letters: `Сайга-8B` → `saiga8b`.
pub fn squeezed(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut out = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        if !matches!(first, 'а'..='я' | 'ё') {
            out.extend(Some(first).filter(|c| c.is_alphanumeric()));
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !matches!(c, 'а'..='я' | 'ё')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let known = RUSSIAN.iter().find(|(russian, _)| *russian == word);
        match known {
            Some((_, latin)) => out.push_str(latin),
            None => out.extend(word.chars().map(latin)),
        }
        rest = after;
    }
    out
}

/// One letter, roughly: enough for a near name to be found.
fn latin(letter: char) -> char {
    const RUSSIAN: &str = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя";
    const LATIN: &str = "abvgdeejziiklmnoprstufhccss'y'eua";
    let at = RUSSIAN.chars().position(|c| c == letter);
    at.and_then(|at| LATIN.chars().nth(at)).unwrap_or(letter)
}

/// Up to three of `known` that look like `word`, nearest first.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let word = squeezed(word);
    let score = |name: &str| {
        let name = squeezed(name);
        let begins = word.len() >= 3 && name.starts_with(&word);
        strsim::jaro_winkler(&word, &name) + if begins { 0.1 } else { 0.0 }
    };
    let mut scored: Vec<(f64, &str)> = known.map(|name| (score(name), name)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let near = scored.into_iter().filter(|(score, _)| *score > 0.75 && *score > best - 0.1);
    near.take(3).map(|(_, name)| name.to_string()).collect()
}
