//! Images for containers, made without a tool: a static program, or one with the libraries that it loads, as an OCI archive, and a registry that serves them
//! over HTTP as the distribution-spec has it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::run;

/// An image: its blobs by digest, and the manifest's.
#[derive(Clone)]
pub struct Image {
    pub digest: String,
    blobs: BTreeMap<String, Vec<u8>>,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tar<T: AsRef<str>, B: AsRef<[u8]>>(files: &[(T, u32, B)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, mode, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.as_ref().len() as u64);
        header.set_mode(*mode);
        tar.append_data(&mut header, name.as_ref(), content.as_ref()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Compiles a program of one file, which uses the standard library alone, so that it needs no library of a system.
pub fn static_program(source: &Path, folder: &Path) -> PathBuf {
    let out = folder.join("server");
    let mut rustc = Command::new("rustc");
    rustc.args(["-O", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "--edition", "2024", "-o"]);
    run(rustc.arg(&out).arg(source)).ok();
    out
}

impl Image {
    /// An image with this program as all that it has and starts; another label makes it another image.
    pub fn of(program: &Path, label: &str) -> Image {
        Image::made(&[("server".to_string(), 0o755, std::fs::read(program).unwrap())], "/server", label)
    }

    /// An image as llama.cpp's own ones are: the programs of `bin` in /app, with the system's libraries that they load at
    /// their own paths.
    pub fn of_llama(bin: &Path) -> Image {
        let read = |path: &Path| std::fs::read(path).unwrap();
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(bin).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == "llama-server" || name.contains(".so") {
                files.insert(format!("app/{name}"), read(&path));
            }
        }
        let loaded = run(Command::new("ldd").arg(bin.join("llama-server"))).ok();
        let words = loaded.split_whitespace().filter(|word| word.starts_with("/lib"));
        for path in words.filter(|word| !Path::new(word).starts_with(bin)) {
            files.insert(path.trim_start_matches('/').to_string(), read(Path::new(path)));
        }
        let files: Vec<_> = files.into_iter().map(|(name, content)| (name, 0o755, content)).collect();
        Image::made(&files, "/app/llama-server", "llama.cpp")
    }

    fn made(files: &[(String, u32, Vec<u8>)], entry: &str, label: &str) -> Image {
        let layer = tar(files);
        let mut blobs = BTreeMap::new();
        let mut add = |bytes: Vec<u8>| {
            let (digest, size) = (sha256(&bytes), bytes.len());
            blobs.insert(digest.clone(), bytes);
            (digest, size)
        };
        let (layer, layer_size) = add(layer);
        let config = json!({
            "architecture": if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" }, "os": "linux",
            "config": {"Entrypoint": [entry], "Labels": {"label": label}},
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        });
        let (config, config_size) = add(config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": format!("sha256:{config}"), "size": config_size,
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": format!("sha256:{layer}"), "size": layer_size,
            }],
        });
        let (digest, _) = add(manifest.to_string().into_bytes());
        Image { digest, blobs }
    }

    /// Writes it as an OCI archive, with a name where one is given.
    pub fn write(&self, path: &Path, name: Option<&str>) {
        let mut manifest = json!({
            "mediaType": MANIFEST, "digest": format!("sha256:{}", self.digest), "size": self.blobs[&self.digest].len(),
        });
        if let Some(name) = name {
            manifest["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        }
        let index = json!({"schemaVersion": 2, "manifests": [manifest]}).to_string();
        let layout = json!({"imageLayoutVersion": "1.0.0"}).to_string();
        let names: Vec<String> = self.blobs.keys().map(|digest| format!("blobs/sha256/{digest}")).collect();
        let mut files: Vec<(&str, u32, &[u8])> = vec![("oci-layout", 0o644, layout.as_bytes())];
        files.extend(
            names.iter().zip(self.blobs.values()).map(|(name, blob)| (name.as_str(), 0o644, blob.as_slice())),
        );
        files.push(("index.json", 0o644, index.as_bytes()));
        std::fs::write(path, tar(&files)).unwrap();
    }

    /// Serves it at a free port of `address` until the test ends; returns `ADDRESS:PORT`, and the requests so far.
    pub fn serve(&self, address: &str) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind(format!("{address}:0")).unwrap();
        let (place, asked) = (listener.local_addr().unwrap().to_string(), Arc::new(Mutex::new(Vec::new())));
        let (image, log) = (self.clone(), asked.clone());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                let _ = reader.read_line(&mut first);
                let mut line = String::from(" ");
                while !line.trim().is_empty() {
                    line.clear();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        break;
                    }
                }
                let path = first.split(' ').nth(1).unwrap_or_default();
                log.lock().unwrap().push(first.trim().to_string());
                let blob = path.rsplit("sha256:").next().and_then(|digest| image.blobs.get(digest));
                let kind = if path.contains("/manifests/") { MANIFEST } else { "application/octet-stream" };
                let (status, body) = match blob {
                    _ if path == "/v2/" => ("200 OK", &b"{}"[..]),
                    Some(blob) => ("200 OK", blob.as_slice()),
                    None => ("404 Not Found", &b"{}"[..]),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                if !first.starts_with("HEAD") {
                    let _ = stream.write_all(body);
                }
            }
        });
        (place, asked)
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
