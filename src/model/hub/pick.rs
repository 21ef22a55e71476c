//! Picks the files of a repository that are meant.

use super::label::{label, split_name};

/// Quantisations taken when none is named, first what most people take.
const LIKED: [&str; 14] = [
    "Q4_K_M",
    "Q4_K",
    "UD-Q4_K_XL",
    "Q4_K_S",
    "UD-Q4_K_M",
    "MXFP4",
    "MXFP4_MOE",
    "IQ4_XS",
    "Q4_0",
    "Q5_K_M",
    "Q6_K",
    "Q8_0",
    "BF16",
    "F16",
];

/// The first part's path, or the whole file's.
pub type Picked<'a> = &'a str;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpicked {
    /// No file is a model.
    NoModel,
    /// None is what was asked for; these quantisations are there.
    NoSuch(Vec<String>),
    /// Several are: the names to give instead.
    Several(Vec<String>),
}

/// A model to load: no projector for pictures, no draft that guesses further tokens, no importance matrix.
pub fn is_model(path: &str) -> bool {
    let lower = path.to_lowercase();
    let (folder, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
    let beside = ["mmproj", "imatrix"].iter().any(|word| name.contains(word));
    let starts = ["mtp-", "mtp_", "eagle3-", "dflash-", "ggml-vocab", "lora-"]
        .iter()
        .any(|word| name.starts_with(word));
    let inside = folder.split('/').any(|part| matches!(part, "mtp" | "mmproj" | "imatrix"));
    let ends = ["-mtp.gguf", "-draft.gguf"].iter().any(|word| name.ends_with(word));
    name.ends_with(".gguf") && !beside && !starts && !inside && !ends
}

/// The file of `paths` that `asked` means: a quantisation, the end of a file's name, or its whole name. Without,
/// the first of `liked` that is there, else the usual ones.
pub fn pick<'a>(paths: &[&'a str], asked: Option<&str>, liked: &[&str]) -> Result<Picked<'a>, Unpicked> {
    let models: Vec<File<'a>> = files(paths);
    if models.is_empty() {
        return Err(Unpicked::NoModel);
    }
    if let Some(asked) = asked.map(str::trim).filter(|asked| !asked.is_empty()) {
        return asked_for(&models, asked);
    }
    let labelled = |quant: &str| {
        let of: Vec<&File> = models.iter().filter(|file| file.is(quant)).collect();
        (!of.is_empty()).then_some(of)
    };
    let found = liked.iter().chain(&LIKED).find_map(|quant| labelled(quant));
    one(found.unwrap_or_else(|| models.iter().collect()))
}

struct File<'a> {
    path: &'a str,
    label: Option<&'a str>,
    stem: String,
}

impl File<'_> {
    fn is(&self, quant: &str) -> bool {
        self.label.is_some_and(|label| label.eq_ignore_ascii_case(quant))
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// The name without `.gguf`, in lower case.
    fn bare(&self) -> String {
        let name = self.name();
        let stem = split_name(name).map_or(&name[..name.len() - 5], |(stem, ..)| stem);
        stem.to_lowercase()
    }
}

/// Models, each split one once.
fn files<'a>(paths: &[&'a str]) -> Vec<File<'a>> {
    let first = |path: &str| split_name(path).is_none_or(|(_, number, _)| number == 1);
    // A repository that lacks the first part still has the model, broken: any part stands for it.
    let stands = |path: &str| {
        let Some((stem, number, count)) = split_name(path) else { return true };
        let earlier = |n: u32| paths.contains(&format!("{stem}-{n:05}-of-{count:05}.gguf").as_str());
        first(path) || !(1..number.min(1000)).any(earlier)
    };
    let of = paths.iter().copied().filter(|path| is_model(path) && stands(path));
    let mut files: Vec<File> = of
        .map(|path| {
            let (label, stem) = label(path);
            File { path, label, stem }
        })
        .collect();
    files.sort_by_key(|file| file.path);
    files
}

fn asked_for<'a>(models: &[File<'a>], asked: &str) -> Result<Picked<'a>, Unpicked> {
    let lower = asked.to_lowercase();
    if lower.ends_with(".gguf") {
        let exact = models.iter().find(|file| file.path == asked || file.name() == asked);
        let near = || models.iter().find(|file| file.name().eq_ignore_ascii_case(asked));
        return exact.or_else(near).map(|file| file.path).ok_or_else(|| no_such(models));
    }
    let dynamic = format!("UD-{asked}");
    // The end of a name, where a word of it begins; what is shortest before it is meant.
    let ends = |file: &&File| {
        let bare = file.bare();
        let before = bare.strip_suffix(&lower);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['-', '.', ' ']))
    };
    for found in [
        models.iter().filter(|file| file.is(asked)).collect::<Vec<_>>(),
        models.iter().filter(|file| file.is(&dynamic)).collect(),
        {
            let mut found: Vec<&File> = models.iter().filter(ends).collect();
            let shortest = found.iter().map(|file| file.bare().len()).min();
            found.retain(|file| file.label.is_some() || Some(file.bare().len()) == shortest);
            found
        },
    ] {
        if !found.is_empty() {
            return one(found);
        }
    }
    Err(no_such(models))
}

