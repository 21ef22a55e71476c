//! The quantisation in a file's name.

/// `dir/model-00001-of-00003.gguf` → `dir/model`, 1, 3.
pub fn split_name(name: &str) -> Option<(&str, u32, u32)> {
    let (rest, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let five = |text: &str| text.parse().ok().filter(|_| text.len() == 5);
    Some((stem, five(number)?, five(count)?))
}

/// The quantisation of the file at `path`, and its name without it, in lower case: `Model-UD-Q4_K_XL.gguf` →
/// `UD-Q4_K_XL`, `model`. A folder's name counts where the file's has none. The quantisation is as spelt.
pub fn label(path: &str) -> (Option<&str>, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = split_name(name).map_or_else(|| without_gguf(name), |(stem, ..)| stem);
    if let Some((label, before, after)) = found(stem) {
        let ends = |c: char| "-._ ".contains(c);
        let before = before.trim_end_matches(ends);
        let rest = [before, after.trim_matches(ends)].join("-");
        return (Some(label), rest.trim_matches(ends).to_lowercase());
    }
    let of_folder = folder.rsplit('/').find_map(found).map(|(label, ..)| label);
    (of_folder, stem.to_lowercase())
}

fn without_gguf(name: &str) -> &str {
    let ends = name.len() >= 5 && name.is_char_boundary(name.len() - 5);
    if ends && name[name.len() - 5..].eq_ignore_ascii_case(".gguf") { &name[..name.len() - 5] } else { name }
}

/// The last word of `stem` that is a quantisation, with what stands before and after it.
fn found(stem: &str) -> Option<(&str, &str, &str)> {
    let mut end = stem.len();
    loop {
        let start = stem[..end].rfind(['-', '.', ' ']).map_or(0, |at| at + 1);
        let word = &stem[start..end];
        // `Q4` alone is one where a name ends with it: elsewhere it is part of a model's name.
        if is_quant(word, end == stem.len()) {
            let upper = stem[..start].to_ascii_uppercase();
            let dynamic = ["UD-", "UD_"].iter().any(|prefix| {
                upper
                    .strip_suffix(prefix)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with(['-', '.', '_', ' ']))
            });
            let start = if dynamic { start - 3 } else { start };
            return Some((&stem[start..end], &stem[..start], &stem[end..]));
        }
        if start == 0 {
            return None;
        }
        end = start - 1;
    }
}

fn is_quant(word: &str, last: bool) -> bool {
    let upper = word.to_ascii_uppercase();
    if matches!(upper.as_str(), "F16" | "FP16" | "BF16" | "F32" | "FP32" | "MXFP4" | "MXFP4_MOE" | "NVFP4") {
        return true;
    }
    let rest = ["IQ", "TQ", "Q"].iter().find_map(|kind| upper.strip_prefix(kind));
    let Some((bits, rest)) = rest.and_then(|rest| Some((rest.chars().next()?, rest.get(1..)?))) else {
        return false;
    };
    let known = |part| matches!(part, "0" | "1" | "K" | "S" | "M" | "L" | "XS" | "XXS" | "XL" | "NL" | "P");
    bits.is_ascii_digit()
        && (rest.is_empty() && last || rest.starts_with('_') && rest[1..].split('_').all(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantisation_is_found_in_a_file_or_folder_name() {
        for (path, quant, stem) in [
            ("model-q4_K.gguf", Some("q4_K"), "model"),
            ("x/Qwen3-8B-Q4_K_M.gguf", Some("Q4_K_M"), "qwen3-8b"),
            ("Qwen3-8B.i1-IQ3_XXS.gguf", Some("IQ3_XXS"), "qwen3-8b.i1"),
            ("big-IQ3_XS-00001-of-00003.gguf", Some("IQ3_XS"), "big"),
            ("tiny.fp.gguf", None, "tiny.fp"),
            ("gpt-oss-20b-mxfp4.gguf", Some("mxfp4"), "gpt-oss-20b"),
            ("Model-MXFP4_MOE.gguf", Some("MXFP4_MOE"), "model"),
            ("Model-UD-Q4_K_XL.gguf", Some("UD-Q4_K_XL"), "model"),
            ("UD-Q6_K_XL/Model-UD-Q6_K_XL-00001-of-00003.gguf", Some("UD-Q6_K_XL"), "model"),
            ("UD-Q2_K_XL/model-00001-of-00002.gguf", Some("UD-Q2_K_XL"), "model"),
            ("model-q4_k_m-instruct.gguf", Some("q4_k_m"), "model-instruct"),
            ("Q2-Model-7B.gguf", None, "q2-model-7b"),
            ("model-q8.gguf", Some("q8"), "model"),
            ("Model-APEX-I-Balanced.gguf", None, "model-apex-i-balanced"),
            ("Cloud-Q4_K_M.GGUF", Some("Q4_K_M"), "cloud"),
            ("модель-Q4_0.gguf", Some("Q4_0"), "модель"),
        ] {
            assert_eq!(label(path), (quant, stem.to_string()), "{path}");
        }
    }
}
