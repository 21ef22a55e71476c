//! A container image, known by its digest: podman pulls it, or takes it from an archive that the client sends. One that
//! podman had before is used as it is, and stays.

use super::kind::Kind;
use crate::agent::host::podman;
use crate::agent::servers::progress::{Progress, loaded};
use crate::agent::steps::run::Run;
use crate::agent::store::desired::Desired;
use crate::agent::store::thing::Thing;
use crate::agent::store::{generation, made, receive};
use crate::checked::ImageRef;
use crate::error::{Context, Failure, Result};
use crate::files::{self, Stamp};
use crate::wire::protocol::Unit;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long podman may read nothing while it brings an image.
const SILENCE: Duration = Duration::from_secs(300);

pub struct Image;

fn image(desired: &Desired) -> Result<&ImageRef> {
    desired.image().context("the plan pins no image")
}

impl Kind for Image {
    fn is_meant(&self, desired: &Desired) -> bool {
        desired.image().is_some()
    }

    fn change(&self, desired: &Desired) -> String {
        let image = desired.image().map(ImageRef::pinned).unwrap_or_default();
        match &desired.image_archive {
            Some(archive) => english!("change-load", name = &*archive.name, image = image),
            None => english!("change-pull", image = image),
        }
    }

    fn prepare(&self, desired: &Desired, run: &mut Run) -> Result<()> {
        let image = image(desired)?;
        if !podman::makes_units() {
            let packages = podman::lacking();
            made::add(packages.iter().map(|name| Thing::Package { name: name.to_string() }))?;
            podman::install(&packages, &run.route)?;
            run.notes.packages.extend(packages.into_iter().map(String::from));
        }
        if podman::has(image) {
            if !made::Made::read()?.is_some_and(|made| made.images().any(|known| known == image)) {
                let image = image.pinned();
                run.warn(format!("podman had {image} already; it is used, and `remove` will leave it"))?;
            }
            return Ok(());
        }
        made::add([Thing::Image { image: image.clone() }])?;
        let start = Instant::now();
        let mut progress = Progress::new(SILENCE, 1 << 20, u64::MAX);
        let route = run.route.clone();
        let look = |pid| {
            if progress.see(start.elapsed(), loaded(pid)).is_err() {
                let seconds = SILENCE.as_secs();
                return Err(Failure::failed(format!("podman read nothing of {image} for {seconds} s"))
                    .hint("does the registry still answer? --runtime-archive FILE sends the image from here")
                    .into());
            }
            run.progress(start.elapsed().as_secs(), None, Unit::Seconds)
        };
        match &desired.image_archive {
            Some(archive) => podman::load(image, &receive::arrived(archive), look),
            None => podman::pull(image, &route, look),
        }
    }

    fn put(&self, desired: &Desired, folder: &Path) -> Result<generation::Runtime> {
        files::directory(folder, 0o755)?;
        let (engine, image) = (desired.plan.engine(), image(desired)?);
        // An engine that comes as an image alone has no build that is planned.
        let asked = engine.container().filter(|container| !container.only);
        let said = asked.and_then(|_| podman::says(image, engine.asks_build()));
        let build = said.and_then(|said| engine.build(&said.stderr).or_else(|| engine.build(&said.stdout)));
        Ok(generation::Runtime {
            blob: desired.record.runtime.clone(),
            archives: Vec::new(),
            llama_build: desired.record.llama_build.clone(),
            program: desired.plan.engine().program().to_string(),
            folder: None,
            stamp: Stamp::of(folder).with_context(|| format!("reading {}", folder.display()))?,
            libraries: Vec::new(),
            files: BTreeMap::new(),
            installed: None,
            image: Some(image.clone()),
            stamps: BTreeMap::new(),
            build,
        })
    }

    fn clear(&self, desired: &Desired) -> Result<()> {
        desired.image_archive.iter().try_for_each(|blob| files::remove(&receive::arrived(blob)))
    }
}
