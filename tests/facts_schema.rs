//! docs/facts.schema.json against what the probe really writes.

use agi_provision::hardware::facts::{
    Clock, Ecc, Egress, Facts, Gpu, GpuLink, GpuProcess, Measured, Mig, NvLink, PciCard, Pcie, Upkeep, Work,
    Worker,
};
use agi_provision::hardware::probe::{probe, probe_and_measure};
use serde_json::Value;
use std::path::Path;

#[track_caller]
fn assert_valid(facts: &Facts) {
    let schema: Value = serde_json::from_str(include_str!("../docs/facts.schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is one");
    let value = serde_json::to_value(facts).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_facts_of_this_machine_are_valid() {
    assert_valid(&probe(Path::new("/var/lib/agi-provision/models")));
    assert_valid(&probe_and_measure(Path::new("/var/tmp")));
}

#[test]
fn every_key_that_can_have_a_value_is_described() {
    let mut facts = probe(Path::new("/"));
    facts.os.clock = Some(Clock::default());
    facts.measured = Some(Measured {
        disk_read_mb_s: Some(1.0),
        egress: vec![Egress { host: "huggingface.co".into(), mbit_s: Some(93.1), ..Egress::default() }],
        ..Measured::default()
    });
    facts.package_lock = Some("apt-get (pid 1)".into());
    facts.upkeep = Upkeep {
        at_work: vec![Work { by: Worker::CloudInit, at: "modules-final".into() }],
        reboot_for: Some(vec!["libc6".into()]),
    };
    facts.memory.cgroup_limit_bytes = Some(1);
    facts.gpu_links = vec![GpuLink { a: 0, b: 1, link: "NV4".into() }];
    facts.nvlinks = vec![NvLink { gpu: 0, link: 0, gb_s: Some(25.0) }, NvLink::default()];
    facts.nvlink = Some(false);
    let full = Gpu {
        uuid: Some("GPU-1".into()),
        ecc: Some(Ecc { enabled: true, uncorrected: Some(0), uncorrected_ever: None }),
        mig: Some(Mig { enabled: true, instances_bytes: vec![1] }),
        pcie: Some(Pcie::default()),
        processes: Some(vec![GpuProcess::default()]),
        ..Gpu::default()
    };
    facts.gpus = vec![full, Gpu::default()];
    facts.pci_cards = vec![PciCard { name: Some("NVIDIA".into()), ..PciCard::default() }, PciCard::default()];
    assert_valid(&facts);
}

#[test]
fn a_key_that_nobody_described_is_found() {
    let schema: Value = serde_json::from_str(include_str!("../docs/facts.schema.json")).unwrap();
    let mut value = serde_json::to_value(probe(Path::new("/"))).unwrap();
    value["cpu"]["cores"] = Value::from(4);
    assert!(!jsonschema::draft202012::is_valid(&schema, &value));
}
