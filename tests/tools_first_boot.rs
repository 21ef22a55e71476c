//! User-data before the real cloud-init of three releases; its script in real shells, with real tools that fetch from
//! a real https server.

#[path = "http/tls.rs"]
mod tls;

use agi_provision::checked::DownloadUrl;
use agi_provision::hash::sha256;
use agi_provision::paths;
use agi_provision::plan::Plan;
use agi_provision::render::clouds::CLOUDS;
use agi_provision::render::targets::cloud_init::script;
use agi_provision::render::{Choices, Cloud, FirstBoot, PinnedProgram, render_for};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tls::Tls;

const PROGRAM: &[u8] = b"#!/bin/sh\necho \"started: $*\"\nexit 4\n";

fn pinned(urls: &[String]) -> PinnedProgram {
    let urls = urls.iter().map(|url| DownloadUrl::new(url.as_str()).unwrap()).collect();
    PinnedProgram { urls, sha256: sha256(PROGRAM), size_bytes: PROGRAM.len() as u64 }
}

fn output(command: &mut Command, package: &str) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install the package {package}"))
}

#[test]
fn every_shell_and_shellcheck_take_the_script() {
    let odd = ["https://example.org/$(id);'|&*?x=%22".to_string(), "https://[2001:db8::1]/a".into()];
    for program in [None, Some(pinned(&odd))] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), script(program.as_ref()).unwrap()).unwrap();
        let path = file.path().to_str().unwrap();
        for (shell, package) in [
            (&["sh", "-n"][..], "dash"),
            (&["dash", "-n"], "dash"),
            (&["bash", "--posix", "-n"], "bash"),
            (&["busybox", "sh", "-n"], "busybox"),
            // SC2016: a `$` in an address is meant as it is.
            (&["shellcheck", "--shell=sh", "--severity=style", "--exclude=SC2016"], "shellcheck"),
        ] {
            let said = output(Command::new(shell[0]).args(&shell[1..]).arg(path), package);
            assert!(
                said.status.success() && said.stdout.is_empty() && said.stderr.is_empty(),
                "{shell:?}: {said:?}"
            );
        }
    }
}

/// A machine that has one tool to fetch with, besides what every image has.
struct Machine {
    dir: tempfile::TempDir,
    server: Tls,
    shell: &'static [&'static str],
}

/// Programs that every image has, by this machine's paths.
const TOOLS: [&str; 10] = ["sh", "sha256sum", "head", "wc", "timeout", "mkdir", "chmod", "mv", "rm", "sleep"];

impl Machine {
    fn new(tools: &[&str], answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static) -> Machine {
        let dir = tempfile::tempdir().unwrap();
        let server = Tls::start(dir.path(), "127.0.0.1", answer);
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for tool in TOOLS.iter().chain(tools) {
            // Not a version manager's.
            let real =
                ["/usr/bin", "/bin"].iter().map(|dir| Path::new(dir).join(tool)).find(|path| path.exists());
            symlink(real.unwrap_or_else(|| panic!("install {tool}")), bin.join(tool)).unwrap();
        }
        let authority = server.authority.display();
        fs::write(dir.path().join("wgetrc"), format!("ca_certificate = {authority}\n")).unwrap();
        Machine { dir, server, shell: &["/bin/sh"] }
    }

    /// With busybox as the shell and as every tool that an image has.
    fn with_busybox(mut self) -> Machine {
        for tool in TOOLS {
            let link = self.dir.path().join("bin").join(tool);
            fs::remove_file(&link).unwrap();
            symlink("/usr/bin/busybox", link).unwrap();
        }
        self.shell = &["/usr/bin/busybox", "sh"];
        self
    }

    fn program(&self) -> PathBuf {
        self.dir.path().join("lib/agi-provision")
    }