/// The one model among `found`; several: the names to give.
fn one<'a>(found: Vec<&File<'a>>) -> Result<Picked<'a>, Unpicked> {
    let first = found[0];
    let whole = |file: &&&File<'a>| {
        file.stem == first.stem && file.label.map(str::to_lowercase) == first.label.map(str::to_lowercase)
    };
    if found.iter().filter(whole).count() == found.len() {
        return Ok(first.path);
    }
    Err(Unpicked::Several(found.iter().map(|file| file.name().to_string()).collect()))
}

fn no_such(models: &[File]) -> Unpicked {
    let mut there: Vec<String> = models
        .iter()
        .map(|file| file.label.map_or_else(|| file.name().to_string(), str::to_string))
        .collect();
    there.sort_unstable();
    there.dedup();
    Unpicked::NoSuch(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNSLOTH: &[&str] = &[
        "Model-BF16.gguf",
        "Model-IQ4_NL.gguf",
        "Model-MXFP4_MOE.gguf",
        "Model-Q4_K_M.gguf",
        "Model-Q8_0.gguf",
        "Model-UD-IQ2_XXS.gguf",
        "Model-UD-Q4_K_XL.gguf",
        "Model-UD-TQ1_0.gguf",
        "UD-Q6_K_XL/Model-UD-Q6_K_XL-00001-of-00003.gguf",
        "UD-Q6_K_XL/Model-UD-Q6_K_XL-00002-of-00003.gguf",
        "UD-Q6_K_XL/Model-UD-Q6_K_XL-00003-of-00003.gguf",
        "mmproj-BF16.gguf",
        "mmproj-F16.gguf",
        "MTP/mtp-Model-Q4_K_M.gguf",
        "mtp-Model-Q8_0.gguf",
        "imatrix_unsloth.gguf",
        "README.md",
    ];

    #[test]
    fn a_quantisation_means_its_file_however_it_is_spelt() {
        for (asked, path) in [
            (None, "Model-Q4_K_M.gguf"),
            (Some(""), "Model-Q4_K_M.gguf"),
            (Some("Q4_K_M"), "Model-Q4_K_M.gguf"),
            (Some("q4_k_m"), "Model-Q4_K_M.gguf"),
            (Some("UD-Q4_K_XL"), "Model-UD-Q4_K_XL.gguf"),
            (Some("Q4_K_XL"), "Model-UD-Q4_K_XL.gguf"),
            (Some("TQ1_0"), "Model-UD-TQ1_0.gguf"),
            (Some("MXFP4_MOE"), "Model-MXFP4_MOE.gguf"),
            (Some("UD-Q6_K_XL"), "UD-Q6_K_XL/Model-UD-Q6_K_XL-00001-of-00003.gguf"),
            (Some("Model-Q8_0.gguf"), "Model-Q8_0.gguf"),
            (Some("model-q8_0"), "Model-Q8_0.gguf"),
        ] {
            assert_eq!(pick(UNSLOTH, asked, &[]), Ok(path), "{asked:?}");
        }
        assert_eq!(pick(UNSLOTH, None, &["Q8_0"]), Ok("Model-Q8_0.gguf"));
        // A projector's quantisation is none of the model's.
        for none in ["F16", "Q5_K_M", "K_M", "mmproj-F16.gguf"] {
            let Err(Unpicked::NoSuch(there)) = pick(UNSLOTH, Some(none), &[]) else { panic!("{none}") };
            assert!(
                there.contains(&"UD-Q4_K_XL".to_string()) && !there.contains(&"F16".to_string()),
                "{there:?}"
            );
        }
    }

    #[test]
    fn several_models_in_one_repository_are_named_instead_of_one_being_taken() {
        let several = ["Model-1B-Q4_K_M.gguf", "Model-3B-Q4_K_M.gguf", "Model-7B-Q4_K_M.gguf"];
        for asked in [None, Some("Q4_K_M")] {
            assert_eq!(pick(&several, asked, &[]), Err(Unpicked::Several(several.map(String::from).into())));
        }
        assert_eq!(pick(&several, Some("3B-Q4_K_M"), &[]), Ok(several[1]));
        assert_eq!(pick(&several, Some("Model-7B-Q4_K_M.gguf"), &[]), Ok(several[2]));
    }

    #[test]
    fn names_without_a_known_quantisation_are_known_by_their_end() {
        let odd = ["Model-APEX-Balanced.gguf", "Model-APEX-I-Balanced.gguf"];
        assert_eq!(pick(&odd, Some("BALANCED"), &[]), Ok(odd[0]));
        assert_eq!(pick(&odd, Some("I-Balanced"), &[]), Ok(odd[1]));
        assert!(matches!(pick(&odd, None, &[]), Err(Unpicked::Several(names)) if names.len() == 2));
        assert_eq!(pick(&["Q2-Model-7B.gguf"], None, &[]), Ok("Q2-Model-7B.gguf"));
        assert_eq!(
            pick(&["model-q4_k_m-instruct.gguf"], Some("Q4_K_M"), &[]),
            Ok("model-q4_k_m-instruct.gguf")
        );
        assert_eq!(pick(&["Model.Q4_K_M.gguf", "Model.mmproj-f16.gguf"], None, &[]), Ok("Model.Q4_K_M.gguf"));
    }

    #[test]
    fn a_repository_without_a_model_says_so() {
        assert_eq!(pick(&["model.safetensors", "mmproj-F16.gguf"], None, &[]), Err(Unpicked::NoModel));
        let gap = ["m-Q4_K_M-00002-of-00003.gguf", "m-Q4_K_M-00003-of-00003.gguf"];
        assert_eq!(pick(&gap, None, &[]), Ok(gap[0]));
    }
}
