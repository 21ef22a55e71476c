//! Engines: programs that serve models, one folder each. All that is particular to one of them, from its arguments
//! to its log, is behind the trait [`Engine`]; nothing here reads or writes anything.
//!
//! - [`server`]: the names of a plan's servers, from which unit, port and files follow;
//! - [`launch`]: settings of a server in no engine's words; [`split`]: how cards share a model;
//! - [`arguments`]: an engine's arguments, checked by its [`grammar`];
//! - [`front`]: a program that starts the engine's server itself; [`container`]: an engine that comes as an image;
//! - [`question`] and [`streamed`]: its HTTP interface; [`reported`]: its log.

pub mod arguments;
pub mod container;
pub mod from_source;
pub mod front;
pub mod grammar;
pub mod kind;
pub mod launch;
pub mod llama_cpp;
pub mod question;
pub mod reported;
pub mod server;
pub mod split;
pub mod streamed;
pub mod text_generation_webui;
pub mod vllm;
mod written;

use kind::Engine;

/// Every engine, the default one first.
pub fn all() -> [&'static dyn Engine; 3] {
    [&llama_cpp::LlamaCpp, &text_generation_webui::TextGenerationWebui, &vllm::Vllm]
}

/// Returns the engine of a plan that names none.
pub fn default() -> &'static dyn Engine {
    all()[0]
}

/// Returns the engine of this name.
///
/// # Errors
/// No engine has it; the error names those that there are.
pub fn named(name: &str) -> Result<&'static dyn Engine, String> {
    all().into_iter().find(|engine| engine.name() == name).ok_or_else(|| {
        let known: Vec<&str> = all().iter().map(|engine| engine.name()).collect();
        format!("no engine is called {name:?}: {}", known.join(", "))
    })
}

/// Returns the engine that takes these arguments.
pub fn of(args: &arguments::ServerArgs) -> &'static dyn Engine {
    all().into_iter().find(|engine| engine.name() == args.engine()).unwrap_or_else(default)
}
