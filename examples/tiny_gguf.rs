//! Writes the tiny random model: a real llama-server loads and serves it in a moment.
//!
//!     cargo run --example tiny_gguf -- /tmp/tiny.gguf

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: tiny_gguf FILE")?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    Ok(agi_provision::model::tiny::write_tiny(&mut file, 1, None)?)
}
