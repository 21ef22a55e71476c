//! Further forms of a bundle: the flags of `bundle`.

use crate::checked::ImageRef;
use crate::error::{Failure, Result};
use crate::plan::Plan;
use crate::render::choices::{Balance, Balanced, Kubernetes, MOST, Replicas, SkyPilot, Targets};
use crate::render::port;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

/// Address of a balancer that nobody named another for.
const BIND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Many machines")]
pub struct TargetArgs {
    /// Also write the bundle in this form; may be repeated
    #[arg(long, value_name = "TARGET", value_enum)]
    target: Vec<Target>,
    /// With --target kubernetes: the image whose entry point is llama-server, pinned by its digest
    #[arg(long, value_name = "NAME@sha256:…", value_parser = image)]
    image: Option<ImageRef>,
    /// With --target kubernetes or skypilot: how many replicas, or the fewest and the most [default: 2]
    #[arg(long, value_name = "N[-M]")]
    replicas: Option<Replicas>,
    /// Also write HAProxy's configuration for servers with this plan: [NAME=]HOST[:PORT]; may be repeated
    #[arg(long, value_name = "SERVER", value_parser = Balanced::parse)]
    balance: Vec<Balanced>,
    /// With --balance: the address that HAProxy listens on; other than loopback with TLS [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT", requires = "balance")]
    balance_bind: Option<SocketAddr>,
}

/// A form of a bundle that is written where it is asked for; cloud-init's is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    CloudInit,
    Kubernetes,
    Skypilot,
}

fn image(text: &str) -> Result<ImageRef, String> {
    ImageRef::new(text).map_err(|error| error.to_string())
}

impl TargetArgs {
    /// Returns the targets: these, and those that the bundle has which is rendered again.
    ///
    /// # Errors
    /// Exit 2: a flag without its target, a target without an image, or a server twice.
    pub fn choose(&self, plan: &Plan, kept: &Targets) -> Result<Targets> {
        let asked = |target: Target| self.target.contains(&target);
        let mut targets = kept.clone();
        if asked(Target::Kubernetes) || targets.kubernetes.is_some() {
            let known = targets.kubernetes.take();
            let image = self.image.clone().or(known.as_ref().map(|known| known.image.clone()));
            let Some(image) = image else { return Err(no_image(plan).into()) };
            let replicas = self.replicas.or(known.map(|known| known.replicas)).unwrap_or_default();
            targets.kubernetes = Some(Kubernetes { image, replicas });
        } else if self.image.is_some() {
            return Err(alone("--image", "kubernetes").into());
        }
        if asked(Target::Skypilot) || targets.skypilot.is_some() {
            let known = targets.skypilot.take().map(|known| known.replicas);
            targets.skypilot = Some(SkyPilot { replicas: self.replicas.or(known).unwrap_or_default() });
        }
        if self.replicas.is_some() && targets.kubernetes.is_none() && targets.skypilot.is_none() {
            return Err(alone("--replicas", "kubernetes or --target skypilot").into());
        }
        if !self.balance.is_empty() {
            let known = targets.balance.as_ref().map(|known| known.bind);
            let bind = self.balance_bind.or(known).unwrap_or(BIND);
            targets.balance = Some(Balance { bind, servers: self.servers(plan)? });
        }
        Ok(targets)
    }

    fn servers(&self, plan: &Plan) -> Result<Vec<Balanced>> {
        let own = port(plan);
        let mut names = BTreeSet::new();
        let mut places = BTreeSet::new();
        let twice = |server: &&Balanced| {
            !names.insert(server.name.clone()) | !places.insert(server.endpoint.at(own).to_string())
        };
        if let Some(server) = self.balance.iter().find(twice) {
            return Err(Failure::usage(format!("--balance has {} twice", server.name))
                .hint("give each server once; NAME=HOST:PORT tells apart servers of one host")
                .into());
        }
        if self.balance.len() > usize::from(MOST) {
            return Err(Failure::usage(format!("--balance has more than {MOST} servers"))
                .hint("put a balancer in front of each part of them")
                .into());
        }
        Ok(self.balance.clone())
    }
}

fn alone(flag: &str, target: &str) -> Failure {
    Failure::usage(format!("{flag} is for --target {target}"))
        .hint(format!("add --target {target}, or leave {flag} out"))
}

fn no_image(plan: &Plan) -> Failure {
    Failure::usage("--target kubernetes needs --image NAME@sha256:…: no image is compiled in, as no digest was read")
        .hint(format!(
            "`skopeo inspect --format '{{{{.Name}}}}@{{{{.Digest}}}}' docker://ghcr.io/ggml-org/llama.cpp:server-{}` prints one; \
             with cards it is server-cuda12-…, server-cuda13-…, server-rocm-… or server-vulkan-…",
            plan.llama_server.build
        ))
}
