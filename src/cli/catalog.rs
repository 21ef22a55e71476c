//! `models`, `profiles`: what is known.

use super::{Format, print, print_json};
use crate::error::{Exit, Result};
use crate::hardware::profiles as profile_data;
use crate::model::embedding;
use crate::model::registry::{self, PublishedFile};
use crate::report::table;
use serde_json::json;

#[derive(clap::Args)]
pub struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub fn models(args: &Args) -> Result<Exit> {
    let models = registry::ids().map(registry::find).collect::<Result<Vec<_>>>()?;
    let embedders = embedding::ids().map(embedding::find).collect::<Result<Vec<_>>>()?;
    if args.format == Format::Json {
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
        print_json(&chat.chain(embedding).collect::<Vec<_>>())?;
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
