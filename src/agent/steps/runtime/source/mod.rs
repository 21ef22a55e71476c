//! A build from source on this host, for its cards and processor alone: packages, the source unpacked, CMake and ninja in a
//! unit of their own without a network (`workshop`), and the result put where an archive's would be. What was compiled
//! stays when it stops, and the next apply goes on with it.

mod place;
mod said;
mod tools;

use super::kind::Kind;
use crate::agent::host::disk;
use crate::agent::host::workshop::Workshop;
use crate::agent::steps::arrival;
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::generation::{self, NOTE};
use crate::agent::store::sourced::Sourced;
use crate::agent::store::thing::Thing;
use crate::agent::store::{made, receive, runtime};
use crate::engine::from_source::FromSource;
use crate::error::{Context, Failure, Result};
use crate::files;
use crate::hardware::probe;
use crate::hardware::vendor::toolkit::Toolkit;
use crate::paths;
use crate::plan::runtime::source::amount::{self, Jobs};
use crate::units::gib;
use crate::unpack::{self, Limits};
use crate::wire::protocol::Unit;
use place::Place;
use said::Why;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

pub struct Source;

/// Longest build.
const LIMIT: Duration = Duration::from_secs(12 * 3600);
/// How often what was compiled is brought to the disk.
const KEEP: Duration = Duration::from_secs(20);
/// Most of the end of a log that is read to see how far a build is.
const LOOK: u64 = 16 << 10;
/// The same to see why one stopped.
const END: u64 = 4 << 20;

fn sourced(desired: &Desired) -> Result<(&Sourced, &'static FromSource)> {
    let sourced = desired.sourced.as_ref().context("no source was given")?;
    Ok((sourced, desired.plan.engine().built_from().context("the engine is not built from source")?))
}

impl Kind for Source {
    fn is_meant(&self, desired: &Desired) -> bool {
        desired.sourced.is_some() && desired.installed.is_none() && desired.image().is_none()
    }

    fn change(&self, desired: &Desired) -> String {
        let name = desired.sourced.as_ref().map(|sourced| sourced.archive.name.to_string());
        let program = desired.plan.engine().program();
        english!("change-build", program = program, name = name.unwrap_or_default())
    }

    fn prepare(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let (sourced, of) = sourced(desired)?;
        let place = Place::of(sourced);
        let jobs = jobs()?;
        let toolkit = tools::toolkit(desired, sourced)?;
        let lacking = tools::lacking(toolkit.as_ref())?;
        room(toolkit.as_ref().filter(|_| !lacking.is_empty()), !sourced.recipe.cards.is_empty())?;
        let archive = arrival::arrived(&sourced.archive, desired, run)?;
        tools::install(desired, toolkit.as_ref(), &lacking, run)?;
        made::add([Thing::tree(place.path())?])?;
        if place.is_begun() {
            run.warn("a build was begun here before; it goes on where it stopped")?;
        }
        let source = place.open(&archive, of)?;
        build(desired, sourced, of, &place, &source, jobs, toolkit.as_ref(), run).map_err(disk::hinted)
    }

    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime> {
        let (sourced, _) = sourced(desired)?;
        let place = Place::of(sourced);
        let (record, program) = (&desired.record, desired.plan.engine().program());
        unpack::unpack(BufReader::new(place.result()?), folder, &Limits::RUNTIME, &[NOTE]).map_err(
            |error| Failure::failed(format!("what was built cannot be put in place: {error}")).hint(AGAIN),
        )?;
        let server = runtime::find_server(folder, program)?
            .ok_or_else(|| Failure::failed(format!("the build made no {program}")).hint(AGAIN))?;
        runtime::unpacked(folder, &server, program, record)
    }

    fn clear(&self, desired: &Desired) -> Result<()> {
        let (sourced, _) = sourced(desired)?;
        files::remove(Place::of(sourced).path())?;
        files::remove(&receive::arrived(&sourced.archive))
    }
}

const AGAIN: &str = "is it the source of the planned build? Apply again with another --runtime-source";

/// Refuses a host whose disk has too little room for what is compiled and for the packages that lack.
fn room(lacking: Option<&Toolkit>, for_cards: bool) -> Result<()> {
    let needed = amount::disk_bytes(for_cards) + lacking.map_or(0, |toolkit| toolkit.disk_bytes);
    let free = free()?;
    match free >= needed {
        true => Ok(()),
        false => Err(Failure::failed(format!(
            "a build from source takes about {} of the disk, and {} are free",
            gib(needed),
            gib(free)
        ))
        .hint(disk::FREE_SOME)
        .into()),
    }
}

