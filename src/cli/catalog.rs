//! `profiles`: the classes of hardware.

use super::output::{Format, print, print_json};
use crate::error::{Exit, Result};
use crate::hardware::profiles as profile_data;
use crate::report::table;
use serde_json::json;

#[derive(clap::Args)]
pub struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

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
