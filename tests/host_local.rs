//! Without SSH: `--local` on the host itself, `agent boot`, which cloud-init starts, and the Debian package.

#[path = "lab/mod.rs"]
mod lab;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use base64::Engine as _;
use lab::journey::{Client, PROFILE, REFUSES, assert_serves, text, unservable, wait_until_ready};
use lab::{Host, Machine, agi_provision, diff, llama_archive, run};

#[test]
fn a_host_is_brought_up_from_itself() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    // Beside the test: what the program itself must not leave is told apart from what it was given.
    host.exec("mkdir -m 755 /opt/given").ok();
    host.put(agi_provision().as_ref(), "/opt/given/agi-provision");
    host.put(&client.tiny("tiny.gguf", 1), "/opt/given/tiny.gguf");
    host.put(&llama_archive(), "/opt/given/llama.tar.gz");
    host.exec("chmod 755 /opt/given/*").ok();
    let fresh = host.snapshot();
    let program = "/opt/given/agi-provision";
    let apply = format!(
        "{program} apply --local --yes --model /opt/given/tiny.gguf --profile {PROFILE} \
         --runtime-archive /opt/given/llama.tar.gz"
    );

    for command in
        [apply.as_str(), &format!("{program} probe --local"), &format!("{program} remove --local --yes")]
    {
        let refused = host.ssh("nosudo", command);
        assert_eq!(refused.status, 1, "{command}: {refused:?}");
        assert!(
            refused.stderr.contains("needs root") && refused.stderr.contains("hint: run it again with sudo"),
            "{refused:?}"
        );
    }
    host.exec("rm -rf /home/nosudo/.cache").ok();
    let probe = host.exec(&format!("{program} probe --local --format json"));
    assert_eq!(probe.status, 0, "{probe:?}");
    assert!(probe.stdout.contains("agi-provision/facts/1"), "{probe:?}");
    assert_eq!(host.exec(&format!("{apply} --check")).status, 5);
    // The hashes of large files are remembered in the caller's own cache, nothing else is.
    let cache = |line: &String| line[2..].starts_with("/root/.cache");
    assert!(diff(&fresh, &host.snapshot()).iter().all(cache), "{:#?}", diff(&fresh, &host.snapshot()));

    let done = host.exec(&apply);
    assert_eq!(done.status, 0, "{done:?}");
    assert!(done.stderr.contains("tiny F32 serves"), "{done:?}");
    assert_serves(&host);
    let serving = host.snapshot();
    let again = host.exec(&apply);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stderr.contains("nothing to do"), "{again:?}");
    assert_eq!(host.exec(&format!("{program} status --local")).status, 0);
    assert_eq!(diff(&serving, &host.snapshot()), [""; 0]);
    // Over SSH it is the same host in the same state.
    let over_ssh = client.apply(&host, "admin", &[]);
    assert_eq!((over_ssh.exit, over_ssh.changed()), (0, false), "{over_ssh:?}");

    host.exec(&format!("{program} remove --local --yes")).ok();
    let ours = |line: &String| line.contains("agi-provision") && !cache(line);
    assert_eq!(diff(&fresh, &host.snapshot()).into_iter().filter(ours).collect::<Vec<_>>(), [""; 0]);
}

const BUNDLE: &str = "/var/lib/agi-provision/incoming/bundle.tar";

/// Does with a bundle's user-data what cloud-init does: writes the file, runs the command.
fn cloud_init(host: &Host, client: &Client, bundle: &std::path::Path) -> lab::Ran {
    let user_data = fs::read_to_string(bundle.join("cloud-init/user-data")).unwrap();
    let payload = user_data.lines().find_map(|line| line.trim().strip_prefix("content: ")).unwrap();
    let gz = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&gz[..]).read_to_end(&mut tar).unwrap();
    let file = client.path("bundle.tar");
    fs::write(&file, tar).unwrap();
    host.exec("mkdir -p /var/lib/agi-provision/incoming").ok();
    host.put(&file, BUNDLE);
    host.exec(&format!("chmod 600 {BUNDLE}")).ok();
    let (_, commands) = user_data.split_once("runcmd:\n  - |\n").expect("a command");
    let ran = host.exec(commands);
    fs::write(&file, format!("{}{}", ran.stdout, ran.stderr)).unwrap();
    host.put(&file, "/tmp/said");
    host.exec("cat /tmp/said >> /var/log/cloud-init-output.log; rm /tmp/said").ok();
    ran
}

