//! Reads the build that llama-server says it is.

/// Reads `version: 0.6.0-dev (build 11434, commit unknown)`, or as it was before, `version: 6123 (abc1234)`.
/// A build that was made without its number says 0.
pub fn parse(said: &str) -> Option<String> {
    let version = said.lines().find_map(|line| line.trim().strip_prefix("version: "))?;
    let number = match version.split_once("(build ") {
        Some((_, build)) => build.split([',', ')']).next()?,
        None => version.split(' ').next()?,
    };
    let is_number = number != "0" && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("b{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_read() {
        let said =
            "version: 0.6.0-dev (build 11434, commit unknown)\nbuilt with GNU 12.2.0 for Linux x86_64\n";
        assert_eq!(parse(said).as_deref(), Some("b11434"));
        assert_eq!(parse("ggml_vulkan: none\nversion: 6123 (abc1234)\n").as_deref(), Some("b6123"));
        assert_eq!(parse("version: 0 (unknown)"), None);
        assert_eq!(parse("version: 0.6.0-dev (build 0, commit unknown)"), None);
        assert_eq!(parse("version: 0.6.0-dev"), None);
        assert_eq!(parse(""), None);
    }
}
