//! The project's file, the user's configuration and the environment in place of flags.

use super::{Home, Ran, text};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const PROJECT: &str = "model = \"tinyllama-1.1b\"\nhosts = [\"root@192.0.2.1\"]\n\n[constraints]\nquant = \"Q4_K_M\"\n\
                       profile = \"laptop-cpu-16gb\"\nctx = 4096\n";

fn with_project(content: &str) -> Home {
    let home = Home::new();
    fs::write(home.path("agi-provision.toml"), content).unwrap();
    home
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Value and place of one setting in `config show`.
fn shown(ran: &Ran, name: &str) -> (String, String, u64) {
    let value = json(ran);
    let settings = value["settings"].as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["setting"] == name).unwrap();
    let values: Vec<&str> = setting["values"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    (values.join(","), setting["from"].as_str().unwrap().to_owned(), setting["line"].as_u64().unwrap_or(0))
}

#[test]
fn a_plan_without_flags_is_the_projects_from_any_folder_below() {
    let home = with_project(PROJECT);
    let typed = ["plan", "--model", "tinyllama-1.1b", "--quant", "Q4_K_M", "--profile", "laptop-cpu-16gb"];
    let typed =
        home.run(&[&typed[..], &["--ctx", "4096", "--format", "json", "--project", "/dev/null"]].concat());
    assert_eq!(typed.exit, 0, "{typed:?}");
    let below = home.path("a/b");
    fs::create_dir_all(&below).unwrap();
    let output = home.command(&["plan", "--format", "json"]).current_dir(&below).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), typed.stdout);

    // Flags before the environment, the environment before the file.
    let ctx = |ran: &Ran| json(ran)["workload"]["n_ctx"].as_u64().unwrap();
    let variable = [("AGI_PROVISION_CTX", "2048")];
    assert_eq!(ctx(&home.run_with(&["plan", "--format", "json"], &variable)), 2048);
    assert_eq!(ctx(&home.run_with(&["plan", "--format", "json", "--ctx", "1024"], &variable)), 1024);
    // A finished plan displaces the file's model and constraints.
    fs::write(home.path("plan.json"), &typed.stdout).unwrap();
    let bundle = home.run(&["bundle", "--plan", "plan.json", "--out", "out"]);
    assert_eq!(bundle.exit, 0, "{bundle:?}");
    // The file stands anywhere under its name in --project.
    fs::rename(home.path("agi-provision.toml"), home.path("other.toml")).unwrap();
    home.run(&["plan"]).refused(2, "no model is named", "--model NAME");
    for named in [&["plan", "--project", "other.toml"][..], &["--project=other.toml", "plan"]] {
        let ran = home.run(&[named, &["--format", "json"]].concat());
        assert_eq!(ran.stdout, typed.stdout);
    }
    let ran = home.run_with(&["plan", "--format", "json"], &[("AGI_PROVISION_PROJECT", "other.toml")]);
    assert_eq!(ran.stdout, typed.stdout);
    home.run(&["plan", "--project", "none.toml"]).refused(2, "no project file none.toml", "init");
}

#[test]
fn commands_for_hosts_take_the_projects_host() {
    let home = with_project(PROJECT);
    fs::write(home.path("known_hosts"), "").unwrap();
    // No route leads to the host: each says that it went there.
    for command in [
        &["status"][..],
        &["verify"],
        &["tunnel"],
        &["key", "show"],
        &["key", "rotate", "--yes"],
        &["rollback", "--yes"],
        &["apply", "--yes"],
        &["logs"],
        &["probe"],
    ] {
        // An address without a server on this machine, instead of one that is waited for.
        let ran = home.run_with(command, &[("AGI_PROVISION_HOST", "root@127.0.0.1:1")]);
        assert_eq!(ran.exit, 1, "{command:?}: {ran:?}");
        assert!(ran.stderr.contains("127.0.0.1:1"), "{command:?}: {ran:?}");
    }
    home.run(&["remove", "--yes"]).refused(2, "no host is named", "--host");
    // Without the project the same commands ask for a host.
    home.run(&["status", "--project", "/dev/null"]).refused(2, "no host is named", "--host");
}