/// Returns the room on the disk of builds, bytes.
fn free() -> Result<u64> {
    let disk = rustix::fs::statvfs(paths::VAR).context("asking for the room on the disk")?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Returns the number of compilers that this host has memory for now.
fn jobs() -> Result<Jobs> {
    let memory = probe::memory();
    let limit = memory.cgroup_limit_bytes.unwrap_or(u64::MAX);
    let free = memory.available_bytes.min(limit);
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    amount::jobs(cores, free).ok_or_else(|| {
        Failure::failed(format!("a compiler needs 1 GiB of free memory, and this host has {}", gib(free)))
            .hint("stop what takes it, or give a build of your own with --runtime-archive")
            .into()
    })
}

#[allow(clippy::too_many_arguments, reason = "they are what a build is made of")]
fn build(
    desired: &Desired,
    sourced: &Sourced,
    of: &FromSource,
    place: &Place,
    source: &Path,
    jobs: Jobs,
    toolkit: Option<&Toolkit>,
    run: &mut Run,
) -> Result<()> {
    let (writes, log) = (place.build(), place.log());
    let shop = Workshop {
        walls: desired.plan.engine().unit(),
        writes: &writes,
        log: &log,
        memory_bytes: jobs.memory_bytes,
        limit: LIMIT,
    };
    let program = desired.plan.engine().program();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    if !place.is_configured() {
        let mut argv: Vec<String> =
            ["cmake", "-S", &text(source), "-B", &text(&writes), "-G", "Ninja"].map(String::from).into();
        argv.extend(sourced.recipe.settings(of, toolkit).into_iter().map(|setting| format!("-D{setting}")));
        work(place, &shop, &argv, run, |_| Ok(()))?;
        place.keep()?;
    }
    let count = jobs.count.to_string();
    let argv =
        ["cmake", "--build", &text(&writes), "--parallel", &count, "--target", program].map(String::from);
    let mut kept = Instant::now();
    work(place, &shop, &argv, run, |_| {
        if kept.elapsed() > KEEP {
            place.keep()?;
            kept = Instant::now();
        }
        Ok(())
    })?;
    let bin = writes.join("bin");
    let mut argv = [
        "cmake",
        "-E",
        "chdir",
        &text(&bin),
        "cmake",
        "-E",
        "tar",
        "cf",
        &text(&place.packed()),
        "--format=gnutar",
    ]
    .map(String::from)
    .to_vec();
    argv.extend(results(&bin, program)?);
    work(place, &shop, &argv, run, |_| Ok(()))
}

/// Lists the program and the libraries in the folder of results.
fn results(bin: &Path, program: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(bin).with_context(|| format!("reading {}", bin.display()))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_result = |name: &String| name == program || name.starts_with("lib") && name.contains(".so");
    let mut names: Vec<String> = names.filter(is_result).collect();
    names.sort();
    match names.iter().any(|name| name == program) {
        true => Ok(names),
        false => Err(Failure::failed(format!("the build made no {program}")).hint(AGAIN).into()),
    }
}

/// Runs one command of the build, and tells how far it is; a failure is told with the compiler's own words. What does not
/// compile is removed.
fn work(
    place: &Place,
    shop: &Workshop,
    argv: &[String],
    run: &mut Run,
    mut look: impl FnMut(&mut Run) -> Result<()>,
) -> Result<()> {
    let before = fs::metadata(shop.log).map_or(0, |metadata| metadata.len());
    let start = Instant::now();
    let outcome = shop.run(argv, || {
        let said = since(shop.log, before, LOOK);
        match said.lines().rev().find_map(said::progress) {
            Some((done, total)) => run.progress(done, Some(total), Unit::Commands)?,
            None => run.progress(start.elapsed().as_secs(), None, Unit::Seconds)?,
        }
        look(run)
    })?;
    let said = since(shop.log, before, END);
    if outcome.success {
        // Lines since the last look, which may be all there are.
        let end = said.lines().rev().find_map(said::progress);
        return end.map_or(Ok(()), |(done, total)| run.progress(done, Some(total), Unit::Commands));
    }
    let why = said::why(&said, free()?);
    if why == Why::Compiler {
        // It would not compile the next time either.
        files::remove(place.path())?;
    }
    let last = said::last(&said).join("; ");
    let last = if last.is_empty() { outcome.stderr.trim().to_string() } else { last };
    let (what, hint) = match why {
        Why::Disk => ("the disk is full", disk::FREE_SOME),
        Why::Memory => (
            "a compiler had too little memory",
            "stop what takes the host's memory, or add swap, then apply again: it goes on where it stopped",
        ),
        Why::Compiler => ("it does not compile", AGAIN),
        Why::Stopped => ("it was stopped", "apply again: it goes on where it stopped"),
    };
    Err(Failure::failed(format!("the build from source stopped, {what}: {last}")).hint(hint).into())
}

/// Returns the end, of at most `most` bytes, of what was added to the log since it had `before` bytes.
fn since(log: &Path, before: u64, most: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let from = file.metadata()?.len().saturating_sub(most).max(before);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_read_and_nothing_from_before() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        assert_eq!(since(&log, 0, 10), "");
        fs::write(&log, "before12345678").unwrap();
        assert_eq!(since(&log, 6, 100), "12345678");
        assert_eq!(since(&log, 6, 3), "678");
        assert_eq!(since(&log, 0, 10), "re12345678");
        assert_eq!(since(&log, 100, 10), "");
    }
}
