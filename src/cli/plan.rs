//! The arguments that a plan is made from, which `plan`, `bundle` and `apply` share.

use super::model_arg::{self, Loaded};
use super::project::Flag;
use super::rag_arg::RagArgs;
use super::resolve;
use super::safetensors_arg;
use crate::apply::inventory::Overrides;
use crate::checked::ImageRef;
use crate::engine;
use crate::engine::kind::Engine;
use crate::engine::llama_cpp::build;
use crate::engine::split::SplitMode;
use crate::error::{Failure, Result};
use crate::hardware::facts::Facts;
use crate::hardware::offers::{Budget, Rates, machine};
use crate::hardware::{offers, profiles};
use crate::model::format::Format;
use crate::model::registry::{self, nearest};
use crate::plan::expose::{Exposure, Range};
use crate::plan::request::{Fixed, Prefer, Request};
use crate::plan::runtime::{self, Tagged};
use crate::plan::{Plan, reconcile};
use clap::ValueEnum;
use std::path::PathBuf;

/// Arguments that a plan is made from.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Planning")]
pub struct PlanArgs {
    /// Model: a name (see `models`), hf:owner/repository[:quant], or a path to a .gguf file
    #[allow(rustdoc::broken_intra_doc_links, reason = "the help's brackets are no link")]
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// The most to pay: 300/month, 0.6/hour, 250EUR/month, 5000RUB/month
    #[arg(long)]
    budget: Option<Budget>,
    /// The most an hour may cost, in the form of --budget; both hold
    #[arg(long, value_name = "PRICE")]
    max_price: Option<Budget>,
    /// Prices of this file instead of those known (see `offers`)
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Plan for this class of machines only (see `profiles`), or for one on offer: provider/instance (see `offers`)
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Among what runs, what comes first (docs/choice.md)
    #[arg(long, value_enum, value_name = "WHAT")]
    prefer: Option<Prefer>,
    /// Quantisation: auto, Q4_K_M, F16, …, or bits such as 4-bit
    #[arg(long, value_name = "QUANT")]
    quant: Option<String>,
    /// Context of all slots together, tokens
    #[arg(long, value_name = "TOKENS")]
    ctx: Option<u64>,
    /// Requests served side by side
    #[arg(long, value_name = "N")]
    slots: Option<u64>,
    /// KV cache type: f16, q8_0, …
    #[arg(long, value_name = "TYPE")]
    kv_type: Option<String>,
    /// One KV cache for all slots instead of one each
    #[arg(long)]
    kv_unified: bool,
    /// Flash attention
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    flash_attn: Option<bool>,
    /// Logical batch, tokens
    #[arg(long, value_name = "N")]
    batch: Option<u64>,
    /// Physical batch, tokens
    #[arg(long, value_name = "N")]
    ubatch: Option<u64>,
    /// How several GPUs share the model: whole layers, or a part of every matrix (experimental)
    #[arg(long, value_name = "layer|tensor")]
    split_mode: Option<SplitMode>,
    /// Layers whose experts stay in host memory, from the first on, for a mixture of experts on a GPU
    #[arg(long, value_name = "N")]
    n_cpu_moe: Option<u64>,
    #[command(flatten)]
    rag: RagArgs,
    /// tokens/s that decode must reach at the low end of its interval
    #[arg(long, value_name = "TOK_S", value_parser = speed)]
    min_speed: Option<f64>,
    /// Ask the model's repository and llama.cpp's releases: plan from the published file's own header, and
    /// pin addresses, sizes and SHA-256
    #[arg(long)]
    resolve: bool,
    /// Let these addresses use the API too, with TLS: 203.0.113.0/24, 2001:db8::/32; may be repeated
    #[arg(long, value_name = "CIDR")]
    expose: Vec<Range>,
    /// With --expose: a range of (nearly) everyone is meant
    #[arg(long, requires = "expose")]
    expose_everyone: bool,
    /// Also serve llama-server's own page for chats, through `tunnel`; it asks for the API key
    #[arg(long)]
    webui: bool,
    /// Program that serves the model (docs/engines.md)
    #[arg(long, value_name = "ENGINE", value_parser = engine::named)]
    engine: Option<&'static dyn Engine>,
    /// Container image with the engine's program, pinned: REPOSITORY[:TAG]@sha256:DIGEST; podman runs it (docs/engines.md)
    #[allow(rustdoc::broken_intra_doc_links, reason = "the help's brackets are no link")]
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    runtime_image: Option<ImageRef>,
    /// llama.cpp from the packages of the hosts' distribution: Debian forky and sid have it (docs/gpu.md)
    #[arg(long, conflicts_with = "runtime_image")]
    runtime_packages: bool,
    /// llama.cpp build to pin
    #[arg(
        long, value_name = "BUILD", default_value = build::DEFAULT,
        default_value_if("runtime_packages", "true", build::PACKAGED)
    )]
    llama_build: String,
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("use on or off".to_string()),
    }
}