#[test]
fn config_show_says_where_each_value_is_from() {
    let home = with_project(PROJECT);
    let folder = home.path(".config/agi-provision");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "[connection]\nssh_config = \"~/x\"\n[constraints]\nslots = 3\n")
        .unwrap();
    let variables = [("AGI_PROVISION_SLOTS", "5"), ("AGI_PROVISION_RAG", "yes")];
    let args = ["config", "show", "--format", "json", "--ctx", "512"];
    let ran = home.run_with(&args, &variables);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let at = |name: &str, value: &str, from: &str, line: u64| {
        assert_eq!(shown(&ran, name), (value.to_owned(), from.to_owned(), line), "{name}");
    };
    at("model", "tinyllama-1.1b", "project", 1);
    at("hosts", "root@192.0.2.1", "project", 2);
    at("constraints.ctx", "512", "flag", 0);
    at("constraints.slots", "5", "environment", 0);
    at("constraints.rag", "true", "environment", 0);
    at("connection.ssh_config", text(&home.path("x")), "user", 2);
    at("connection.jobs", "8", "default", 0);
    at("constraints.budget", "", "unset", 0);
    assert_eq!(json(&ran)["project"], text(&home.path("agi-provision.toml")));

    let ran = home.run_with(&["config", "show", "--set"], &variables);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let line = |word: &str| ran.stdout.lines().find(|line| line.contains(word)).unwrap().to_owned();
    assert!(line("constraints.ctx").contains("agi-provision.toml:7"), "{ran:?}");
    assert!(line("constraints.slots").contains("environment: AGI_PROVISION_SLOTS"), "{ran:?}");
    assert!(!ran.stdout.contains("budget"), "{ran:?}");
}

#[test]
fn mistakes_in_files_and_variables_name_their_place() {
    for (content, message, hint) in [
        ("modle = \"a\"\n", "agi-provision.toml:1: unknown key \"modle\"", "did you mean model"),
        ("\n[constraints]\nctx = -1\n", "agi-provision.toml:3: ctx: invalid value '-1'", "--ctx takes"),
        ("[constraints]\nbudget = \"much\"\n", "agi-provision.toml:2: budget: invalid value", "--budget"),
        ("[exposure]\nranges = [\"10.0.0.5/24\"]\n", "toml:2: ranges: invalid value", "--expose"),
        ("[connection]\njobs = 0\n", "toml:2: jobs: invalid value '0'", "--jobs"),
        ("[connection]\npassword = \"x\"\n", "would be a secret", "--password-stdin"),
        ("a = [[[[\n", "it is not TOML", "quotes"),
    ] {
        with_project(content).run(&["plan"]).refused(2, message, hint);
    }
    let home = with_project("hosts = [\"a\"]\ninventory = \"b\"\n");
    home.run(&["status"]).refused(2, "agi-provision.toml:2) exclude each other", "leave one");
    let home = with_project(PROJECT);
    let refused = |variable: (&str, &str), message: &str| {
        home.run_with(&["plan"], &[variable]).refused(2, message, "it takes what --");
    };
    refused(("AGI_PROVISION_CTX", "many"), "AGI_PROVISION_CTX: invalid value 'many'");
    refused(("AGI_PROVISION_RAG", "maybe"), "AGI_PROVISION_RAG: it is neither true nor false");
    // A mistake that only the plan finds says which line it is from.
    let home = with_project("model = \"tinylama-1.1b\"\n");
    let ran = home.run(&["plan"]);
    ran.refused(2, "no model is called", "tinyllama-1.1b");
    assert!(
        ran.stderr.starts_with("note: model in ") && ran.stderr.contains("agi-provision.toml:1"),
        "{ran:?}"
    );
    // Nobody's file is taken unasked, and other commands do not care.
    let home = with_project("model = \"tinyllama-1.1b\"\n");
    let path = home.path("agi-provision.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    home.run(&["plan"]).refused(2, "may write to it", "--project");
    assert_eq!(home.run(&["plan", "--project", text(&path)]).exit, 0);
    assert_eq!(home.run(&["profiles"]).exit, 0);
}

#[test]
fn the_example_of_the_docs_is_taken() {
    let page = include_str!("../../docs/project.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let ran = with_project(example).run(&["config", "show", "--format", "json"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let keys = example.lines().filter(|line| line.contains(" = ")).count();
    let settings = json(&ran)["settings"].as_array().unwrap().clone();
    assert_eq!(settings.iter().filter(|setting| setting["from"] == "project").count(), keys);
}