#[test]
fn cloud_init_starts_the_same_apply() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let model = client.tiny("tiny.gguf", 1);
    let bundle = |name: &str, flags: &[&str]| {
        let out = client.path(name);
        let make = ["bundle", "--model", text(&model), "--profile", PROFILE, "--out", text(&out)];
        client.run(&[&make[..], flags].concat()).ok();
        out
    };
    let (first, second) = (bundle("first", &[]), bundle("second", &["--ctx", "512"]));

    // No program, as on a plain image: it says where the bundle waits.
    let alone = cloud_init(&host, &client, &first);
    assert_eq!(alone.status, 1, "{alone:?}");
    assert!(alone.stdout.contains("/usr/local/lib/agi-provision/agi-provision is missing"), "{alone:?}");
    let told = |said: &str| {
        let status = client.json_on(&host, "root", &["status"]);
        let first_boot = &status.value["status"]["first_boot"];
        assert_eq!((status.exit, &first_boot["bundle"]), (1, &serde_json::json!(BUNDLE)), "{status:?}");
        assert!(first_boot["said"].as_str().unwrap().contains(said), "{status:?}");
        assert!(status.message().contains(said), "{status:?}");
        let hint = status.value["hint"].as_str().unwrap();
        assert!(hint.contains("/var/log/cloud-init-output.log") && hint.contains("apply --bundle"), "{hint}");
    };
    told("is missing; the bundle waits in");

    // The program, but neither model nor llama.cpp.
    host.exec("mkdir -p /usr/local/lib/agi-provision").ok();
    host.put(agi_provision().as_ref(), "/usr/local/lib/agi-provision/agi-provision");
    host.exec("chmod 755 /usr/local/lib/agi-provision/agi-provision").ok();
    let without = cloud_init(&host, &client, &first);
    assert_eq!(without.status, 1, "{without:?}");
    assert!(without.stderr.contains("not on this host: llama.cpp b11434, tiny.gguf"), "{without:?}");
    assert!(without.stderr.contains("hint: ") && without.stderr.contains("apply --bundle"), "{without:?}");
    told("not on this host: llama.cpp b11434, tiny.gguf");
    // Program and bundle wait where they were.
    host.exec(&format!("test -x /usr/local/lib/agi-provision/agi-provision && test -f {BUNDLE}")).ok();

    // Over SSH, from a bundle that carries both: the same bundle, as far as the host is concerned.
    let archive = llama_archive();
    let carried = ["--model-file", text(&model), "--runtime-archive", text(&archive)];
    let whole = bundle("whole", &carried);
    fs::remove_file(&model).unwrap();
    let applied = client.json_on(&host, "root", &["apply", "--yes", "--bundle", text(&whole)]);
    assert_eq!((applied.exit, applied.changed()), (0, true), "{applied:?}");
    assert_serves(&host);
    // The same bundle again: nothing to do. The bundle does not stay.
    let again = cloud_init(&host, &client, &first);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(again.stderr.contains("nothing to do"), "{again:?}");
    assert_ne!(host.exec(&format!("test -e {BUNDLE}")).status, 0);
    // Another one, whose files are there: the second generation.
    let other = cloud_init(&host, &client, &second);
    assert_eq!(other.status, 0, "{other:?}");
    assert!(other.stderr.contains("tiny F32 serves"), "{other:?}");
    assert_eq!(
        host.exec("readlink /etc/agi-provision/generation").ok(),
        "/var/lib/agi-provision/generations/2"
    );
    assert_serves(&host);

    // A tar that is no bundle is refused, and nothing happens.
    let serving = host.snapshot();
    let broken = host.exec(
        "head -c 700 /dev/urandom > /dev/shm/broken.tar; \
         /usr/local/lib/agi-provision/agi-provision agent boot --bundle /dev/shm/broken.tar",
    );
    assert_eq!(broken.status, 1, "{broken:?}");
    let nowhere =
        host.exec("/usr/local/lib/agi-provision/agi-provision agent boot --bundle /dev/shm/none.tar");
    assert!(nowhere.stderr.contains("reading /dev/shm/none.tar"), "{nowhere:?}");
    assert_eq!(diff(&serving, &host.snapshot()), [""; 0]);
}