/// A pinned image, of a registry that is named: podman asks for none by itself.
fn image(text: &str) -> Result<ImageRef, String> {
    const PIN: &str = "`skopeo inspect --format '{{.Name}}@{{.Digest}}' docker://IMAGE` tells it";
    let image = ImageRef::new(text)
        .map_err(|refused| format!("{refused}: a tag alone may be another image tomorrow; {PIN}"))?;
    let registry = text.split('/').next().unwrap_or_default();
    let named = text.contains('/') && (registry.contains(['.', ':']) || registry == "localhost");
    if named {
        Ok(image)
    } else {
        Err(format!("it names no registry: docker.io/{text} is one of Docker Hub's"))
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed >= 0.0);
    speed.ok_or_else(|| "expected tokens/s, such as 7 or 0.5".to_string())
}

/// Both caps hold.
fn cap(budget: Option<&Budget>, price: Option<&Budget>, rates: &Rates) -> Option<Budget> {
    match (budget, price) {
        (Some(a), Some(b)) => Some(a.clone().and(b, rates)),
        (a, b) => a.or(b).cloned(),
    }
}

/// The class that is meant, or the machine on offer, `provider/instance`. Unknown: exit 2.
fn named(profile: &str, offers: &[offers::Offer]) -> Result<String> {
    if !profile.contains('/') {
        return Ok(profiles::find(profile)?.id);
    }
    let same = |offer: &&offers::Offer| machine::name(offer).eq_ignore_ascii_case(profile);
    let Some(offer) = offers.iter().find(same) else {
        let near = nearest(profile, offers.iter().map(|offer| offer.instance.as_str()));
        let lead =
            if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
        return Err(Failure::usage(format!("no machine on offer is called {profile:?}"))
            .hint(format!("{lead}`agi-provision offers` lists provider and instance"))
            .into());
    };
    match machine::unusable(&offer.machine) {
        Some(why) => Err(Failure::usage(format!("{profile} cannot be planned for: {why}"))
            .hint("`agi-provision offers` lists other machines")
            .into()),
        None => Ok(profile.to_string()),
    }
}

/// A plan, and the model's files where they lie on this machine.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Model files on this machine that it was made from.
    pub model_files: Vec<PathBuf>,
}

impl PlanArgs {
    /// Arguments that make no sense with a finished plan.
    pub const IDS: [&str; 26] = [
        "model",
        "budget",
        "max_price",
        "offers",
        "profile",
        "prefer",
        "quant",
        "ctx",
        "slots",
        "kv_type",
        "kv_unified",
        "flash_attn",
        "batch",
        "ubatch",
        "split_mode",
        "n_cpu_moe",
        "min_speed",
        "rag",
        "rag_model",
        "rag_chunks",
        "rag_chunk_tokens",
        "webui",
        "engine",
        "runtime_image",
        "runtime_packages",
        "llama_build",
    ];

    /// These, with what an inventory says of one host.
    pub fn with(&self, overrides: &Overrides) -> PlanArgs {
        PlanArgs {
            profile: overrides.profile.clone().or_else(|| self.profile.clone()),
            quant: overrides.quant.clone().or_else(|| self.quant.clone()),
            ctx: overrides.ctx.or(self.ctx),
            slots: overrides.slots.or(self.slots),
            ..self.clone()
        }
    }

    /// A finished plan with `--expose`, where that is given; what it says stays otherwise.
    pub fn expose(&self, plan: &mut Plan) -> Result<()> {
        plan.expose = self.exposure()?.or(plan.expose.take());
        Ok(())
    }

    /// Exit 2 for a range of everyone that was not said to be meant.
    fn exposure(&self) -> Result<Option<Exposure>> {
        let exposure = Exposure::of(&self.expose);
        let wide = exposure.iter().flat_map(|exposure| &exposure.ranges).find(|range| range.is_wide());
        if let Some(range) = wide.filter(|_| !self.expose_everyone) {
            let message = format!("--expose {range} lets (nearly) everyone try the API's key");
            return Err(Failure::usage(message)
                .hint("name the addresses that need it, or add --expose-everyone")
                .into());
        }
        Ok(exposure)
    }

