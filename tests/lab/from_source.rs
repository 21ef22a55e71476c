//! A small project with the names of llama.cpp's, which a host compiles in seconds: its server is the lab's llama-server,
//! which it starts.

use super::Host;
use std::path::{Path, PathBuf};

const CMAKE: &str = r#"
cmake_minimum_required(VERSION 3.14)
project(small C CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_subdirectory(ggml)
add_custom_command(OUTPUT gate.cpp COMMAND sh ${CMAKE_SOURCE_DIR}/gate.sh gate.cpp DEPENDS ggml-base)
add_executable(llama-server main.cpp gate.cpp)
target_link_libraries(llama-server PRIVATE ggml-base)
"#;

const LIBRARY: &str = "add_library(ggml-base SHARED a.cpp b.cpp c.cpp d.cpp)\n";

/// Waits for the test's word.
const GATE: &str = "while [ ! -e /srv/go ]; do sleep 0.1; done\necho 'int gate() { return 0; }' > \"$1\"\n";

const MAIN: &str = r#"
#include <string>
#include <vector>
#include <unistd.h>
int a(); int b(); int c(); int d(); int gate();
int main(int, char **args) {
    std::string server = "/opt/llama-b11434/llama-server";
    return a() + b() + c() + d() + gate() ? 1 : execv(server.c_str(), args);
}
"#;

/// Writes the project's archive, the file `a.cpp` with this text.
pub fn archive(path: &Path, a: &str) -> PathBuf {
    let gz = flate2::write::GzEncoder::new(std::fs::File::create(path).unwrap(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    let part = |name: &str| format!("int {name}() {{ return 0; }}\n");
    let files = [
        ("CMakeLists.txt", CMAKE.to_string()),
        ("gate.sh", GATE.to_string()),
        ("main.cpp", MAIN.to_string()),
        ("ggml/CMakeLists.txt", LIBRARY.to_string()),
        ("ggml/a.cpp", a.to_string()),
        ("ggml/b.cpp", part("b")),
        ("ggml/c.cpp", part("c")),
        ("ggml/d.cpp", part("d")),
    ];
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("package-1/small/{name}"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    path.to_path_buf()
}

/// Puts the server there that the small one starts.
pub fn put_server(host: &Host) {
    host.put(&super::llama_archive(), "/root/llama.tar.gz");
    host.exec("tar -xzf /root/llama.tar.gz -C /opt --no-same-owner && rm /root/llama.tar.gz").ok();
}
