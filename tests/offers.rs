//! Prices read from recorded catalogues over a real connection, kept, and planned with.

mod http;

use http::{Reply, Request, Server};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A user of the program, with a home and no network but this machine's.
struct User(TempDir);

#[derive(Debug)]
struct Ran {
    exit: i32,
    stdout: String,
    stderr: String,
    took: Duration,
}

impl User {
    fn new() -> User {
        User(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn refreshed(&self) -> PathBuf {
        self.path(".local/share/agi-provision/offers.csv")
    }

    fn run(&self, args: &[&str]) -> Ran {
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_agi-provision"));
        command.env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        let output = command.current_dir(self.0.path()).args(args).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran {
            exit: output.status.code().expect("no signal"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            took: began.elapsed(),
        }
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--format", "json"]].concat());
        assert!(matches!(ran.exit, 0 | 3), "{ran:?}");
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// The offers known, chosen by `args`.
    #[track_caller]
    fn offers(&self, args: &[&str]) -> Vec<Value> {
        self.json(&[&["offers"], args].concat()).as_array().unwrap().clone()
    }

    /// `update` from a copy of one source.
    fn update(&self, source: &str, from: &str) -> Ran {
        self.run(&["offers", "update", "--source", source, "--from", from, "--timeout", "1"])
    }
}

fn recorded(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offers").join(path)
}

/// The recorded file under an address, as a server of the whole publication gives it.
fn published(request: &Request) -> Reply {
    let path = request.path.trim_start_matches('/').replace("catalogs/v8", "skypilot");
    match fs::read_to_string(recorded(&path)) {
        Ok(text) => Reply::Text(text),
        Err(_) => Reply::Status(404, Vec::new()),
    }
}

fn serve(habit: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(http::content(64 << 10), habit)
}

fn names(offers: &[Value]) -> Vec<&str> {
    offers.iter().map(|offer| offer["instance"].as_str().unwrap()).collect()
}

#[test]
fn skypilots_catalogue_becomes_offers_that_plans_are_priced_with() {
    let user = User::new();
    let server = serve(|_, request| published(request));
    // The copy's parent does as well as the folder itself.
    let ran = user.update("skypilot", &server.url(""));
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.contains("skypilot runpod: 5 offers in 5 rows") && ran.stderr.contains("offers in "));

    // Sizes under a wrong name, sums, and links that the source says.
    let runpod = user.offers(&["--provider", "runpod"]);
    let pair = |link: &str| {
        let linked = |offer: &&Value| offer["gpus"]["count"] == 2 && offer["gpus"]["link"] == link;
        runpod.iter().find(linked).unwrap_or_else(|| panic!("{link}: {runpod:#?}"))
    };
    assert_eq!(pair("pcie")["gpus"]["name"], "NVIDIA A100 80GB PCIe");
    assert_eq!(pair("pcie")["gpus"]["vram_bytes"], 81920_u64 << 20);
    assert_eq!(pair("pcie")["profiles"], Value::Array(Vec::new()), "cheaper, but no NVLink");
    assert!(pair("nvlink")["profiles"].as_array().unwrap().contains(&"2xa100-nvlink".into()));
    assert!(runpod.iter().all(|offer| offer["host"] == "container"));
    let vast = user.offers(&["--provider", "vast"]);
    let gpu = |instance: &str| {
        vast.iter().find(|offer| offer["instance"] == instance).unwrap()["gpus"]["name"].clone()
    };
    assert_eq!(gpu("2x-A100_SXM4-32-65536"), "NVIDIA A100-SXM4-40GB", "40 and 80 GB under one price");
    assert_eq!(gpu("1x-RTX_4060_Ti-32-65536"), "NVIDIA GeForce RTX 4060 Ti");
    // Spot prices, parts, cards without their price.
    let all = user.offers(&[]);
    for gone in ["2B300.60V", "a2-highgpu-1g", "tpu-v6e-8"] {
        assert!(!names(&all).contains(&gone), "{gone}");
    }
    // Another processor is marked, and of no class: the classes' programs are for x86-64.
    let arm = all.iter().find(|offer| offer["instance"] == "a1.4xlarge").expect("Graviton");
    assert_eq!(
        (&arm["processor"], &arm["profiles"]),
        (&"aarch64".into(), &Value::Array(Vec::new())),
        "{arm}"
    );
    let text = user.run(&["offers", "--provider", "aws"]).stdout;
    assert!(text.contains("arm64, 16 vCPU, 32 GiB"), "{text}");
    let own = user.json(&["plan", "--model", "tinyllama-1.1b", "--profile", "aws/a1.4xlarge"]);
    assert_eq!(own["profile"]["processor"], "aarch64", "{own}");
    let needs = own["requirements"].as_array().unwrap().iter().find(|one| one["id"] == "arch").unwrap();
    assert_eq!(needs["need"], "aarch64", "{needs}");
    for kept in ["n1-highmem-8", "c3.8xlarge", "gpu_2x_a6000", "cx53"] {
        assert!(names(&all).contains(&kept), "{kept}: {:?}", names(&all));
    }
    assert!(!names(&all).contains(&"1x RTX 3090"), "Vast's and RunPod's rows that were compiled in");

    // Planning, without the server.
    drop(server);
    let big = user.json(&["plan", "--model", "llama-65b", "--profile", "2xa100-nvlink"]);
    let offer = &big["cost"]["offer"];
    assert_eq!((&big["cost"]["per_hour"], &offer["host"]), (&2.32.into(), &"vm".into()), "{offer}");
    assert_eq!(offer["instance"], "2A100.44V");
    let cpu = user.json(&["plan", "--model", "mistral-7b", "--profile", "cpu-vps-64gb"]);
    assert_eq!(cpu["cost"]["per_hour"], 0.1116);
    // A virtual machine is what `plan` chooses from; containers count where they are asked for.
    let seen = user.json(&["plan", "--model", "saiga-13b"]);
    assert_eq!(seen["cost"]["offer"]["host"], "vm", "{}", seen["cost"]);
    assert_eq!(seen["profile"]["id"], "gpu-24gb");
    let counted = user.json(&["plan", "--model", "saiga-13b", "--containers"]);
    let of_vast = |plan: &Value| {
        let alternatives = plan["alternatives"].as_array().unwrap();
        alternatives.iter().filter(|beside| beside["provider"] == "vast").count()
    };
    assert_eq!(of_vast(&seen), 0, "{}", seen["alternatives"]);
    assert!(of_vast(&counted) > 0, "{}", counted["alternatives"]);
    let bundle = user.path("bundle");
    let class =
        ["bundle", "--model", "saiga-13b", "--profile", "gpu-24gb", "--out", bundle.to_str().unwrap()];
    let ran = user.run(&class);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let made: Value = serde_json::from_str(&fs::read_to_string(bundle.join("plan.json")).unwrap()).unwrap();
    assert_eq!(made["cost"]["offer"]["instance"], "1RTX6000ADA.10V", "{}", made["cost"]);
    // The card that is paid for keeps the promise.
    let requirements = made["requirements"].as_array().unwrap();
    let model = requirements.iter().find(|requirement| requirement["id"] == "gpu-model").unwrap();
    let cards = model["promise"].as_array().unwrap();
    assert!(cards.contains(&"NVIDIA RTX 6000 Ada Generation".into()), "{cards:?}");
}

#[test]
fn gpuhunts_catalogue_is_read_zipped_and_plain_with_its_day() {
    let user = User::new();
    let zip = |cloud: &str| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file(format!("{cloud}.csv"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, &fs::read(recorded(&format!("gpuhunt/{cloud}.csv"))).unwrap())
            .unwrap();
        Arc::new(writer.finish().unwrap().into_inner())
    };
    let (runpod, verda) = (zip("runpod"), zip("verda"));
    let server = serve(move |_, request| match request.path.as_str() {
        "/v3/runpod/version" | "/v3/verda/version" => Reply::Text("20261001-31\n".to_string()),
        "/v3/runpod/20261001-31/catalog.zip" => Reply::File(runpod.clone(), runpod.len() as u64),
        "/v3/verda/20261001-31/catalog.zip" => Reply::File(verda.clone(), verda.len() as u64),
        _ => Reply::Status(404, Vec::new()),
    });
    let ran = user.update("gpuhunt", &server.url("v3"));
    assert_eq!(ran.exit, 0, "{ran:?}");
    let runpod = user.offers(&["--provider", "runpod"]);
    assert_eq!(names(&runpod), ["NVIDIA A100 80GB PCIe", "NVIDIA A100-SXM4-80GB"], "no cluster");
    assert_eq!(runpod[0]["gpus"]["link"], "pcie");
    assert_eq!(runpod[1]["gpus"]["link"], "nvlink");
    let verda = user.offers(&["--provider", "verda"]);
    assert_eq!((verda.len(), &verda[0]["per_hour"]), (2, &0.0558.into()), "no spot price: {verda:#?}");
    assert_eq!(verda[0]["as_of"], "2026-10-01");
    let days = verda[0]["stale_days"].as_i64().expect("it is older than 30 days");
    assert!(days > 30, "{days}");
    let text = user.run(&["offers", "--provider", "verda"]).stdout;
    assert!(text.contains(&format!("2026-10-01 ({days} days old)")), "{text}");

    // A folder of plain tables, beside what is there.
    let ran = user.update("gpuhunt", recorded("gpuhunt").to_str().unwrap());
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!(names(&user.offers(&["--provider", "lambda"])), ["gpu_1x_a6000"]);
}

#[test]
fn a_cloud_that_fails_keeps_what_it_had_and_is_named() {
    let user = User::new();
    let copy = recorded("skypilot");
    assert_eq!(user.update("skypilot", copy.to_str().unwrap()).exit, 0);
    let before = user.offers(&[]);
    let server = serve(|_, request| match request.path.split('/').nth(1).unwrap() {
        "runpod" => Reply::Status(503, Vec::new()),
        "vast" => Reply::Stall(100, Duration::from_secs(30)),
        "lambda" => Reply::Status(401, Vec::new()),
        "hyperstack" => Reply::Cut(1000),
        "gcp" => Reply::Text("<html>This page has moved</html>\n".to_string()),
        "aws" => Reply::OtherSize(1 << 40),
        "verda" => Reply::Text(
            fs::read_to_string(recorded("skypilot/verda/vms.csv")).unwrap().replace("0.0558", "0.0600"),
        ),
        _ => Reply::Status(404, Vec::new()),
    });
    let ran = user.update("skypilot", &server.url(""));
    assert_eq!(ran.exit, 1, "{ran:?}");
    let failed = "error: failed: skypilot aws, skypilot gcp, skypilot hyperstack, skypilot lambda, \
                  skypilot runpod, skypilot vast; what was known of them is kept";
    assert!(ran.stderr.contains(failed) && ran.stderr.contains("\n\nhint: "), "{}", ran.stderr);
    for (cloud, why) in [
        ("runpod", "it answered 503"),
        ("vast", "nothing came for 1 s"),
        ("lambda", "it needs permission (401)"),
        ("hyperstack", "it was cut"),
        ("gcp", "it has no column \"InstanceType\"; its first line is \"<html>"),
        ("aws", "it is larger than 64 MiB"),
    ] {
        let line = ran.stderr.lines().find(|line| line.starts_with(&format!("warning: skypilot {cloud}: ")));
        assert!(line.is_some_and(|line| line.contains(why)), "{cloud} {why}: {}", ran.stderr);
    }
    assert!(ran.took < Duration::from_secs(25), "{:?}", ran.took);
    // Exactly one thing changed.
    let after = user.offers(&[]);
    let changed: Vec<&Value> = after.iter().filter(|offer| !before.contains(offer)).collect();
    assert_eq!((after.len(), changed.len()), (before.len(), 1), "{changed:#?}");
    assert_eq!(changed[0]["per_hour"], 0.06);

    // Nothing at all: the file is left alone.
    let bytes = fs::read(user.refreshed()).unwrap();
    for address in
        ["http://127.0.0.1:1/", &server.url("no/such/place"), user.path("nothing").to_str().unwrap()]
    {
        let ran = user.update("skypilot", address);
        assert_eq!(ran.exit, 1, "{ran:?}");
        assert!(ran.stderr.contains("nothing was changed"), "{}", ran.stderr);
    }
    assert_eq!(fs::read(user.refreshed()).unwrap(), bytes);
}

#[test]
fn a_busy_server_is_asked_again_and_a_slow_one_is_given_up() {
    let user = User::new();
    let server = serve(|number, request| match request.path.as_str() {
        "/verda/vms.csv" if number % 2 == 0 => Reply::Status(429, vec!["retry-after: 1".to_string()]),
        "/verda/vms.csv" => {
            published(&Request { path: "/skypilot/verda/vms.csv".to_string(), ..request.clone() })
        }
        _ => Reply::Status(404, Vec::new()),
    });
    let ran = user.update("skypilot", &server.url("verda/vms.csv"));
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.took > Duration::from_secs(1) && user.offers(&["--provider", "verda"]).len() == 5);

    let drip = serve(|_, _| Reply::Slow(50));
    let ran = user.update("skypilot", &drip.url("verda/vms.csv"));
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stderr.contains("bytes came in ") && drip.requests().len() == 3, "{}", ran.stderr);
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn a_broken_row_is_named_and_the_rest_is_used() {
    let user = User::new();
    let table = fs::read_to_string(recorded("skypilot/verda/vms.csv")).unwrap();
    let broken = table.replace("0.0558,0.0196", "free,0.0196").replace("16.0,64.0", "16.0,\u{1b}[2J")
        + "CPU.32V.128G,\"CPU.32V.128G,32.0,128.0,,,,FIN-03,0.2232,0.0784\n\
           CPU.4V.16G,CPU.4V.16G,4.0,16.0,,,,FIN-01,0.0279,0.0098\nCPU.4V\n";
    let path = user.path("verda.csv");
    fs::write(&path, broken).unwrap();
    let ran = user.update("skypilot", path.to_str().unwrap());
    assert_eq!(ran.exit, 0, "{ran:?}");
    for (line, why) in [
        (6, "Price \"free\" is not a number"),
        (7, "MemoryGiB"),
        (8, "a quote is not closed"),
        (10, "1 of 10 fields"),
    ] {
        let named = format!("verda.csv: line {line}: {why}");
        assert!(ran.stderr.contains(&named), "{named}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains('\u{1b}'), "{ran:?}");
    assert!(names(&user.offers(&["--provider", "verda"])).contains(&"CPU.4V.16G"));

    // The same in a file of offers that is named, or was refreshed and damaged.
    let offers = user.path("mine.csv");
    let text = fs::read_to_string(user.refreshed()).unwrap();
    fs::write(&offers, text.replace("0.0279,USD", "cheap,USD")).unwrap();
    let named = ["plan", "--model", "phi-2", "--offers", offers.to_str().unwrap()];
    let ran = user.run(&named);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(ran.stderr.contains("mine.csv: line ") && ran.stderr.contains("per_hour \"cheap\""), "{ran:?}");
    fs::write(&offers, "a,b\n1,2\n").unwrap();
    let ran = user.run(&named);
    assert_eq!(ran.exit, 2);
    assert!(ran.stderr.contains("is no offers file") && ran.stderr.contains("hint: its first line is"));
    fs::write(user.refreshed(), b"\xff\xfe\x00").unwrap();
    let ran = user.run(&["plan", "--model", "saiga-13b"]);
    assert_eq!(ran.exit, 0);
    assert!(ran.stderr.contains("the prices compiled in are used") && ran.stdout.contains("1x RTX 3090"));
    let ran = user.run(&["plan", "--model", "phi-2", "--offers", "missing.csv"]);
    assert!(ran.exit == 1 && ran.stderr.contains("error: reading missing.csv"), "{ran:?}");
}

#[test]
fn one_update_at_a_time_and_names_that_are_none_exit_2() {
    let user = User::new();
    let lock = user.path(".local/share/agi-provision/offers.lock");
    fs::create_dir_all(lock.parent().unwrap()).unwrap();
    let file = fs::File::create(&lock).unwrap();
    file.lock().unwrap();
    let ran = user.update("skypilot", recorded("skypilot").to_str().unwrap());
    assert!(ran.exit == 1 && ran.stderr.contains("another `offers update` is under way"), "{ran:?}");
    drop(file);
    let ran = user.run(&["offers", "update", "--source", "skyplot"]);
    assert!(ran.exit == 2 && ran.stderr.contains("the sources are skypilot and gpuhunt"), "{ran:?}");
    let ran = user.run(&["offers", "--profile", "gpu-24"]);
    assert!(ran.exit == 2 && ran.stderr.contains("gpu-24gb"), "{ran:?}");
    let for_class = user.offers(&["--vm", "--profile", "cpu-vps-32gb"]);
    assert!(names(&for_class).contains(&"CPU.8V.32G") && names(&for_class).contains(&"cx53"));
    assert!(for_class.iter().all(|offer| offer["url"].is_string() && offer["unusable"].is_null()));
}

#[test]
fn a_provider_that_nobody_knows_is_refused_with_those_that_look_like_it() {
    let user = User::new();
    let ran = user.run(&["offers", "--provider", "lamda"]);
    assert_eq!(ran.exit, 2, "{ran:?}");
    assert!(ran.stderr.contains("hint: did you mean lambda?"), "{ran:?}");
    let ran = user.run(&["offers", "--provider", "qqq"]);
    assert!(ran.exit == 2 && ran.stderr.contains("hint: known: ") && ran.stderr.contains("verda"), "{ran:?}");
    let ran = user.run(&["offers", "--provider", "scp", "--profile", "2xa100-nvlink", "--vm"]);
    assert!(
        ran.exit == 0 && ran.stdout.contains("no known offer") && ran.stderr.contains("hint: "),
        "{ran:?}"
    );
    let ran = user.run(&["models", "--use", "rerank", "--fits", "gpu-24gb"]);
    assert!(ran.exit == 0 && ran.stdout.contains("no model") && ran.stderr.contains("hint: "), "{ran:?}");
}

/// The recorded feeds with another day, as a copy gives them.
fn feeds(day: jiff::civil::Date) -> impl Fn(usize, &Request) -> Reply + Send + Sync + 'static {
    let russian = format!("{:02}.{:02}.{}", day.day(), day.month(), day.year());
    move |_, request| {
        let bytes = match request.path.as_str() {
            "/eurofxref-daily.xml" => fs::read(recorded("rates/eurofxref-daily.xml")).unwrap(),
            "/XML_daily.asp" => fs::read(recorded("rates/XML_daily.asp")).unwrap(),
            _ => return Reply::Status(404, Vec::new()),
        };
        // windows-1251: its bytes stay as they are.
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let text = text.replace("2026-09-24", &day.to_string()).replace("16.05.2026", &russian);
        let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
        Reply::File(Arc::new(bytes.clone()), bytes.len() as u64)
    }
}

#[test]
fn exchange_rates_are_read_from_the_banks_feeds_and_used_by_the_next_plan() {
    let user = User::new();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let server = serve(feeds(today));
    let ran = user.update("rates", &server.url(""));
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:?}");
    assert!(ran.stderr.contains(&format!("rates Bank of Russia: 1 USD = 73.1275 RUB on {today}")), "{ran:?}");
    let kept = fs::read_to_string(user.path(".local/share/agi-provision/rates.csv")).unwrap();
    assert!(kept.contains(&format!("RUB,73.1275,{today},Bank of Russia")), "{kept}");
    assert!(!user.refreshed().exists(), "no offers were asked for");
    let plan = user.json(&["plan", "--model", "phi-2", "--budget", "5000RUB/month"]);
    let converted = &plan["cost"]["converted"];
    assert_eq!(converted["currency"], "RUB");
    assert!((converted["rate"].as_f64().unwrap() - 73.1275).abs() < 1e-4, "{converted}");
    assert_eq!(converted["rate_as_of"], today.to_string());

    // An older feed changes nothing, one that is none is named, and what was known stays.
    drop(server);
    let old = serve(feeds(jiff::civil::date(2026, 1, 5)));
    assert_eq!(user.update("rates", &old.url("")).exit, 0);
    assert_eq!(fs::read_to_string(user.path(".local/share/agi-provision/rates.csv")).unwrap(), kept);
    let none = serve(|_, _| Reply::Text("<html>moved</html>".to_string()));
    let ran = user.update("rates", &none.url(""));
    assert_eq!(ran.exit, 1, "{ran:?}");
    assert!(ran.stderr.contains("it has no Cube with a time") && ran.stderr.contains("nothing was changed"));
    assert_eq!(fs::read_to_string(user.path(".local/share/agi-provision/rates.csv")).unwrap(), kept);
}

#[test]
fn a_row_that_is_not_used_says_why() {
    let user = User::new();
    let copy = recorded("skypilot");
    let update = ["offers", "update", "--source", "skypilot", "--from", copy.to_str().unwrap()];
    let ran = user.run(&update);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let line = ran.stderr.lines().find(|line| line.starts_with("skypilot gcp: ")).unwrap();
    for why in ["a part of a machine", "its cards are priced apart"] {
        assert!(line.contains(why), "{why}: {line}");
    }
    assert!(!ran.stderr.contains("is not used"), "{ran:?}");
    let ran = user.run(&[&update[..], &["--verbose"]].concat());
    let named = ran.stderr.lines().any(|line| {
        line.contains("gcp/vms.csv: line ")
            && line.ends_with("a2-highgpu-1g is not used: its cards are priced apart")
    });
    assert!(named, "{}", ran.stderr);
}

#[test]
fn a_day_that_was_inferred_is_said_to_be() {
    let user = User::new();
    let offers = user.offers(&["--provider", "hyperstack"]);
    assert!(offers.iter().all(|offer| offer["as_of_inferred"] == true), "{offers:#?}");
    let text = user.run(&["offers", "--provider", "hyperstack"]).stdout;
    assert!(text.contains("2025-04-15 or later (up to "), "{text}");
    let seen = user.offers(&["--provider", "hetzner"]);
    assert!(seen.iter().all(|offer| offer["as_of_inferred"] == false), "{seen:#?}");
    let profile = ["plan", "--model", "phi-2", "--profile", "hyperstack/n3-L40x1"];
    assert_eq!(user.json(&profile)["cost"]["offer"]["as_of_inferred"], true);
}
