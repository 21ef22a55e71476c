//! podman: whether it is there and can be brought, and the images that it keeps for root.

use super::apt;
use super::packages::is_there;
use crate::checked::ImageRef;
use crate::error::{Failure, Result};
use crate::fetch::route::Route;
use crate::hardware::apt_has;
use crate::hardware::facts::Os;
use crate::oci;
use crate::process::{self, ProgramOutput, run_watched};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// podman's questions about what it keeps take a tenth of a second, and seconds on a busy disk.
const LIMIT: Duration = Duration::from_secs(120);
/// The program that makes a unit of a `.container` file, where packages put it.
const GENERATORS: [&str; 2] = [
    "/usr/lib/systemd/system-generators/podman-system-generator",
    "/usr/local/lib/systemd/system-generators/podman-system-generator",
];
/// Packages with it: those that run a container, and give it a network and the certificates of registries.
pub const PACKAGES: [&str; 5] = ["podman", "crun", "netavark", "nftables", "ca-certificates"];

/// Returns the version of podman that apt would install on this system; `None` where none with Quadlet is known of.
pub fn offered(os: &Os) -> Option<&'static str> {
    if !is_there("apt-get") {
        return None;
    }
    apt_has::podman(os)
}

/// Returns whether podman is there and makes units.
pub fn makes_units() -> bool {
    is_there("podman") && GENERATORS.iter().any(|path| Path::new(path).exists())
}

/// Returns those of [`PACKAGES`] that are not installed.
pub fn lacking() -> Vec<&'static str> {
    let has = |name: &&str| apt::has(&[name.to_string()]).unwrap_or(false);
    PACKAGES.into_iter().filter(|name| !has(name)).collect()
}

/// Installs the [`lacking`] packages.
///
/// # Errors
/// apt fails, or what it has makes no units.
pub fn install(packages: &[&str], route: &Route) -> Result<()> {
    if !packages.is_empty() {
        apt::install(packages, route)?;
    }
    if makes_units() {
        return Ok(());
    }
    Err(Failure::failed("the podman that was installed makes no units of Quadlet's")
        .hint("podman 4.4 or later has it: Debian 13, Ubuntu 24.04, or a package of another source")
        .into())
}

fn podman(args: &[&str]) -> Result<ProgramOutput> {
    Ok(process::run("podman", args, LIMIT)?)
}

/// Returns whether root's podman has the image of this digest under its name. Without podman it has none.
pub fn has(image: &ImageRef) -> bool {
    podman(&["image", "exists", &image.pinned()]).is_ok_and(|outcome| outcome.success)
}

/// Pulls the image by its digest, by the way to the internet that was found; `look` is called as
/// [`run_watched`] does.
pub fn pull(image: &ImageRef, route: &Route, look: impl FnMut(u32) -> Result<()>) -> Result<()> {
    let mut command = Command::new("podman");
    command.args(["pull", "--quiet", &image.pinned()]);
    command.envs(route.proxies().map_or(Vec::new(), |proxies| proxies.variables()));
    let outcome = run_watched(&mut command, "podman pull", look)?;
    if outcome.success && has(image) {
        return Ok(());
    }
    Err(Failure::failed(format!("podman pulls no {image}: {}", last_line(&outcome)))
        .hint("is the digest that of the registry, and does the host reach it? --runtime-archive FILE sends the image from here \
               (skopeo copy docker://NAME@sha256:DIGEST oci-archive:FILE)")
        .into())
}

/// Takes the image from an archive, which is looked at first; `look` as for [`pull`]. No name of another image changes.
pub fn load(image: &ImageRef, archive: &Path, look: impl FnMut(u32) -> Result<()>) -> Result<()> {
    let archived = oci::check(archive, image)?;
    let named = archived.name.as_deref();
    if let Some(name) =
        named.filter(|name| podman(&["image", "exists", name]).is_ok_and(|found| found.success))
    {
        return Err(Failure::failed(format!(
            "the archive names its image {name}, which is another image on this host"
        ))
        .hint("write the archive without a name: `skopeo copy … oci-archive:FILE`")
        .into());
    }
    let mut command = Command::new("podman");
    command.args(["load", "--quiet", "--input"]).arg(archive);
    let outcome = run_watched(&mut command, "podman load", look)?;
    if outcome.success && named.is_none() {
        // Without a name of the image's repository it would not be found by name and digest.
        let said = outcome.stdout.lines().rev().find_map(|line| line.strip_prefix("Loaded image: "));
        podman(&["tag", said.unwrap_or_default().trim(), &tag(image)])?;
    }
    if outcome.success && has(image) {
        return Ok(());
    }
    Err(Failure::failed(format!("podman loads no {image} from the archive: {}", last_line(&outcome)))
        .hint("is the archive whole? `podman load --input FILE` tries it on any machine")
        .into())
}

/// Runs the image's program for a moment, with no network, device or file of the host's and no capability, and returns what
/// it says; `None` where podman cannot.
pub fn says(image: &ImageRef, args: &[&str]) -> Option<ProgramOutput> {
    let pinned = image.pinned();
    let mut all = vec![
        "run",
        "--rm",
        "--pull=never",
        "--network=none",
        "--read-only",
        "--cap-drop=all",
        "--no-healthcheck",
    ];
    all.extend(["--security-opt=no-new-privileges", "--user=65534:65534", "--memory=1g", &pinned]);
    all.extend(args);
    podman(&all).ok()
}

/// Returns a name of ours for an image, in its own repository.
fn tag(image: &ImageRef) -> String {
    format!("{}:agi-provision-{}", image.repository(), &image.digest()[..12])
}

/// Removes the image, unless others use it. Returns what stays, in words.
pub fn remove(image: &ImageRef) -> Result<Option<String>> {
    if !has(image) {
        return Ok(None);
    }
    let outcome = podman(&["image", "rm", &image.pinned()])?;
    Ok((!outcome.success).then(|| format!("the image {} ({})", image.pinned(), last_line(&outcome))))
}

/// Removes a container that its unit left behind, with the name of one of ours.
pub fn remove_container(name: &str) {
    // It is not there, as a rule.
    let _ = podman(&["rm", "--force", "--ignore", name]);
}

/// podman says last why it gives up.
fn last_line(outcome: &ProgramOutput) -> String {
    let lines = outcome.stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
    lines.unwrap_or("it says nothing").trim_start_matches("Error: ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_gets_a_name_of_ours_in_its_own_repository() {
        let image: ImageRef = format!("localhost:5000/a/b:v1@sha256:{}", "ab".repeat(32)).parse().unwrap();
        assert_eq!(tag(&image), "localhost:5000/a/b:agi-provision-abababababab");
    }

    #[test]
    fn podmans_last_words_are_shown() {
        let said = |stderr: &str| {
            last_line(&ProgramOutput {
                success: false,
                code: Some(125),
                stdout: String::new(),
                stderr: stderr.to_string(),
            })
        };
        assert_eq!(
            said("Trying to pull x...\nError: initializing source: no such host\n\n"),
            "initializing source: no such host"
        );
        assert_eq!(said(""), "it says nothing");
    }
}
