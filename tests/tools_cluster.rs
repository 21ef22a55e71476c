//! Shows the files for clusters to their real judges: Kubernetes' schemas and SkyPilot's own parser, both from PyPI;
//! and the scripts that go before a server, with a real curl and a real https server.

#[path = "lab/mod.rs"]
mod lab;
#[path = "http/tls.rs"]
mod tls;

use agi_provision::checked::{DownloadUrl, ImageRef};
use agi_provision::hash::sha256;
use agi_provision::plan::Plan;
use agi_provision::render::choices::{Kubernetes, Targets};
use agi_provision::render::{Choices, FirstBoot, PinnedProgram, render_for};
use lab::{run, tool};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tls::Tls;
use yaml_rust2::{Yaml, YamlLoader};

/// Recorded files of every target, which render_golden holds to what is rendered.
fn recorded(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/targets").join(case)
}

const CASES: [&str; 3] = ["cpu", "gpu", "multi-gpu"];

fn python(program: &str, files: &[PathBuf]) -> Output {
    let site = PathBuf::from(run(&mut tool("build-cluster")).ok()).join("site");
    let home = tempfile::tempdir().unwrap();
    Command::new("/usr/bin/python3")
        .args(["-c", program])
        .args(files)
        .env("PYTHONPATH", site)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HOME", home.path())
        .env("SKYPILOT_DISABLE_USAGE_COLLECTION", "1")
        .current_dir(home.path())
        .output()
        .expect("python3")
}

/// Every document of every file; `strict` refuses keys that the schema has not.
const SCHEMAS: &str = "
import sys, yaml, kubernetes_validate
for path in sys.argv[1:]:
    for document in yaml.safe_load_all(open(path)):
        try:
            kubernetes_validate.validate(document, '1.37', strict=True)
            said = 'fits'
        except kubernetes_validate.ValidationError as error:
            said = 'is refused'
        print(path, document['kind'], said)
";

#[test]
fn kubernetes_own_schemas_accept_every_manifest() {
    let mut files = Vec::new();
    for case in CASES {
        let base = recorded(case).join("kubernetes/base");
        files.extend(
            ["config", "statefulset", "services", "network"].map(|name| base.join(format!("{name}.yaml"))),
        );
    }
    files.push(recorded("gpu").join("kubernetes/autoscale/hpa.yaml"));
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.yaml");
    let right = fs::read_to_string(recorded("cpu").join("kubernetes/base/statefulset.yaml")).unwrap();
    fs::write(&odd, right.replace("failureThreshold", "failureTreshold")).unwrap();
    files.push(odd.clone());
    let said = python(SCHEMAS, &files);
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).unwrap();
    let of = |file: &Path| {
        text.lines().filter(move |line| line.starts_with(file.to_str().unwrap())).collect::<Vec<_>>()
    };
    for file in &files {
        let outcome = if *file == odd { "is refused" } else { "fits" };
        assert!(
            !of(file).is_empty() && of(file).iter().all(|line| line.ends_with(outcome)),
            "{:?}",
            of(file)
        );
    }
    let kinds = of(&recorded("gpu").join("kubernetes/base/services.yaml"));
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[test]
fn a_kustomization_names_files_that_are_there() {
    for (case, folder) in [("cpu", "base"), ("gpu", "base"), ("gpu", "autoscale")] {
        let folder = recorded(case).join("kubernetes").join(folder);
        let text = fs::read_to_string(folder.join("kustomization.yaml")).unwrap();
        let yaml = &YamlLoader::load_from_str(&text).unwrap()[0];
        for resource in yaml["resources"].as_vec().unwrap() {
            assert!(folder.join(resource.as_str().unwrap()).exists(), "{case}: {resource:?}");
        }
    }
}

/// `sky.Task` of a file: what its parts came to.
const SKYPILOT: &str = "
import sys, yaml
from sky import task
for path in sys.argv[1:]:
    try:
        parsed = task.Task.from_yaml_config(yaml.safe_load(open(path)), secrets_overrides=[('AGI_PROVISION_KEY', 'the-key')])
    except Exception as error:
        print('refused', error.__class__.__name__)
        continue
    service, resources = parsed.service, list(parsed.resources)[0]
    print(service.readiness_path, service.readiness_headers, service.min_replicas, service.max_replicas,
          resources.accelerators, resources.cpus, resources.ports)
";

#[test]
fn skypilots_own_parser_reads_the_services() {
    let mut files: Vec<PathBuf> =
        CASES.iter().map(|case| recorded(case).join("skypilot/service.yaml")).collect();
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("odd.yaml");
    let right = fs::read_to_string(&files[0]).unwrap();
    fs::write(&odd, right.replace("min_replicas", "least_replicas")).unwrap();
    files.push(odd);
    let said = python(SKYPILOT, &files);
    let text = String::from_utf8_lossy(&said.stdout);
    let probe = "/v1/models {'Authorization': 'Bearer the-key'}";
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            format!("{probe} 2 2 None 8+ ['8090']"),
            format!("{probe} 2 4 {{'RTX3090': 1}} 8+ ['8090']"),
            format!("{probe} 1 1 {{'A100-80GB': 2}} 16+ ['8090']"),
        ],
        "{said:?}"
    );
    assert!(lines[3].starts_with("refused"), "{lines:?}");
}