    /// Runs the script as cloud-init would, with paths of its own and without pauses; `seconds` is when it gives up.
    fn boot(&self, urls: &[String], seconds: u32, trusting: bool) -> (Option<i32>, String) {
        let lib = self.dir.path().join("lib");
        let change = |text: String, from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        };
        let text = script(Some(&pinned(urls))).unwrap();
        let text = change(text, paths::LIB, lib.to_str().unwrap());
        let text = change(text, "/dev/console", "/dev/null");
        let text = change(text, "pause=2", "pause=0");
        let text = change(text, "/usr/libexec/platform-python", "none");
        let text = change(text, "-ge 900", &format!("-ge {seconds}"));
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &text])
            .env_clear()
            .env("PATH", self.dir.path().join("bin"))
            .env("HOME", "/nonexistent");
        if trusting {
            let authority = &self.server.authority;
            command.env("CURL_CA_BUNDLE", authority).env("SSL_CERT_FILE", authority);
            command.env("WGETRC", self.dir.path().join("wgetrc"));
        }
        let ran = command.output().unwrap();
        let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        (ran.status.code(), said)
    }

    #[track_caller]
    fn started(&self, urls: &[String]) {
        let (code, said) = self.boot(urls, 20, true);
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains(&format!("started: agent boot --bundle {}", paths::FIRST_BOOT)), "{said}");
        assert_eq!(fs::read(self.program()).unwrap(), PROGRAM);
        assert_eq!(fs::read_dir(self.dir.path().join("lib")).unwrap().count(), 1, "nothing else is left");
    }

    #[track_caller]
    fn refused(&self, urls: &[String], trusting: bool, words: &[&str]) {
        let (code, said) = self.boot(urls, 0, trusting);
        assert_eq!(code, Some(1), "{said}");
        assert!(!said.contains("started:"), "{said}");
        for word in words.iter().chain(&["was not fetched", paths::FIRST_BOOT, "agi-provision apply"]) {
            assert!(said.contains(word), "{word}: {said}");
        }
        let left = fs::read_dir(self.dir.path().join("lib")).map(|all| all.count()).unwrap_or(0);
        assert_eq!(left, 0, "nothing is left");
    }
}

#[test]
fn each_tool_fetches_the_program_and_starts_it_and_an_image_that_has_it_fetches_nothing() {
    for tool in ["curl", "wget", "python3"] {
        let machine = Machine::new(&[tool], |_, path| match path {
            "/gone" => tls::status(404, ""),
            "/moved?a=$(id)&b=[1-3]" => tls::status(302, "location: /program"),
            _ => tls::file(PROGRAM),
        });
        let urls = [
            machine.server.url("gone"),
            machine.server.url("moved?a=$(id)&b=[1-3]"),
            machine.server.url("no"),
        ];
        machine.started(&urls);
        assert_eq!(machine.server.paths(), ["/gone", "/moved?a=$(id)&b=[1-3]", "/program"], "{tool}");
        machine.started(&urls);
        assert_eq!(machine.server.paths().len(), 3, "it is there already");
        // Another program in the image is not the bundle's.
        fs::write(machine.program(), "#!/bin/sh\necho started: another\n").unwrap();
        machine.started(&urls);
        assert_eq!(machine.server.paths().len(), 6);
    }
}

#[test]
fn nothing_is_started_that_is_not_the_pinned_program() {
    let mut wrong = PROGRAM.to_vec();
    wrong[12] ^= 1;
    let sum = sha256(PROGRAM).to_string();
    let size = PROGRAM.len();
    for tool in ["curl", "wget", "python3"] {
        let wrong = wrong.clone();
        let machine = Machine::new(&[tool], move |_, path| match path {
            "/wrong" => tls::file(&wrong),
            "/short" => tls::file(&PROGRAM[..9]),
            // The program, and then more.
            "/long" => tls::file(&[PROGRAM, &[0; 5_000_000]].concat()),
            _ => tls::status(500, ""),
        });
        let one = |path: &str| [machine.server.url(path)];
        machine.refused(&one("wrong"), true, &[&format!("gave {size} bytes to {tool}"), &sum]);
        machine.refused(&one("short"), true, &["gave 9 bytes"]);
        machine.refused(&one("long"), true, &[&format!("gave {} bytes", size + 1)]);
        machine.refused(&one("broken"), true, &["gave 0 bytes"]);
        machine.refused(&["https://127.0.0.1:1/program".to_string()], true, &["gave 0 bytes"]);
        // Nor from a server that nobody vouches for, although the sum would be right.
        let stranger = Machine::new(&[tool], |_, _| tls::file(PROGRAM));
        stranger.refused(&[stranger.server.url("program")], false, &["gave 0 bytes"]);
    }
    let without = Machine::new(&[], |_, _| tls::file(PROGRAM));
    without.refused(&[without.server.url("program")], true, &["none of curl, wget and python3"]);
}

#[test]
fn the_script_tries_again_while_the_network_comes_up_and_with_another_tool() {
    let machine = Machine::new(&["curl"], |number, _| match number {
        0..4 => tls::status(503, ""),
        _ => tls::file(PROGRAM),
    });
    machine.started(&[machine.server.url("a"), machine.server.url("b")]);
    assert_eq!(machine.server.paths(), ["/a", "/b", "/a", "/b", "/a"]);
    // A curl that fails, and python3.
    let machine = Machine::new(&["curl", "python3"], |_, _| tls::file(PROGRAM));
    fs::remove_file(machine.dir.path().join("bin/curl")).unwrap();
    fs::write(machine.dir.path().join("bin/curl"), "#!/bin/sh\necho no curl today >&2\nexit 60\n").unwrap();
    fs::set_permissions(machine.dir.path().join("bin/curl"), fs::Permissions::from_mode(0o755)).unwrap();
    machine.started(&[machine.server.url("program")]);
}

