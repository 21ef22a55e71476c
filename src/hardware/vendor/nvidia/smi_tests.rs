use super::*;

/// The recorded answers of one machine.
macro_rules! machine {
    ($name:literal) => {{
        const QUERY: &str =
            include_str!(concat!("../../../../tests/fixtures/nvidia-smi/", $name, "/query.csv"));
        const XML: &str = include_str!(concat!("../../../../tests/fixtures/nvidia-smi/", $name, "/q.xml"));
        let mut listed = query(QUERY).unwrap();
        let gone = add_details(&mut listed.gpus, XML).unwrap();
        (listed, gone)
    }};
}

macro_rules! text_of {
    ($path:literal) => {
        include_str!(concat!("../../../../tests/fixtures/nvidia-smi/", $path))
    };
}

#[test]
fn a_single_card() {
    let (listed, gone) = machine!("single");
    assert!(gone.is_empty() && listed.lost.is_empty());
    let [gpu] = &listed.gpus[..] else { panic!("{listed:?}") };
    assert_eq!((gpu.name.as_str(), gpu.memory_total_bytes), ("NVIDIA GeForce RTX 3090", 24576 << 20));
    assert_eq!((gpu.memory_used_bytes, gpu.memory_free_bytes), (Some(318 << 20), Some(24258 << 20)));
    assert_eq!(gpu.compute_capability.as_deref(), Some("8.6"));
    assert_eq!((gpu.driver.as_deref(), gpu.cuda_version.as_deref()), (Some("570.124.06"), Some("12.8")));
    assert_eq!((gpu.power_limit_watts, gpu.persistence), (Some(350.0), Some(true)));
    // Idle: the link is slow now, and its width is whole.
    let pcie = gpu.pcie.as_ref().unwrap();
    assert_eq!((pcie.generation, pcie.generation_max, pcie.width, pcie.width_max), (1, 4, 16, 16));
    assert_eq!((gpu.ecc.as_ref(), gpu.mig.as_ref()), (None, None));
    assert_eq!(gpu.processes.as_deref(), Some(&[][..]));
    assert_eq!(topology(text_of!("single/topo.txt")), Some(Vec::new()));
}

#[test]
fn two_cards_on_pcie() {
    let (listed, _) = machine!("dual-pcie");
    assert_eq!(listed.gpus[1].pcie.as_ref().unwrap().width, 8);
    let process = &listed.gpus[1].processes.as_ref().unwrap()[0];
    assert_eq!((process.pid, process.memory_bytes), (4242, Some(4096 << 20)));
    let links = topology(text_of!("dual-pcie/topo.txt")).unwrap();
    assert_eq!(links, [GpuLink { a: 0, b: 1, link: "PHB".into() }]);
    assert!(!links[0].is_nvlink());
}

#[test]
fn two_cards_with_nvlink_whole_and_broken() {
    let links = topology(text_of!("dual-nvlink/topo.txt")).unwrap();
    assert_eq!(links, [GpuLink { a: 0, b: 1, link: "NV4".into() }]);
    let all = nvlinks(text_of!("dual-nvlink/nvlink.txt"));
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|link| link.gb_s == Some(14.062)));
    assert_eq!((all[4].gpu, all[4].link), (1, 0));
    let broken = nvlinks(text_of!("dual-nvlink-broken/nvlink.txt"));
    assert_eq!(broken.iter().filter(|link| link.gb_s.is_none()).count(), 2);
}

#[test]
fn a_card_cut_into_instances() {
    let (listed, _) = machine!("mig");
    let gpu = &listed.gpus[0];
    let mig = gpu.mig.as_ref().unwrap();
    assert_eq!((mig.enabled, &mig.instances_bytes[..]), (true, &[40192 << 20, 19968 << 20][..]));
    let ecc = gpu.ecc.as_ref().unwrap();
    assert_eq!((ecc.enabled, ecc.uncorrected, ecc.uncorrected_ever), (true, Some(0), Some(9)));
}

#[test]
fn what_is_not_available_is_none() {
    let (listed, gone) = machine!("not-available");
    let gpu = &listed.gpus[0];
    assert!(gone.is_empty(), "found by its bus");
    assert_eq!((gpu.uuid.as_ref(), gpu.memory_free_bytes, gpu.memory_used_bytes), (None, None, None));
    assert_eq!((gpu.cuda_version.as_ref(), gpu.compute_capability.as_ref()), (None, None));
    assert_eq!((gpu.ecc.as_ref(), gpu.mig.as_ref(), gpu.pcie.as_ref()), (None, None, None));
    assert_eq!((gpu.power_limit_watts, gpu.persistence, gpu.processes.as_ref()), (None, None, None));
}

#[test]
fn a_card_that_is_lost_or_disappears_is_told_apart_from_none() {
    let (listed, _) = machine!("lost");
    assert_eq!(listed.gpus.len(), 1);
    assert_eq!(listed.lost, [(1, "NVIDIA GeForce RTX 3090: memory.total is [GPU is lost]".to_string())]);
    let mut gpus = query(text_of!("dual-pcie/query.csv")).unwrap().gpus;
    assert_eq!(add_details(&mut gpus, text_of!("lost/q.xml")), Ok(vec![1]));
}

#[test]
fn an_old_driver_answers_the_shorter_query() {
    let listed = query("0, Tesla K80, GPU-x, 00000000:04:00.0, 11441, 3, 11438, 470.57.02\n").unwrap();
    assert_eq!(listed.gpus[0].compute_capability, None);
}

#[test]
fn no_devices_is_no_gpus_and_nonsense_is_an_error() {
    assert!(query("No devices were found\n").unwrap().gpus.is_empty());
    assert!(query("Failed to initialize NVML: Driver/library version mismatch\n").is_err());
    assert!(query("0, name, uuid, bus, many, 1, 2, 3, 4\n").is_err());
    assert!(add_details(&mut [], "<html/>").is_err());
    assert!(add_details(&mut [], "NVIDIA-SMI has failed").is_err());
    assert_eq!(topology(""), None);
    assert_eq!(topology("\tGPU0\tGPU1\nGPU0\t X \n"), None);
    assert_eq!(nvlinks("Device does not have or support Nvlink\n"), []);
}