    /// To be applied: containers, which run no systemd, are not on offer. With facts: for the machine that has them.
    pub fn plan(&self, facts: Option<&Facts>) -> Result<Planned> {
        let (request, model_files) = self.request(facts, false)?;
        Ok(Planned { plan: crate::plan::plan(&request)?, model_files })
    }

    /// Whether a class of machines or a price was asked for, which then is a promise to be verified; else a host is
    /// planned for as it is.
    pub fn asks_for_a_machine(&self) -> bool {
        self.profile.is_some() || self.budget.is_some() || self.max_price.is_some()
    }

    /// Whether a model was named.
    pub fn names_a_model(&self) -> bool {
        self.model.is_some()
    }

    /// Quantisation that was asked for.
    pub fn asked_quant(&self) -> Option<&str> {
        self.quant.as_deref().filter(|quant| *quant != "auto")
    }

    /// The request with some model, whose place others take.
    pub fn for_any_model(&self, containers: bool) -> Result<Request> {
        if self.resolve {
            return Err(Failure::usage("--resolve reads one model's repository, and no model is named")
                .hint("leave it out, and give it with the --model of the list")
                .into());
        }
        if let Some(engine) =
            self.engine.filter(|engine| engine.container().is_some_and(|container| container.only))
        {
            return Err(Failure::usage(format!(
                "the models of the list are GGUF files, which {} does not serve",
                engine.name()
            ))
            .hint("leave --engine out, or name a model: --model hf:owner/repository")
            .into());
        }
        let any = registry::ids().next().map(str::to_string);
        let (mut request, _) =
            PlanArgs { model: any, quant: None, ..self.clone() }.request(None, containers)?;
        request.fixed.quant = self.asked_quant().is_some();
        Ok(request)
    }

    /// Exit 2 for an image of an engine that comes as an archive alone, one without llama-server, and one of another build.
    fn image_for(&self, engine: &'static dyn Engine) -> Result<()> {
        if self.runtime_image.is_some() && engine.container().is_none() {
            return Err(Failure::usage(format!("--runtime-image: {} comes as an archive", engine.name()))
                .hint("--runtime-archive gives one; docs/engines.md says which engine comes as an image")
                .into());
        }
        let Some(image) = self.runtime_image.as_ref().filter(|_| *engine == *engine::default()) else {
            return Ok(());
        };
        match runtime::tagged(image) {
            Tagged::NoServer(tag) => {
                let server = format!("server{}", tag.trim_start_matches("full").trim_start_matches("light"));
                Err(Failure::usage(format!("--runtime-image: {tag} does not start {}", engine.program()))
                    .hint(format!("the image that does has the tag {server}"))
                    .into())
            }
            Tagged::Known(_, Some(build)) if build != self.llama_build => Err(Failure::usage(format!(
                "--runtime-image is of build {build}, and the plan for {}: arguments and memory are settled for that one",
                self.llama_build
            ))
            .hint(format!("take the image of {}, or plan with --llama-build {build}", self.llama_build))
            .into()),
            Tagged::Known(..) | Tagged::Unknown => Ok(()),
        }
    }

    /// Exit 2 for the packages of an engine that no distribution has.
    fn packages_for(&self, engine: &'static dyn Engine) -> Result<()> {
        if self.runtime_packages && *engine != *engine::default() {
            return Err(Failure::usage(format!(
                "--runtime-packages: no distribution packages {}",
                engine.name()
            ))
            .hint(format!("leave it out, or plan with --engine {}", engine::default().name()))
            .into());
        }
        Ok(())
    }

