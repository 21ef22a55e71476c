//! Every parser of text from outside, as a function of bytes, with what is done with the result next: read or
//! refused, shown, never a crash. tests/hostile.rs runs each over a kept corpus and changes of it, fuzz/ for as
//! long as one likes. A new parser is a function here, a line in [`TARGETS`], a folder in fuzz/corpus and a file
//! in fuzz/fuzz_targets.

use crate::apply::inventory;
use crate::engine::llama_cpp::build;
use crate::hardware::facts::Facts;
use crate::hardware::offers::sources::Catalogue;
use crate::hardware::{offers, profiles, vendor};
use crate::lang::Lang;
use crate::model::Shape;
use crate::model::gguf::Header;
use crate::model::safetensors::checkpoint::Checkpoint;
use crate::model::safetensors::config::Config;
use crate::model::safetensors::header;
use crate::model::safetensors::index::Index;
use crate::model::weights_of;
use crate::plan::document::{Requirement, Workload};
use crate::plan::ledger::{Graphs, Logits, Subject, refusal};
use crate::plan::placement::Placement;
use crate::plan::{Plan, reconcile};
use crate::render::{Bundle, Manifest, render};
use crate::unpack::{self, Limits};
use crate::verify::Held;
use crate::wire::protocol::{Event, Request};
use crate::{oci, outside, report, ssh, verify};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::LazyLock;

/// A parser, with everything that its result goes through.
pub type Target = fn(&[u8]);

/// Every target under its name, which is also that of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("archive", archive),
    ("bundle_tar", bundle_tar),
    ("facts", facts),
    ("gguf_header", gguf_header),
    ("image_archive", image_archive),
    ("inventory", inventory),
    ("known_hosts", known_hosts),
    ("manifest", manifest),
    ("nvidia_smi", nvidia_smi),
    ("offers", offers),
    ("plan", plan),
    ("private_key", private_key),
    ("protocol", protocol),
    ("rates", rates),
    ("safetensors", safetensors),
    ("ssh_config", ssh_config),
];

/// The archive of a container's image, and its index by itself.
pub fn image_archive(bytes: &[u8]) {
    for found in [oci::of(Cursor::new(bytes)), oci::index(bytes)] {
        let _ = match found {
            Ok(image) => outside::line(&image.name.unwrap_or_default()).len(),
            Err(error) => outside::line(&format!("{error:#}")).len(),
        };
    }
}

/// llama.cpp's archive: the tar, which is compressed here, as random bytes are no gzip. Nothing may come to lie
/// beside the folder that it is unpacked into, and nothing in there may lead out.
pub fn archive(bytes: &[u8]) {
    let around = tempfile::tempdir().expect("a temporary folder");
    let folder = around.path().join("unpacked");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(bytes).and_then(|()| packed.finish()).expect("memory takes everything");
    let _ = unpack::unpack(packed.as_slice(), &folder, &Limits::RUNTIME, &["note.json"]);
    let beside = fs::read_dir(around.path()).into_iter().flatten().flatten();
    assert!(beside.into_iter().all(|entry| entry.path() == folder), "a file lies beside the folder");
    assert!(is_inside(&folder, &folder), "a link leads out of the folder");
}

/// Whether every link below `folder` leads to something below `root`, or nowhere.
fn is_inside(folder: &Path, root: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().all(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => is_inside(&entry.path(), root),
        Ok(kind) if kind.is_symlink() => match (entry.path().canonicalize(), root.canonicalize()) {
            (Ok(target), Ok(root)) => target.starts_with(root),
            _ => true,
        },
        _ => true,
    })
}

/// A bundle as it travels to a host.
pub fn bundle_tar(bytes: &[u8]) {
    if let Ok(bundle) = Bundle::from_tar(bytes) {
        let _ = bundle.plan();
        let _ = bundle.to_tar();
    }
}

/// Reads the facts that a host reports.
pub fn facts(bytes: &[u8]) {
    let Ok(facts) = serde_json::from_slice::<Facts>(bytes) else { return };
    let _ = outside::visible(&report::facts::text(&facts));
    let known = profiles::all();
    let _ = reconcile::profile(&facts, &known);
    static REQUIREMENTS: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
        let plan =
            Plan::from_json(include_str!("../tests/golden/plans/multi-gpu.json")).expect("a kept plan");
        plan.requirements
    });
    let found = verify::check(&REQUIREMENTS, &facts, &Held::default());
    let _ = Lang::ALL.map(|lang| report::verify::text(&found, lang));
}

