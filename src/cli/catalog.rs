//! `models`, `profiles`: what is known.

use super::output::{Format, print, print_json};
use crate::error::{Exit, Result};
use crate::hardware::profiles as profile_data;
use crate::model::embedder;
use crate::model::registry::{self, PublishedFile};
use crate::report::table;
use serde_json::{Value, json};

#[derive(clap::Args)]
pub struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn models(args: &Args) -> Result<Exit> {
    let models = registry::ids().map(registry::find).collect::<Result<Vec<_>>>()?;
    let embedders = embedder::ids().map(embedder::find).collect::<Result<Vec<_>>>()?;
    if args.format == Format::Json {
        print_json(&model_rows(&models, &embedders))?;
        return Ok(Exit::Done);
    }
    let row = |id: &str, parameters: u64, context: u64, files: &[PublishedFile], repository: &str| {
        let quants: Vec<&str> = files.iter().map(|f| f.quant.as_str()).collect();
        let billions = format!("{:.1} B", parameters as f64 / 1e9);
        vec![id.to_string(), billions, context.to_string(), quants.join(" "), repository.to_string()]
    };
    let chat = models.iter().map(|m| {
        let parameters = m.weights(DENSE).map_or(0, |w| w.parameters);
        row(&m.id, parameters, m.dimensions.n_ctx_train, &m.files, &m.repository)
    });
    print(&table::render(&["id", "parameters", "context", "published", "repository"], chat))?;
    let embedding = embedders.iter().map(|m| {
        let parameters = m.embedder(DENSE).map_or(0, |embedder| embedder.weights.parameters);
        row(&m.id, parameters, m.dimensions.n_ctx_train, &m.files, &m.repository)
    });
    let header = ["for --rag-model", "parameters", "context", "published", "repository"];
    print(&format!("\n{}", table::render(&header, embedding)))?;
    Ok(Exit::Done)
}

fn model_rows(models: &[registry::Model], embedders: &[embedder::Model]) -> Vec<Value> {
    let quants = |files: &[PublishedFile]| files.iter().map(|f| f.quant.clone()).collect::<Vec<_>>();
    let chat = models.iter().map(|m| {
        json!({
            "id": m.id, "name": m.name, "repository": m.repository,
            "architecture": m.dimensions.architecture, "n_ctx_train": m.dimensions.n_ctx_train,
            "quants": quants(&m.files), "kind": "chat",
        })
    });
    let embedding = embedders.iter().map(|m| {
        json!({
            "id": m.id, "name": m.name, "repository": m.repository,
            "architecture": m.dimensions.architecture, "n_ctx_train": m.dimensions.n_ctx_train,
            "quants": quants(&m.files), "kind": "embedding", "dimensions": m.dimensions.n_embd,
            "pooling": m.pooling,
        })
    });
    chat.chain(embedding).collect()
}

/// Any would do: parameters are counted, not bytes.
const DENSE: &str = "F16";

pub fn profiles(args: &Args) -> Result<Exit> {
    let profiles = profile_data::all();
    if args.format == Format::Json {
        let rows: Vec<_> = profiles
            .iter()
            .map(|p| {
                json!({
                    "id": p.id, "title": p.title, "rented": p.rented, "cpu_cores": p.cpu_cores,
                    "ram_bytes": p.ram_bytes(), "disk_bytes": p.disk_bytes(), "nvlink": p.nvlink,
                    "gpus": p.gpus.iter().map(|g| json!({"name": g.name, "vram_bytes": g.vram_mib << 20})).collect::<Vec<_>>(),
                })
            })
            .collect();
        print_json(&rows)?;
        return Ok(Exit::Done);
    }
    let rows = profiles.iter().map(|p| {
        let gpus = match p.gpus.as_slice() {
            [] => "none".to_string(),
            [gpu] => gpu.name.clone(),
            several => {
                format!("{} × {}{}", several.len(), several[0].name, if p.nvlink { ", NVLink" } else { "" })
            }
        };
        vec![
            p.id.clone(),
            p.cpu_cores.to_string(),
            format!("{} GiB", p.ram_gib),
            format!("{} GB", p.disk_gb),
            gpus,
        ]
    });
    print(&table::render(&["id", "cores", "RAM", "disk", "GPU"], rows))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{model_arg, rag_arg::RagArgs};
    use clap::{Args as _, FromArgMatches};

    /// `kind` says by which flag a listed model is taken.
    #[test]
    fn every_listed_model_is_taken_by_the_flag_of_its_kind_and_by_no_other() {
        let models: Vec<_> = registry::ids().map(|id| registry::find(id).unwrap()).collect();
        let embedders: Vec<_> = embedder::ids().map(|id| embedder::find(id).unwrap()).collect();
        let rows = model_rows(&models, &embedders);
        assert_eq!(rows.len(), models.len() + embedders.len());
        for row in rows {
            let id = row["id"].as_str().unwrap();
            let command = RagArgs::augment_args(clap::Command::new("plan"));
            let matches = command.get_matches_from(["plan", "--rag", "--rag-model", id]);
            let beside = RagArgs::from_arg_matches(&matches).unwrap().load(false);
            let alone = model_arg::load(id, None, false);
            let chat = row["kind"] == "chat";
            assert_eq!((alone.is_ok(), beside.is_ok()), (chat, !chat), "{row}");
            if let Err(error) = alone {
                assert!(error.to_string().contains("embedding model"), "{error}");
                assert_eq!(crate::error::exit_code(&error), Exit::Usage);
            }
        }
    }
}