/// Leaves of an installation what an image would carry: the program, the model, llama.cpp.
fn make_an_image_of(host: &Host) {
    let unit = "agi-provision-llama.service";
    host.exec(&format!(
        "systemctl disable -q --now {unit}; cd /etc/systemd/system && rm -rf {unit} {unit}.d agi-provision-expose.service; \
         systemctl daemon-reload; rm -r /etc/agi-provision; userdel agi-provision; cd /var/lib/agi-provision && \
         rm -r generations job incoming receipt.json"
    ))
    .ok();
}

#[test]
fn an_image_that_carries_everything_serves_at_first_boot() {
    let (host, client) = (Host::boot("debian13"), Client::new());
    client.serve(&host, "root");
    let model = client.path("tiny.gguf");
    let (near, url) = (host.near_addr(), format!("https://{}:8080/v1/models", host.addr()));
    let bundle = |name: &str, serves: bool, flags: &[&str]| {
        let plan = client.plan("plan.json", &model, &[], |plan| {
            if !serves {
                unservable(&mut plan["llama_server"]["args"]);
            }
        });
        let out = client.path(name);
        client.run(&[&["bundle", "--plan", text(&plan), "--out", text(&out)], flags].concat()).ok();
        out
    };
    let sound = bundle("sound", true, &["--expose", &near]);
    let unsound = bundle("unsound", false, &[]);

    make_an_image_of(&host);
    let booted = cloud_init(&host, &client, &sound);
    assert_eq!(booted.status, 0, "{booted:?}");
    assert!(booted.stderr.contains("tiny F32 serves"), "{booted:?}");
    assert_serves(&host);
    // It lets others in. Nobody is there to confirm that, so it holds at once and stays, with no timer.
    assert_eq!(host.exec("systemctl list-units --all --no-legend 'agi-provision-expose-revert*'").stdout, "");
    let key = host.exec("cat /etc/agi-provision/api-key").ok();
    let ask = || {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--retry", "30", "--retry-delay", "1", "--retry-all-errors", "--max-time", "60"]);
        curl.args(["-o", "/dev/null", "-w", "%{http_code}", "--interface", &near, &url]);
        run(curl.args(["-H", &format!("Authorization: Bearer {key}")])).ok()
    };
    assert_eq!(ask(), "200");
    let status = client.on(&host, "root", &["status"]).ok();
    assert!(status.contains(&format!("{near}/32, port 8080, TLS, confirmed")), "{status}");
    host.reboot();
    wait_until_ready(&host);
    assert_serves(&host);
    assert_eq!(ask(), "200");

    // One that does not start: taken back, but the image's program, model and llama.cpp stay.
    make_an_image_of(&host);
    let carried =
        || host.exec("cd /var/lib/agi-provision && find models runtimes -type f | sort | xargs md5sum").ok();
    let image = carried();
    let failed = cloud_init(&host, &client, &unsound);
    assert_eq!(failed.status, 1, "{failed:?}");
    assert!(failed.stderr.contains(REFUSES), "the server's own words: {failed:?}");
    host.exec("test -x /usr/local/lib/agi-provision/agi-provision").ok();
    assert!(image.contains("/tiny.gguf\n") && image.contains("/llama-server\n"), "{image}");
    assert_eq!(carried(), image);
    assert_ne!(host.exec("ls -d /etc/agi-provision /var/lib/agi-provision/generations").status, 0);
    assert_eq!(host.exec("ls /etc/systemd/system | grep agi; getent passwd agi-provision").stdout, "");
    // They serve with a sound one.
    let mended = cloud_init(&host, &client, &sound);
    assert_eq!(mended.status, 0, "{mended:?}");
    assert_serves(&host);
}

/// Changes that any package leaves: dpkg's and apt's own files.
fn is_of_packages(line: &str) -> bool {
    let path = line[2..].split(": ").next().unwrap();
    ["/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log"].iter().any(|folder| path.starts_with(folder))
}