/// A pod's scripts, with its places in a folder of this machine.
struct Pod {
    folder: tempfile::TempDir,
    config: Yaml,
    server: Tls,
}

const MODEL: &[u8] = b"not really a model";
const PROGRAM: &[u8] = b"#!/bin/sh\necho \"started: $*\"\nexit 4\n";

impl Pod {
    fn new(
        change: impl Fn(&mut Plan, &Tls),
        answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Pod {
        let folder = tempfile::tempdir().unwrap();
        let server = Tls::start(folder.path(), "127.0.0.1", answer);
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
        let mut plan = Plan::from_json(&fs::read_to_string(plan).unwrap()).unwrap();
        let file = &mut plan.model.files[0];
        (file.size_bytes, file.sha256) = (MODEL.len() as u64, Some(sha256(MODEL)));
        file.url = Some(DownloadUrl::new(server.url("model?a='$(id)'")).unwrap());
        change(&mut plan, &server);
        let program = PinnedProgram {
            urls: ["gone", "program"].map(|path| DownloadUrl::new(server.url(path)).unwrap()).to_vec(),
            sha256: sha256(PROGRAM),
            size_bytes: PROGRAM.len() as u64,
        };
        let image = format!("llama@sha256:{}", sha256(b""));
        let kubernetes = Kubernetes { image: ImageRef::new(image).unwrap(), replicas: Default::default() };
        let choices = Choices {
            first_boot: FirstBoot { program: Some(program), cloud: None },
            targets: Targets { kubernetes: Some(kubernetes), ..Targets::default() },
            driver: None,
        };
        let bundle = render_for(&plan, &choices).unwrap();
        let text = std::str::from_utf8(bundle.file("kubernetes/base/config.yaml").unwrap()).unwrap();
        let config = YamlLoader::load_from_str(text).unwrap().remove(0);
        for name in ["models", "gate"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Pod { folder, config, server }
    }

    fn run(&self, script: &str) -> (Option<i32>, String) {
        let here = self.folder.path().to_str().unwrap();
        let text = self.config["data"][script].as_str().unwrap();
        let text = text
            .replace("cd /models", &format!("cd {here}/models"))
            .replace("=/gate/", &format!("={here}/gate/"));
        let said = Command::new("/bin/sh")
            .args(["-c", &text])
            .env("CURL_CA_BUNDLE", &self.server.authority)
            .output()
            .unwrap();
        (said.status.code(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
    }

    fn models(&self) -> Vec<(String, Vec<u8>)> {
        let files = fs::read_dir(self.folder.path().join("models")).unwrap().map(Result::unwrap);
        files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
    }
}

#[test]
fn a_pod_brings_the_pinned_model_once_and_no_other_file() {
    let pod = Pod::new(
        |_, _| {},
        |number, _| match number {
            0 => tls::file(b"not quite a model!"),
            _ => tls::file(MODEL),
        },
    );
    let (code, said) = pod.run("model.sh");
    assert!(code == Some(1) && said.contains("did not give the pinned file"), "{said}");
    assert_eq!(pod.models(), []);
    let name = "tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf".to_string();
    for asked in [2, 2] {
        let (code, said) = pod.run("model.sh");
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(pod.models(), [(name.clone(), MODEL.to_vec())]);
        assert_eq!(pod.server.paths().len(), asked);
    }
    let unpinned = Pod::new(|plan, _| plan.model.files[0].sha256 = None, |_, _| tls::file(MODEL));
    let (code, said) = unpinned.run("model.sh");
    assert!(code == Some(4) && said.contains("--resolve"), "{said}");
    assert!(unpinned.server.paths().is_empty());
}

#[test]
fn a_pods_gate_is_the_pinned_program_and_nothing_else() {
    let pod = Pod::new(
        |_, _| {},
        |_, path| match path {
            "/program" => tls::file(PROGRAM),
            _ => tls::status(404, ""),
        },
    );
    let (code, said) = pod.run("gate.sh");
    assert!(code == Some(4) && said.contains("started: agent gate --plan /plan/plan.json"), "{said}");
    let mut wrong = PROGRAM.to_vec();
    wrong[12] ^= 1;
    let pod = Pod::new(|_, _| {}, move |_, _| tls::file(&wrong));
    let (code, said) = pod.run("gate.sh");
    assert!(code == Some(1) && !said.contains("started:"), "{said}");
}