    /// Returns the build that is named, which is the packages' where those are asked for.
    fn build(&self) -> Result<&'static build::Build> {
        if self.runtime_packages && self.llama_build != build::PACKAGED {
            let (named, packaged) = (&self.llama_build, build::PACKAGED);
            return Err(Failure::usage(format!(
                "--llama-build {named}: the distribution's packages have {packaged}"
            ))
            .hint("leave --llama-build out, or --runtime-packages")
            .into());
        }
        if self.runtime_packages { build::of_plan(build::PACKAGED) } else { build::find(&self.llama_build) }
    }

    /// Everything but the model and its quantisation, as flags of a command that is shown.
    pub fn flags(&self) -> Vec<Flag> {
        let mut flags: Vec<Flag> = Vec::new();
        let mut add = |name, value: Option<String>| flags.extend(value.map(|value| (name, Some(value))));
        let number = |value: Option<u64>| value.map(|number| number.to_string());
        add("budget", self.budget.as_ref().map(Budget::to_string));
        add("max-price", self.max_price.as_ref().map(Budget::to_string));
        add("offers", self.offers.as_ref().map(|path| path.to_string_lossy().into_owned()));
        add("profile", self.profile.clone());
        let prefer = self.prefer.and_then(|prefer| prefer.to_possible_value());
        add("prefer", prefer.map(|prefer| prefer.get_name().to_string()));
        add("ctx", number(self.ctx));
        add("slots", number(self.slots));
        add("kv-type", self.kv_type.clone());
        add("flash-attn", self.flash_attn.map(|on| if on { "on" } else { "off" }.to_string()));
        add("batch", number(self.batch));
        add("ubatch", number(self.ubatch));
        add("split-mode", self.split_mode.map(|mode| mode.to_string()));
        add("n-cpu-moe", number(self.n_cpu_moe));
        add("min-speed", self.min_speed.map(|speed| speed.to_string()));
        self.expose.iter().for_each(|range| add("expose", Some(range.to_string())));
        let engine = self.engine.filter(|engine| **engine != *engine::default());
        add("engine", engine.map(|engine| engine.name().to_string()));
        add("runtime-image", self.runtime_image.as_ref().map(ImageRef::to_string));
        let named = !self.runtime_packages && self.llama_build != build::DEFAULT;
        add("llama-build", named.then(|| self.llama_build.clone()));
        for (name, given) in [
            ("kv-unified", self.kv_unified),
            ("expose-everyone", self.expose_everyone),
            ("runtime-packages", self.runtime_packages),
        ] {
            flags.extend(given.then_some((name, None)));
        }
        flags.extend(self.rag.flags());
        flags
    }

    /// For any machine, or for the one with these facts, with or without containers; and the model's files on this
    /// machine.
    pub fn request(&self, facts: Option<&Facts>, containers: bool) -> Result<(Request, Vec<PathBuf>)> {
        let model = self.model.as_deref().ok_or_else(|| {
            Failure::usage("no model is named").hint(
                "give --model NAME or --model FILE.gguf; `agi-provision models` lists names, and `agi-provision plan` \
                 with --budget, --profile or --host alone the best few for that",
            )
        })?;
        let build = self.build()?;
        let rates = offers::store::rates();
        let budget = cap(self.budget.as_ref(), self.max_price.as_ref(), &rates);
        let file = self.offers.as_deref();
        // A machine that is named may be one that others beat.
        let one = self.profile.as_deref().is_some_and(|profile| profile.contains('/'));
        let known = if one { offers::store::all(file)? } else { offers::store::for_choice(file, &rates)? };
        known.warnings.iter().for_each(|warning| say!("warning: {warning}"));
        let profile = self.profile.as_deref().map(|profile| named(profile, &known.offers)).transpose()?;
        let engine = self.engine.unwrap_or_else(engine::default);
        self.image_for(engine)?;
        self.packages_for(engine)?;
        let quant = self.quant.as_deref();
        let Loaded { choice, mut local, published } = match engine.formats().contains(&Format::Safetensors) {
            true => safetensors_arg::load(model, quant, engine)?,
            false => model_arg::load(model, quant, self.resolve)?,
        };
        // Asked of the model's files alone.
        let is_file = !local.is_empty();
        let rag = self.rag.load(self.resolve)?.map(|rag| {
            local.extend(rag.local);
            rag.choice
        });
        let mut request = Request {
            model: choice,
            profiles: profiles::all(),
            profile,
            offers: known.offers,
            containers,
            rates,
            prefer: self.prefer,
            budget,
            fixed: Fixed {
                n_ctx: self.ctx,
                slots: self.slots,
                kv_type: self.kv_type.as_ref().map(|name| name.to_ascii_lowercase()),
                flash_attn: self.flash_attn,
                kv_unified: self.kv_unified,
                batch: self.batch,
                ubatch: self.ubatch,
                split_mode: self.split_mode,
                n_cpu_moe: self.n_cpu_moe,
                quant: self.quant.as_deref().is_some_and(|quant| quant != "auto")
                    || is_file
                    || model.starts_with("hf:"),
                min_speed: self.min_speed,
                host: None,
                runtime: Vec::new(),
                engine: self.engine,
                image: self.runtime_image.clone(),
                packages: self.runtime_packages,
                page: self.webui,
                expose: self.exposure()?,
            },
            rag,
            build,
        };
        if let Some(facts) = facts {
            request = reconcile::request(request, facts);
        }
        if let Some(published) = published {
            resolve::headers(&mut request, |choice, variant| published.read(choice, variant))?;
        }
        if self.resolve {
            request.fixed.runtime = resolve::runtime(&request)?;
        }
        Ok((request, local))
    }
}
