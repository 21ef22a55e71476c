#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    agi_provision::cli::main().into()
}
