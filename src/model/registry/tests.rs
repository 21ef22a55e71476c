use super::*;
use crate::error::{Exit, exit_code, hint};
use crate::model::dimensions::Dimensions;
use crate::model::layout;
use std::collections::BTreeMap;

#[test]
fn every_embedded_model_reads_and_is_named_as_its_file() {
    assert!(ids().count() >= 120);
    for id in ids() {
        let model = find(id).unwrap();
        assert_eq!(model.id, id);
        assert!(!model.sources.is_empty() && !model.uses.is_empty(), "{id}");
        assert!(layout::parts(&model.dimensions).is_some(), "{id}: {}", model.dimensions.architecture);
        assert!(model.dimensions.shape().is_ok(), "{id}");
        assert!(!model.published_quants().is_empty(), "{id}");
        assert_eq!(model.dimensions.pooling.is_some(), model.has_use(Use::Embedding), "{id}");
        assert!(model.dimensions.labels.is_none() || model.has_use(Use::Rerank), "{id}");
        for (repository, file) in model.files() {
            assert_eq!(repository.repository.split('/').count(), 2, "{id}");
            assert!(file.name.ends_with(".gguf") && !file.name.contains(".."), "{id} {}", file.name);
            assert!(file.size.as_ref().is_none_or(|size| size.range().is_some()), "{id} {:?}", file.size);
            let known = model.dimensions.weights(&file.quant, repository.imatrix).is_some();
            assert!(known || repository.own, "{id} {}", file.quant);
        }
        if let Some(name) = model.chat_template.as_deref().filter(|name| *name != "file") {
            assert!(chat_template(name).is_some(), "{id} {name}");
        }
        for code in model.languages.iter().flatten() {
            assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase()), "{id} {code}");
        }
        if let Some(date) = &model.date {
            assert!(date.parse::<jiff::civil::Date>().is_ok(), "{id} {date}");
        }
    }
}

