"""Stands in for server.py of text-generation-webui in tests.

Takes the arguments, the files, the variables and the requests that docs/engines.md names, as the real one (v4.9) does,
and starts the llama-server of its archive with the same arguments. It is no copy of it, and can nothing else.
"""

import argparse
import base64
import json
import netrc
import os
import shlex
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("portable", "api", "listen", "nowebui"):
        parser.add_argument("--" + name, action="store_true")
    for name in (
        "user-data-dir", "model-dir", "model", "loader", "listen-host", "split-mode", "tensor-split",
        "chat-template-file", "extra-flags", "api-key", "admin-key",
    ):
        parser.add_argument("--" + name)
    for name in ("api-port", "ctx-size", "parallel", "batch-size", "ubatch-size", "gpu-layers"):
        parser.add_argument("--" + name, type=int)
    first, _ = parser.parse_known_args()
    with open(os.path.join(first.user_data_dir, "CMD_FLAGS.txt")) as file:
        return parser.parse_args(shlex.split(file.read()) + sys.argv[1:])


args = arguments()
behind = args.api_port + 5
here = os.path.dirname(os.path.abspath(__file__))
program = here + "/portable_env/lib/python3.13/site-packages/llama_cpp_binaries/bin/llama-server"


def start():
    command = [program, "--model", args.model, "--batch-size", str(args.batch_size)]
    command += ["--ubatch-size", str(args.ubatch_size), "--port", str(behind), "--no-webui", "--flash-attn", "on"]
    command += ["--ctx-size", str(args.ctx_size), "--gpu-layers", str(args.gpu_layers), "--fit", "off"]
    command += ["--parallel", str(args.parallel)] + shlex.split(args.extra_flags)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def follow():
        for line in process.stderr:
            print(line.decode(errors="replace"), end="", file=sys.stderr, flush=True)

    threading.Thread(target=follow, daemon=True).start()
    while process.poll() is None:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{behind}/health").status
        except OSError:
            time.sleep(0.2)
    sys.exit(f"Server process terminated unexpectedly with exit code: {process.returncode}")


def ask(path, body):
    user, _, password = netrc.netrc(os.environ["NETRC"]).authenticators("127.0.0.1")
    header = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    url = f"http://127.0.0.1:{behind}{path}"
    headers = {"Authorization": header, "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers))


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def is_open(self, key):
        given = self.headers.get("Authorization") == f"Bearer {key}" or (
            self.path == "/v1/messages" and self.headers.get("x-api-key") == key
        )
        if not given:
            self.answer(401, {"detail": "Unauthorized"})
        return given

    def do_GET(self):
        if self.path == "/openapi.json":
            self.answer(200, {"openapi": "3.1.0"})
        elif self.is_open(args.api_key):
            self.answer(200, {"object": "list", "data": [{"id": args.model}]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.is_open(args.admin_key if "/model/" in self.path else args.api_key):
            return
        body = json.loads(body)
        if self.path == "/v1/internal/encode":
            tokens = json.load(ask("/tokenize", {"content": body["text"]}))["tokens"]
            self.answer(200, {"tokens": tokens, "length": len(tokens)})
        elif self.path in ("/v1/chat/completions", "/v1/completions"):
            self.complete(body, is_chat="chat" in self.path)
        else:
            self.answer(404, {"detail": "Not Found"})

    def complete(self, body, is_chat):
        prompt = body["messages"][-1]["content"] if is_chat else body["prompt"]
        asked = {"prompt": prompt, "n_predict": body["max_tokens"], "temperature": 0, "stream": True}
        asked["ignore_eos"] = body.get("ban_eos_token", False)
        lines = (line.decode() for line in ask("/completion", asked))
        events = (json.loads(line[6:]) for line in lines if line.startswith("data: "))
        if not body.get("stream"):
            text = "".join(event["content"] for event in events)
            choice = {"message": {"role": "assistant", "content": text}} if is_chat else {"text": text}
            return self.answer(200, {"choices": [{"index": 0, "finish_reason": "length", **choice}]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

        def send(value):
            text = value if isinstance(value, str) else json.dumps(value)
            self.wfile.write(f"data: {text}\n\n".encode())
            self.wfile.flush()

        last = {}
        for last in events:
            piece = {"delta": {"content": last["content"]}} if is_chat else {"text": last["content"]}
            if last["content"]:
                send({"choices": [{"index": 0, "finish_reason": None, **piece}], "usage": None})
        usage = {"prompt_tokens": last["tokens_evaluated"], "completion_tokens": last["tokens_predicted"]}
        send({"choices": [], "usage": usage})
        send("[DONE]")


start()
print(f"INFO     OpenAI API key:\n\n{args.api_key}\n", flush=True)
ThreadingHTTPServer((args.listen_host, args.api_port), Handler).serve_forever()
