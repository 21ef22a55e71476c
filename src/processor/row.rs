//! Properties of a processor.

/// Properties of a processor.
pub struct Row {
    /// Its name in messages.
    pub title: &'static str,
    /// Its name by `uname -m`, which plans, facts and Rust's targets use as well.
    pub uname: &'static str,
    /// ELF's `e_machine`.
    pub elf: u16,
    /// Its name in dpkg's packages.
    pub debian: &'static str,
    /// Its name in the addresses of NVIDIA's package repositories.
    pub cuda: &'static str,
    /// Its name in llama.cpp's release archives.
    pub asset: &'static str,
    /// Its names in price catalogues.
    pub catalogues: &'static [&'static str],
    /// The key in /proc/cpuinfo that lists its instructions.
    pub flags_key: &'static str,
    /// Flags by which ggml-cpu's variants differ (ggml/src/CMakeLists.txt of b11434,
    /// `ggml_add_cpu_backend_variant`), by their names in /proc/cpuinfo.
    pub isa: &'static [&'static str],
    /// Flags that a plan needs, and why.
    pub needed: &'static [&'static str],
    /// Names the message that says why `needed` is.
    pub why_needed: &'static str,
    /// Flags that a plan's speed counts on besides.
    pub promised: &'static [&'static str],
    /// Flags that `verify` shows where something is missing.
    pub shown: &'static [&'static str],
    /// Names of its models, where /proc/cpuinfo has numbers: implementer, part, name.
    pub models: &'static [(u16, u16, &'static str)],
    /// This program is built for it.
    pub(super) own: bool,
}