/// Half of a printed size's last digit, and beside it half a per cent.
#[test]
fn every_published_size_is_that_of_the_tensors_within_half_a_per_cent() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for model in all() {
        for (repository, file) in model.files().filter(|(repository, _)| !repository.own) {
            let Some(size) = &file.size else { continue };
            let weights = model.dimensions.weights(&file.quant, repository.imatrix).unwrap();
            let expected = (weights.total_bytes + model.beside_bytes.unwrap_or(0)) as f64;
            let (low, high) = size.range().unwrap();
            checked += 1;
            if expected < low / 1.005 || expected > high * 1.005 {
                let off = (expected / ((low + high) / 2.0) - 1.0) * 100.0;
                let (id, repository) = (&model.id, &repository.repository);
                wrong.push(format!("{id}|{repository}|{}|{off:.2}%", file.quant));
            }
        }
    }
    assert!(checked > 1500, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Some file of every model follows the rules: a mix that is marked as a publisher's own does not hide a wrong dimension.
#[test]
fn every_models_dimensions_are_held_by_a_published_size() {
    let seen = |model: &Model| model.files().any(|(repository, file)| !repository.own && file.size.is_some());
    let unheld: Vec<String> = all().filter(|model| !seen(model)).map(|model| model.id).collect();
    // Sizes of the mission's models of 2023 are in `tensor_bytes_are_exact`; of the others only names were seen.
    let named_only = ["exaone-4.0-32b", "mixtral-8x7b", "saiga-gemma3-12b"];
    let of_2023 = ["llama-30b", "llama-65b", "llama-7b", "saiga-13b", "saiga-8b"];
    let (named, old): (Vec<&str>, Vec<&str>) =
        unheld.iter().map(String::as_str).partition(|id| named_only.contains(id));
    assert_eq!((named.as_slice(), old.as_slice()), (named_only.as_slice(), of_2023.as_slice()));
}

/// Parameters and tensor bytes by exact arithmetic; confirmed by `llama-quantize --dry-run` at b11434.
#[test]
fn tensor_bytes_are_exact() {
    let table = [
        ("phi-2", 2_779_683_840, 1_789_890_560, 2_956_226_560),
        ("tinyllama-1.1b", 1_100_048_384, 667_078_656, 1_169_072_128),
        ("llama-7b", 6_738_415_616, 4_080_263_168, 7_160_348_672),
        ("mistral-7b", 7_241_732_096, 4_367_704_064, 7_695_122_432),
        ("saiga-8b", 8_030_261_248, 4_912_898_048, 8_532_934_656),
        ("saiga-13b", 13_015_864_320, 7_865_210_880, 13_830_574_080),
        ("llama-30b", 32_528_943_616, 19_620_383_744, 34_564_368_384),
        ("llama-65b", 65_285_660_672, 39_347_273_728, 69_369_888_768u64),
    ];
    for (id, parameters, q4_k_m, q8_0) in table {
        let model = find(id).unwrap();
        let q4 = model.weights("Q4_K_M").unwrap();
        assert_eq!((q4.parameters, q4.total_bytes), (parameters, q4_k_m), "{id}");
        assert_eq!(model.parameters(), parameters, "{id}");
        assert_eq!(model.weights("Q8_0").unwrap().total_bytes, q8_0, "{id}");
        assert_eq!(q4.embedding_bytes + q4.output_bytes + q4.layer_bytes.iter().sum::<u64>(), q4.total_bytes);
    }
}

/// Sums of `llama-quantize --dry-run` of b11434 over files of examples/reference_gguf.rs.
#[test]
fn every_recipe_matches_llama_quantize() {
    let table = [
        ("phi-2", "Q2_K", 1_150_504_960),
        ("phi-2", "Q3_K_M", 1_483_304_960),
        ("phi-2", "Q4_K_S", 1_623_592_960),
        ("phi-2", "Q5_K_M", 2_029_096_960),
        ("phi-2", "Q6_K", 2_283_253_760),
        ("mistral-7b", "Q2_K", 2_718_507_008),
        ("mistral-7b", "Q3_K_M", 3_518_251_008),
        ("mistral-7b", "Q4_K_S", 4_139_638_784),
        ("mistral-7b", "Q5_K_M", 5_130_674_176),
        ("mistral-7b", "Q6_K", 5_941_329_920),
        ("saiga-13b", "Q2_K", 4_853_524_480),
        ("saiga-13b", "Q3_K_M", 6_337_024_000),
        ("saiga-13b", "Q4_K_S", 7_422_433_280),
        ("saiga-13b", "Q5_K_M", 9_229_178_880),
        ("saiga-13b", "Q6_K", 10_678_394_880u64),
    ];
    for (id, quant, bytes) in table {
        assert_eq!(find(id).unwrap().weights(quant).unwrap().total_bytes, bytes, "{id} {quant}");
    }
}

#[test]
fn a_name_is_one_models_only_however_it_is_spelt() {
    let mut owners = BTreeMap::new();
    for model in all() {
        for name in std::iter::once(&model.id).chain(&model.aliases) {
            let squeezed = names::squeezed(name);
            let other = owners.insert(squeezed, model.id.clone()).unwrap_or(model.id.clone());
            assert_eq!(other, model.id, "{name}");
        }
    }
    for (name, id) in [
        ("Mistral-7B", "mistral-7b"),
        ("мистраль", "mistral-7b"),
        ("сайга-8b", "saiga-8b"),
        ("Сайга 8B", "saiga-8b"),
        ("saiga8b", "saiga-8b"),
        (" saiga-8b", "saiga-8b"),
        ("qwen3", "qwen3-8b"),
        ("Qwen3:8B", "qwen3-8b"),
        ("qwen2.5_coder_7b", "qwen2.5-coder-7b"),
        ("llama3.3", "llama-3.3-70b"),
        ("llama3:8b", "llama-3-8b"),
        ("квен3-4b", "qwen3-4b"),
        ("гигачат", "gigachat-20b-a3b"),
        ("т-лайт", "t-lite-it-1.0"),
    ] {
        assert_eq!(find(name).unwrap().id, id, "{name}");
    }
}

#[test]
fn a_quantisation_may_stand_in_the_name() {
    for (name, id, quant) in [
        ("mistral-7b:Q4_K_M", "mistral-7b", Some("Q4_K_M")),
        ("llama3.1:8b-instruct-q4_K_M", "llama-3.1-8b", Some("Q4_K_M")),
        ("llama3.2:3b-instruct-fp16", "llama-3.2-3b", Some("F16")),
        ("saiga-8b-q4", "saiga-8b", Some("Q4_K_M")),
        ("gemma3:12b-it-q8_0", "gemma-3-12b", Some("Q8_0")),
        ("qwen3:30b-a3b", "qwen3-30b-a3b", None),
        ("Qwen3-8B-Instruct", "qwen3-8b", None),
    ] {
        let (model, found) = named(name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!((model.id.as_str(), found), (id, quant), "{name}");
    }
}

#[test]
fn a_misspelt_name_gets_the_nearest() {
    for (name, near) in [
        ("sagia-13b", "saiga-13b"),
        ("qwn3-8b", "qwen3-8b"),
        ("сагйа-13b", "saiga-13b"),
        ("lama-3.3", "llama"),
    ] {
        let error = find(name).unwrap_err();
        assert_eq!(exit_code(&error), Exit::Usage);
        assert!(hint(&error).unwrap().contains(near), "{name}: {:?}", hint(&error));
    }
}

#[test]
fn bits_name_the_published_files_of_that_width() {
    let model = find("saiga-13b").unwrap();
    assert_eq!(model.quants(Some("4-bit")).unwrap(), ["Q4_K_M"]);
    assert_eq!(model.quants(Some("q8_0")).unwrap(), ["Q8_0"]);
    assert_eq!(model.quants(Some("F16")).unwrap(), ["F16"]);
    assert_eq!(model.quants(None).unwrap(), ["Q8_0", "Q4_K_M"]);
    assert_eq!(exit_code(&model.quants(Some("Q9")).unwrap_err()), Exit::Usage);
}

#[test]
fn a_publishers_own_mix_weighs_what_its_file_does() {
    let model = find("qwen3-0.6b").unwrap();
    assert_eq!(model.quants(Some("ud-q4_k_xl")).unwrap(), ["UD-Q4_K_XL"]);
    let (repository, file) = model.file("UD-Q4_K_XL").unwrap();
    assert!(repository.own && repository.repository == "unsloth/Qwen3-0.6B-GGUF");
    let (low, high) = file.size.as_ref().unwrap().range().unwrap();
    let size = model.size_bytes("UD-Q4_K_XL").unwrap() as f64;
    // Never less than the file, and no more than its rounding and some bytes a layer.
    assert!(size >= low && size <= high + 1e4, "{low} {size} {high}");
    assert_eq!(model.weights("UD-Q4_K_XL").unwrap().parameters, model.parameters());
}

/// Steps only, so that a plan does not weigh thirty files of one model; the rest is there when named.
#[test]
fn automatic_quantisations_are_few_and_published() {
    for model in all() {
        let quants = model.quants(None).unwrap();
        assert!(quants.len() <= 8 || model.published_quants().len() == quants.len(), "{}", model.id);
        assert!(quants.iter().all(|quant| model.file(quant).is_some()), "{}", model.id);
    }
}

#[test]
fn an_outline_is_what_the_whole_file_says() {
    let mut outlines = super::outlines();
    for model in all() {
        let outline = outlines.next().unwrap();
        let sorted =
            |uses: &[Use]| [Use::Chat, Use::Code, Use::Embedding, Use::Rerank].map(|u| uses.contains(&u));
        assert_eq!((outline.id, outline.date), (model.id.as_str(), model.date.as_deref()));
        assert_eq!(sorted(&outline.uses), sorted(&model.uses), "{}", model.id);
        let russian = model.languages.iter().flatten().any(|code| code == "ru");
        assert_eq!(
            (outline.russian, outline.converses),
            (russian, model.chat_template.is_some()),
            "{}",
            model.id
        );
        assert_eq!([outline.parameters, outline.active_parameters], model.elements, "{}", model.id);
    }
    assert!(outlines.next().is_none());
}

/// Elements of the tensors that one token is multiplied with: a part of the experts, no embedding of layers.
fn active(dimensions: &Dimensions, part: &layout::Part) -> u64 {
    match &dimensions.experts {
        Some(experts) if part.name.contains("exps.") => part.elements() / experts.count.max(1) * experts.used,
        _ if part.name.starts_with("per_layer_token") => 0,
        _ => part.elements(),
    }
}

#[test]
fn elements_are_what_the_dimensions_come_to() {
    for model in all() {
        let dimensions = &model.dimensions;
        let parts = layout::parts(dimensions).unwrap();
        let counted = [
            parts.iter().map(layout::Part::elements).sum(),
            parts.iter().map(|part| active(dimensions, part)).sum::<u64>(),
        ];
        assert_eq!(model.elements, counted, "{}: elements = {counted:?}", model.id);
    }
}
