//! Reads what CMake and its compilers say: how far they are, and why they gave up. Pure.

/// Reason why a build ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The disk is full.
    Disk,
    /// A compiler had too little memory.
    Memory,
    /// A package lacks, or the source is not for it.
    Compiler,
    /// It was ended from outside.
    Stopped,
}

/// Returns how many of the build's commands are done, and of how many, in a line of ninja's.
pub fn progress(line: &str) -> Option<(u64, u64)> {
    let (done, total) = line.strip_prefix('[')?.split_once(']')?.0.split_once('/')?;
    Some((done.trim().parse().ok()?, total.trim().parse().ok()?))
}

/// Less room than this on the disk is none, bytes: a compiler that fails for it cannot always write so.
const NO_ROOM: u64 = 16 << 20;

/// Returns why the build with this log ended, when the disk has `free` bytes left.
pub fn why(log: &str, free: u64) -> Why {
    let says = |words: &[&str]| log.lines().any(|line| words.iter().any(|word| line.contains(word)));
    match () {
        () if free < NO_ROOM || says(&["No space left on device", "Disk quota exceeded"]) => Why::Disk,
        () if says(&["Killed signal terminated", "virtual memory exhausted", "Cannot allocate memory"]) => {
            Why::Memory
        }
        () if says(&["FAILED: ", "CMake Error", "ninja: error"]) => Why::Compiler,
        () => Why::Stopped,
    }
}

/// Lines of a log that are shown.
const SHOWN: usize = 12;

/// Returns the lines of the log that say what is wrong, or its last ones, oldest first.
pub fn last(log: &str) -> Vec<&str> {
    let lines: Vec<&str> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let is_error = |line: &&&str| {
        let words = ["error:", "FAILED: ", "CMake Error", "undefined reference", "Killed", "No space left"];
        words.iter().any(|word| line.contains(word))
    };
    let errors: Vec<&str> = lines.iter().filter(is_error).copied().collect();
    let shown = if errors.is_empty() { lines } else { errors };
    shown[shown.len().saturating_sub(SHOWN)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninjas_lines_tell_how_far_it_is() {
        for (line, want) in [
            ("[12/340] Building CXX object ggml/src/x.cpp.o", Some((12, 340))),
            ("[340/340] Linking CXX executable bin/x", Some((340, 340))),
            ("[ 7/ 9] x", Some((7, 9))),
            ("[x/9] y", None),
            ("ninja: no work to do.", None),
            ("In file included from [1/2", None),
            ("", None),
        ] {
            assert_eq!(progress(line), want, "{line}");
        }
    }

    #[test]
    fn the_reason_of_an_early_end_is_told_from_the_log() {
        let gcc = "[1/9] Building\nFAILED: src/x.o\nx.cpp:3:9: error: 'y' was not declared\nninja: build stopped: subcommand failed.\n";
        let memory = "FAILED: x.o\nc++: fatal error: Killed signal terminated program cc1plus\n";
        let disk = "FAILED: x.o\nx.cpp: fatal error: error writing to /tmp/a.s: No space left on device\n";
        for (log, want, first) in [
            (gcc, Why::Compiler, "FAILED: src/x.o"),
            (memory, Why::Memory, "FAILED: x.o"),
            (disk, Why::Disk, "FAILED: x.o"),
            (
                "-- x\nCMake Error at CMakeLists.txt:3 (find_package):\n",
                Why::Compiler,
                "CMake Error at CMakeLists.txt:3 (find_package):",
            ),
            ("[1/9] Building\n[2/9] Building\n", Why::Stopped, "[1/9] Building"),
        ] {
            assert_eq!(why(log, NO_ROOM), want, "{log}");
            assert_eq!(why(log, NO_ROOM - 1), Why::Disk, "{log}");
            assert_eq!(last(log)[0], first);
        }
        let many: String = (0..50).map(|at| format!("x.cpp:{at}: error: no\n")).collect();
        assert_eq!((last(&many).len(), last(&many)[11]), (SHOWN, "x.cpp:49: error: no"));
        assert!(last("").is_empty());
    }
}