/// Gets an answer of a model on `host` with four commands of the program in the folder `bin`, and takes it all away again.
fn four_commands_lead_to_an_answer(host: &Host, client: &Client, bin: &std::path::Path) {
    let project = client.path("project");
    fs::create_dir(&project).unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let command = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", client.path("")).env("PATH", &path).current_dir(&project);
        // The key of the lab's host, which a user has in ~/.ssh.
        command.env("AGI_PROVISION_IDENTITY", host.key_path());
        command.env("AGI_PROVISION_KNOWN_HOSTS", host.known_hosts());
        command.args(args).stdin(Stdio::null());
        command
    };
    let program = bin.join("agi-provision");
    let (program, model, archive) = (text(&program), client.path("tiny.gguf"), llama_archive());
    let (login, archive) = (host.login("admin"), text(&archive));

    run(&mut command(program, &["init", "--model", text(&model), "--host", &login, "--profile", PROFILE]))
        .ok();
    let applied = run(&mut command(program, &["apply", "--yes", "--runtime-archive", archive]));
    assert_eq!(applied.status, 0, "{applied:?}");
    assert!(applied.stderr.contains("agi-provision tunnel"), "it says what comes next: {applied:?}");
    let mut tunnel = command(program, &["tunnel", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tunnel.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.next().unwrap();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
    let curl: Vec<String> = lines.take(5).collect();
    let curl = curl.join("\n");
    let answer = run(&mut command("/bin/sh", &["-c", &curl]));
    assert!(answer.stdout.contains("completion_tokens"), "{curl}: {answer:?}");
    tunnel.kill().unwrap();
    tunnel.wait().unwrap();
    // It names its host itself, and reads no project.
    let (key, known) = (host.key_path(), host.known_hosts());
    let keys = ["--identity", text(&key), "--known-hosts", text(&known)];
    let remove = ["remove", "--yes", "--host", &login];
    run(&mut command(program, &[&remove[..], &keys].concat())).ok();
}

#[test]
fn the_debian_package_works_and_leaves_nothing_behind() {
    let (host, client) = (Host::boot("debian12"), Client::new());
    let folder = client.path("packages");
    fs::create_dir(&folder).unwrap();
    let mut make = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/package"));
    let made = run(make.args([agi_provision(), text(&folder), "--fast", "--compress-type", "gzip"])).ok();
    let package = std::path::Path::new(&made);
    let field = |name: &str| run(Command::new("dpkg-deb").args(["--field", &made, name])).ok();
    assert_eq!(field("Version"), env!("CARGO_PKG_VERSION"));
    assert_eq!((field("Depends"), field("Recommends")), (String::new(), "openssh-client".to_string()));

    // Its manual pages, as `man` finds and formats them.
    let unpacked = client.path("unpacked");
    run(Command::new("dpkg-deb").args(["--extract", &made, text(&unpacked)])).ok();
    let pages = unpacked.join("usr/share/man");
    let mut man = Command::new("man");
    man.env("MANPAGER", "cat").args(["-M", text(&pages), "agi-provision-key-rotate"]);
    let page = run(&mut man).ok();
    assert!(page.contains("agi-provision key rotate --host root@203.0.113.7 --yes"), "{page}");

    four_commands_lead_to_an_answer(&host, &client, &unpacked.join("usr/bin"));

    let fresh = host.snapshot();
    host.put(package, "/root/agi-provision.deb");
    host.exec(
        "apt-get install -y -qq --no-install-recommends /root/agi-provision.deb; rm /root/agi-provision.deb",
    )
    .ok();
    let as_user = |command: &str| host.ssh("nosudo", command).ok();
    assert_eq!(as_user("agi-provision --version"), concat!("agi-provision ", env!("CARGO_PKG_VERSION")));
    let plan = as_user("agi-provision plan --model tinyllama-1.1b --format json");
    assert!(plan.contains("agi-provision/plan/1"), "{plan}");
    let update = as_user("agi-provision self-update");
    assert!(update.contains("from its Debian package"), "{update}");
    host.exec("test -e /usr/share/man/man1/agi-provision-plan.1.gz").ok();
    let installed = diff(&fresh, &host.snapshot());
    for file in [
        "bash-completion/completions/agi-provision",
        "zsh/vendor-completions/_agi-provision",
        "fish/vendor_completions.d/agi-provision.fish",
        "doc/agi-provision/copyright",
    ] {
        assert!(installed.iter().any(|line| line.starts_with(&format!("+ /usr/share/{file}: "))), "{file}");
    }
    let completed = host.exec(
        "bash -c '. /usr/share/bash-completion/completions/agi-provision
         COMP_WORDS=(agi-provision ro); COMP_CWORD=1; COMP_TYPE=9
         _clap_complete_agi_provision agi-provision ro agi-provision
         echo \"${COMPREPLY[@]}\"'",
    );
    assert!(completed.ok().contains("rollback"));

    host.exec("apt-get purge -y -qq agi-provision").ok();
    let left: Vec<String> =
        diff(&fresh, &host.snapshot()).into_iter().filter(|line| !is_of_packages(line)).collect();
    assert_eq!(left, [""; 0]);
}