/// The header of a model's file, and the ledger that follows from it.
pub fn gguf_header(bytes: &[u8]) {
    let Ok(header) = Header::read(bytes, Some(bytes.len() as u64)) else { return };
    let Ok(shape) = Shape::from_header(&header) else { return };
    let weights = weights_of(&header, shape.layers.len());
    let workload = Workload {
        n_ctx: 8192,
        slots: 2,
        kv_unified: false,
        kv_type_k: "q8_0".to_string(),
        kv_type_v: "f16".to_string(),
        flash_attn: true,
        batch: 2048,
        ubatch: 512,
    };
    let _ = refusal(&shape, &workload);
    let (build, graphs) = (build::ledger("b12032").expect("a known build"), &Graphs::default());
    let logits = Logits::PerSlot;
    let subject = Subject { shape: &shape, weights: &weights, workload: &workload, build, logits, graphs };
    let n_layer = shape.layers.len() as u64;
    let _ = subject.kv_bytes(0, n_layer);
    let _ = subject.compute_bytes(&Placement::host_only(n_layer));
    let _ = subject.compute_bytes(&Placement::offload(n_layer, n_layer / 2, &[3, 1]));
}

/// The three files that a model in safetensors is read from: a header, an index and a `config.json`.
pub fn safetensors(bytes: &[u8]) {
    let _ = header::Header::read(bytes, Some(bytes.len() as u64));
    let header = header::Header::read(bytes, None);
    let _ = Index::parse(bytes);
    if let Ok(config) = Config::parse(bytes) {
        let _ = (config.dimensions.shape(), config.dimensions.weights("F16", false));
        let _ = Checkpoint::of(
            config,
            &header.map(|header| ("a".to_string(), header)).into_iter().collect::<Vec<_>>(),
            None,
        );
    }
}

/// An inventory, as each of the three kinds.
pub fn inventory(bytes: &[u8]) {
    for name in ["hosts", "hosts.yml", "hosts.toml"] {
        match inventory::parse(Path::new(name), bytes.to_vec()) {
            Ok(entries) => entries.iter().for_each(|entry| drop(entry.target())),
            Err(why) => drop(outside::line(&why)),
        }
    }
}

/// OpenSSH's list of known keys.
pub fn known_hosts(bytes: &[u8]) {
    let mut known = ssh::KnownHosts::default();
    known.add(Path::new("known_hosts"), bytes);
    for (host, port) in [("host.example", 22), ("192.0.2.7", 2222), ("::1", 22)] {
        let _ = known.lookup(host, port, b"\0\0\0\x0bssh-ed25519\0\0\0\x01x");
        let _ = known.key_types(host, port);
    }
}

/// Reads the manifest of a bundle.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::from_json(bytes) {
        let _ = manifest.to_json();
    }
}

/// The four outputs of nvidia-smi.
pub fn nvidia_smi(bytes: &[u8]) {
    vendor::read_nvidia_smi(&String::from_utf8_lossy(bytes));
}

/// A file of prices: ours, and a table of each source.
pub fn offers(bytes: &[u8]) {
    let known = profiles::all();
    if let Ok(read) = offers::file::parse_offers(bytes) {
        let _ = offers::file::write(&read.offers);
        for offer in &read.offers {
            let _ = known.iter().filter(|profile| offers::matching::fits(&offer.machine, profile)).count();
        }
    }
    let _ = offers::file::shortlist(bytes, &offers::Rates::default());
    let catalogue = Catalogue { address: String::new(), bytes: bytes.to_vec(), day: None };
    for source in offers::sources::all() {
        // Each cloud's rows differ a little; a large table is read once.
        let clouds = if bytes.len() > 16 << 10 { 1 } else { usize::MAX };
        for cloud in source.clouds().iter().take(clouds) {
            let _ =
                offers::update::read_catalogue(source, cloud, &catalogue, jiff::civil::date(2026, 11, 28));
        }
    }
}

/// A central bank's feed, and the file that rates are kept in.
pub fn rates(bytes: &[u8]) {
    for bank in &offers::banks::BANKS {
        let _ = bank.rate(bytes, jiff::civil::date(2026, 11, 28));
    }
    let _ = offers::rates::read(bytes);
}

/// A plan, its text and its bundle.
pub fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(plan) = Plan::from_json(text) else { return };
    for lang in Lang::ALL {
        let _ = report::plan::text(&plan, lang).to_string();
    }
    let _ = report::html::plan(&plan, &[], None, crate::lang::Lang::Russian);
    if let Ok(bundle) = render(&plan) {
        let _ = bundle.to_tar();
    }
}

/// A private key and a certificate beside it.
pub fn private_key(bytes: &[u8]) {
    ssh::hostile::private_key(&String::from_utf8_lossy(bytes));
}

/// A line that one end sends to the other, and a line of the journal.
pub fn protocol(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Event>(bytes);
    let _ = serde_json::from_slice::<Request>(bytes);
}

/// An SSH configuration. What it includes is read from this machine, in its bounds.
pub fn ssh_config(bytes: &[u8]) {
    ssh::hostile::config(&String::from_utf8_lossy(bytes));
}
