#!/usr/bin/env python3
"""Asks llama-server of one build, on the CPU, what it takes for the models of models.toml, newest.toml or every.toml, and
writes the answers as JSON. llama-server reserves logits for one token of a slot, llama-fit-params (ask.py) for a whole
batch, which can hide what else a compute buffer holds.

usage: ask_server.py LLAMA_SERVER REFERENCE_GGUF OUT.json models|newest|every [NAME...]
"""
import json, os, re, select, socket, subprocess, sys, tempfile, time

tool, writer, out, table = sys.argv[1:5]
here = os.path.dirname(os.path.abspath(__file__))
text = open(os.path.join(here, table + ".toml")).read()
names = sys.argv[5:] or re.findall(r'^name = "([^"]+)"', text, re.M)
# Tokens, flash attention, cache, slots, tokens of a physical batch.
QUESTIONS = ((2048, "on", "f16", 1, 512), (8192, "on", "f16", 4, 512), (8192, "off", "f16", 2, 512), (16384, "on", "q8_0", 2, 2048))
rows = []


def said(command):
    """The log up to the line that says how many nodes the reserved graph has."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=os.environ | {"GGML_NO_BACKTRACE": "1"})
    os.set_blocking(server.stdout.fileno(), False)
    log, end = b"", time.time() + 60
    while time.time() < end and not re.search(rb"graph: nodes|listening on|error loading model", log):
        select.select([server.stdout], [], [], 0.2)
        log += server.stdout.read() or b""
        if server.poll() is not None:
            log += server.stdout.read() or b""
            break
    server.kill()
    server.wait()
    return log.decode(errors="replace")


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return str(any_port.getsockname()[1])


def ask(name, path, n_ctx, fa, kind, slots, ubatch):
    log = said([tool, "-m", path, "-c", str(n_ctx), "-fa", fa, "-ctk", kind, "-ctv", kind, "-np", str(slots),
                "-b", "2048", "-ub", str(ubatch), "--no-kv-unified", "--fit", "off", "-ngl", "0", "--no-warmup",
                "--no-repack", "--ctx-checkpoints", "0", "--cache-ram", "0", "--host", "127.0.0.1", "--port", free_port(),
                "--offline", "-lv", "4"])
    sizes = re.findall(r"(\S+) buffer size = +([\d.]+) MiB", log)
    of = lambda wanted: [float(size) for what, size in sizes if wanted(what)]
    compute = of(lambda what: what == "compute")
    context = of(lambda what: what not in ("model", "compute", "output"))
    rows.append({
        "model": name, "n_ctx": n_ctx, "flash_attn": fa, "type_k": kind, "type_v": kind, "n_parallel": slots, "ubatch": ubatch,
        "model_mib": int(sum(of(lambda what: what == "model"))) if compute else None,
        "context_mib": int(sum(context)) if compute else None,
        "compute_mib": int(compute[-1]) if compute else None,
        "compute_exact_mib": compute[-1] if compute else None,
        "error": None if compute else "refused",
    })
    print(rows[-1], flush=True)


with tempfile.TemporaryDirectory() as folder:
    for name in names:
        path = f"{folder}/{name}.gguf"
        subprocess.run([writer, name, "F16", path], check=True)
        for question in QUESTIONS:
            ask(name, path, *question)
        os.remove(path)

with open(out, "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
print(len(rows), "rows,", sum(1 for row in rows if row["error"]), "refused")
