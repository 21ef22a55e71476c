use super::*;
use crate::error::hint;
use crate::hardware::profiles;
use crate::plan::Request;
use crate::plan::document::Verdict;

fn machines(ids: &[&str]) -> Vec<Machine> {
    let machine = |(at, id): (usize, &&str)| Machine {
        name: format!("host-{at}"),
        profile: profiles::find(id).unwrap(),
    };
    ids.iter().enumerate().map(machine).collect()
}

fn planned(model: &str, quant: &str, ids: &[&str], link: &str) -> HostsPlan {
    let request = Request::of_registry(model, Some(quant)).unwrap();
    plan(&request, &machines(ids), link.parse().unwrap()).unwrap()
}

#[test]
fn a_link_is_a_latency_and_a_rate() {
    assert_eq!("0.4,940".parse::<Link>().unwrap(), Link { latency_ms: 0.4, mbit_s: 940.0 });
    for wrong in ["", "0.4", "0.4;940", "-1,940", "0.4,0", "0.4,inf", "nan,940", "0.4,940,1", "99999,940"] {
        assert!(wrong.parse::<Link>().unwrap_err().contains("such as 0.4,940"), "{wrong}");
    }
}

#[test]
fn a_model_that_no_host_holds_alone_lies_over_three() {
    let one = Request {
        profile: Some("cpu-vps-32gb".into()),
        ..Request::of_registry("llama-65b", Some("Q4_K_M")).unwrap()
    };
    assert_eq!(crate::plan::plan(&one).unwrap().verdict, Verdict::Impossible);
    let plan = planned("llama-65b", "Q4_K_M", &["cpu-vps-32gb"; 3], "0.5,1000");
    assert_ne!(plan.verdict, Verdict::Impossible, "{:?}", plan.reasons);
    assert_eq!(plan.alone, None);
    let layers: Vec<u64> = plan.hosts.iter().map(|host| host.layers).collect();
    assert_eq!(layers.iter().sum::<u64>(), 80);
    // Equal hosts get equal parts; the last has the output too.
    assert!(layers.iter().all(|layers| (25..=28).contains(layers)), "{layers:?}");
    assert_eq!(plan.hosts.iter().map(|host| host.output).collect::<Vec<_>>(), [false, false, true]);
    for (host, devices) in plan.hosts.iter().zip([["host"], ["rpc0"], ["rpc1"]]) {
        assert_eq!(host.memory.iter().map(|device| device.device.as_str()).collect::<Vec<_>>(), devices);
    }
    for device in plan.hosts.iter().flat_map(|host| &host.memory) {
        let parts = [device.weights_bytes, device.kv_bytes, device.compute_bytes, device.output_bytes];
        let sum = parts.iter().sum::<u64>() + device.runtime_bytes + device.reserved_bytes;
        assert_eq!(device.total_bytes, sum, "{device:?}");
        assert_eq!(device.headroom_bytes, device.capacity_bytes as i64 - sum as i64, "{device:?}");
        assert!(device.headroom_bytes >= 0, "{device:?}");
    }
}

#[test]
fn a_slow_network_costs_speed_and_no_memory() {
    let near = planned("llama-65b", "Q4_K_M", &["cpu-vps-32gb"; 3], "0.1,10000");
    let far = planned("llama-65b", "Q4_K_M", &["cpu-vps-32gb"; 3], "40,50");
    assert_eq!(near.hosts, far.hosts);
    assert_eq!(near.network.token.bytes, far.network.token.bytes);
    assert_eq!(near.network.decode_without_tok_s, far.network.decode_without_tok_s);
    assert!(far.speed.decode_tok_s.expected < near.speed.decode_tok_s.expected);
    // Two workers are waited for once each.
    assert_eq!(far.network.token.round_trips, 2);
    assert!(far.network.token.milliseconds > 80.0, "{:?}", far.network.token);
}

#[test]
fn a_heads_own_card_has_the_output_so_that_no_logits_cross() {
    let plan = planned("llama-65b", "Q4_K_M", &["gpu-24gb"; 3], "0.5,1000");
    let devices: Vec<&str> =
        plan.hosts.iter().flat_map(|host| &host.memory).map(|device| device.device.as_str()).collect();
    assert_eq!(devices, ["host", "gpu0", "rpc0", "host1", "rpc1", "host2"]);
    assert!(plan.hosts[0].output && !plan.hosts[1].output && !plan.hosts[2].output);
    // Hidden states of 8192 floats, and no 32000 logits.
    let hidden = 8192 * 4;
    assert!((4 * hidden..8 * hidden).contains(&plan.network.token.bytes), "{:?}", plan.network.token);
}

#[test]
fn hosts_that_cannot_be_planned_together_are_refused_with_a_hint() {
    let request = Request::of_registry("llama-65b", Some("Q4_K_M")).unwrap();
    let link = || "0.5,1000".parse().unwrap();
    for (ids, said) in [
        (&["cpu-vps-32gb"][..], "for two hosts or more"),
        (&["gpu-24gb", "cpu-vps-32gb"][..], "host-0 has a card and host-1 has none"),
        (&["cpu-vps-32gb", "gpu-24gb", "cpu-vps-32gb"][..], "host-1 has a card and host-2 has none"),
        (&["2xa100-nvlink"; 9][..], "18 devices"),
    ] {
        let error = plan(&request, &machines(ids), link()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(hint(&error).is_some(), "{error}");
    }
}