#[test]
fn busybox_does_as_well() {
    for tool in ["curl", "python3"] {
        let machine = Machine::new(&[tool], |number, path| match (number, path) {
            (0, _) => tls::status(503, ""),
            (_, "/wrong") => tls::file(&[PROGRAM, PROGRAM].concat()),
            _ => tls::file(PROGRAM),
        })
        .with_busybox();
        let url = |path| [machine.server.url(path)];
        machine.started(&url("program"));
        fs::remove_file(machine.program()).unwrap();
        machine.refused(&url("wrong"), true, &[&format!("gave {} bytes to {tool}", PROGRAM.len() + 1)]);
    }
}

/// A release of cloud-init, by where its modules are; none for this machine's own, Debian 12's.
type Judge = (&'static str, Option<PathBuf>);

fn judges() -> Vec<Judge> {
    let mut judges = vec![("this machine's", None)];
    for suite in ["trixie", "sid"] {
        let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/build-cloud-init");
        let built = output(Command::new(lab).arg(suite), "apt");
        assert!(built.status.success(), "{built:?}");
        let dir = String::from_utf8(built.stdout).unwrap().trim().to_string();
        judges.push((suite, Some(PathBuf::from(dir).join("usr/lib/python3/dist-packages"))));
    }
    judges
}

fn python(judge: &Judge, program: &str, files: &[PathBuf]) -> Output {
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", program]).args(files);
    if let Some(modules) = &judge.1 {
        python.env("PYTHONPATH", modules);
    }
    output(&mut python, "cloud-init")
}

/// `cloud-init schema` of several files in one process, as it takes seconds to start: each file's exit code.
const SCHEMA: &str = "
import sys
from cloudinit.cmd.main import main
for path in sys.argv[1:]:
    try:
        code = main(['cloud-init', 'schema', '--config-file', path])
    except SystemExit as end:
        code = end.code
    print('code', code or 0, path, flush=True)
";

#[test]
fn the_real_cloud_init_of_three_releases_accepts_the_user_data_for_every_cloud() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
    let plan = Plan::from_json(&fs::read_to_string(plan).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program =
        pinned(&["https://example.org/a?b='$(id)'".to_string(), "https://example.net/{a}:b,c".to_string()]);
    let mut files = Vec::new();
    for cloud in CLOUDS.iter().map(Some).chain([None]) {
        let first_boot = FirstBoot { program: Some(program.clone()), cloud };
        let choice = Choices { first_boot, ..Choices::default() };
        let bundle = render_for(&plan, &choice).unwrap();
        let file = dir.path().join(cloud.map_or("any", |cloud| cloud.name));
        fs::write(&file, bundle.file("cloud-init/user-data").unwrap()).unwrap();
        files.push(file);
    }
    // It would say what is wrong.
    let bad = dir.path().join("bad");
    fs::write(&bad, "#cloud-config\nwrite_files:\n  - content: 1\n").unwrap();
    let files: Vec<PathBuf> = files.into_iter().chain([bad.clone()]).collect();
    for judge in judges() {
        let said = python(&judge, SCHEMA, &files);
        let text = String::from_utf8_lossy(&said.stdout);
        for file in &files {
            let code = if *file == bad { 1 } else { 0 };
            let line = format!("code {code} {}", file.display());
            assert!(text.lines().any(|each| each == line), "{}: {line}: {said:?}", judge.0);
        }
    }
}

/// The form that a cloud is given where text is too large: cloud-init's own code unpacks it to the same.
#[test]
fn the_real_cloud_init_unpacks_the_compressed_user_data() {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans/cpu.json");
    let mut plan = Plan::from_json(&fs::read_to_string(plan).unwrap()).unwrap();
    let noise: String =
        (0u64..2_000).map(|n| sha256(&n.to_le_bytes()).to_string()[..5].to_string()).collect();
    plan.model.chat_template = Some(noise);
    let first_boot =
        FirstBoot { program: Some(pinned(&["https://example.org/a".into()])), cloud: Cloud::by_name("aws") };
    let choice = Choices { first_boot, ..Choices::default() };
    let bundle = render_for(&plan, &choice).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let packed = dir.path().join("user-data.gz");
    fs::write(&packed, bundle.file("cloud-init/user-data.gz").expect("compressed")).unwrap();
    let read = "import sys; from cloudinit.user_data import convert_string; \
                sys.stdout.write(convert_string(open(sys.argv[1], 'rb').read()).get_payload(decode=True).decode())";
    for judge in judges() {
        let said = python(&judge, read, std::slice::from_ref(&packed));
        assert!(said.status.success(), "{}: {said:?}", judge.0);
        assert_eq!(said.stdout, bundle.file("cloud-init/user-data").unwrap(), "{}", judge.0);
    }
}
