#!/usr/bin/python3
"""Answers questions about a folder of texts, with sources, by the two servers of `agi-provision plan --rag`.

    rag.py index FOLDER        splits *.txt and *.md into passages, and keeps a vector of each
    rag.py ask "QUESTION"      finds the nearest passages and has the model answer from them
    rag.py fold FILE           sums up a text of any length: piece by piece, then the sums, until one is left

Needs Python 3.9 with SQLite's extensions (Debian's has them) and sqlite-vec, see requirements.txt.
"""

import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import sqlite3
import sys
import time
import urllib.error
import urllib.request

import sqlite_vec

# Characters of a passage. The embedding server takes 512 tokens unless planned otherwise; Russian has about two
# characters in a token.
PASSAGE = 900
# Texts of one request for vectors.
BATCH = 16
# Sums that are summed up together.
TOGETHER = 4
# Seconds to wait for an answer: a CPU may take minutes.
TIMEOUT = 600


class Failed(Exception):
    """What a user is told; with the next step."""


class Server:
    """One of the servers: its address and its key."""

    def __init__(self, address, key):
        self.address = address.rstrip("/")
        self.key = key

    def ask(self, path, body=None):
        """The JSON of an answer; a POST where there is a body."""
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = "Bearer " + self.key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            hint = " (--key-file names the file of `agi-provision key show`)" if error.code == 401 else ""
            raise Failed(f"{self.address}{path} answers {error.code}: {error.read(300).decode(errors='replace')}{hint}")
        except OSError as error:
            raise Failed(f"{self.address} does not answer: {error}; `agi-provision tunnel` leads to both servers")

    def vectors(self, texts):
        """One vector per text, as sqlite-vec keeps them."""
        rows = self.ask("/v1/embeddings", {"input": texts})["data"]
        rows = sorted(rows, key=lambda row: row["index"])
        return [sqlite_vec.serialize_float32(row["embedding"]) for row in rows]

    def answer(self, prompt, most):
        """The model's answer of at most so many tokens, and how many it had."""
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": most, "temperature": 0}
        answer = self.ask("/v1/chat/completions", body)
        return answer["choices"][0]["message"]["content"].strip(), answer["usage"]["completion_tokens"]

    def slots(self):
        """Conversations that the server holds at once."""
        return max(1, int(self.ask("/props").get("total_slots", 1)))


def passages(text):
    """(line, passage) of a text: paragraphs, joined while they are short and cut where they are long."""
    found, start, held = [], 1, ""
    line = 1
    for paragraph in text.split("\n\n"):
        for at in range(0, max(len(paragraph), 1), PASSAGE):
            piece = paragraph[at : at + PASSAGE].strip()
            if held and len(held) + len(piece) + 2 > PASSAGE:
                found.append((start, held))
                held = ""
            if piece:
                # Empty lines before the paragraph's first word belong to none.
                first = line + paragraph[: at + 1].count("\n")
                start = start if held else first
                held = f"{held}\n\n{piece}" if held else piece
        line += paragraph.count("\n") + 2
    if held:
        found.append((start, held))
    return found


def opened(path):
    """The index, with its tables but for the vectors', whose length the first vector says."""
    base = sqlite3.connect(path)
    base.enable_load_extension(True)
    sqlite_vec.load(base)
    base.enable_load_extension(False)
    base.executescript(
        "create table if not exists files (path text primary key, sha256 text not null);"
        "create table if not exists passages (id integer primary key, path text not null, line integer, text text);"
    )
    return base


def forget(base, path):
    """Takes a file out of the index."""
    ids = [row[0] for row in base.execute("select id from passages where path = ?", (path,))]
    for table, key in (("vectors", "rowid"), ("passages", "id")):
        base.executemany(f"delete from {table} where {key} = ?", [(one,) for one in ids])
    base.execute("delete from files where path = ?", (path,))


def index(args):
    base, server = opened(args.index), Server(args.embed, key_of(args))
    folder = pathlib.Path(args.folder)
    if not folder.is_dir():
        raise Failed(f"{folder} is no folder")
    there = {str(path): path for path in sorted(folder.rglob("*")) if path.suffix in (".txt", ".md")}
    known = dict(base.execute("select path, sha256 from files"))
    for gone in set(known) - set(there):
        forget(base, gone)
    new = 0
    for name, path in there.items():
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if known.get(name) == digest:
            continue
        pieces = passages(content.decode(errors="replace"))
        # All vectors first: a server that fails leaves the file as it was.
        vectors = []
        for at in range(0, len(pieces), BATCH):
            vectors += server.vectors([text for _, text in pieces[at : at + BATCH]])
        if vectors:
            length = len(vectors[0]) // 4
            base.execute(
                f"create virtual table if not exists vectors using vec0(v float[{length}] distance_metric=cosine)"
            )
        if name in known:
            forget(base, name)
        for (line, text), vector in zip(pieces, vectors):
            row = base.execute("insert into passages (path, line, text) values (?, ?, ?)", (name, line, text))
            base.execute("insert into vectors (rowid, v) values (?, ?)", (row.lastrowid, vector))
        base.execute("insert into files values (?, ?)", (name, digest))
        base.commit()
        new += 1
        print(f"{name}: {len(pieces)} passages", file=sys.stderr)
    base.commit()
    count = base.execute("select count(*) from passages").fetchone()[0]
    print(f"{len(there)} files ({new} new or changed), {count} passages in {args.index}")


def ask(args):
    base = opened(args.index)
    if not base.execute("select 1 from passages").fetchone():
        raise Failed(f"{args.index} has no passages: first `rag.py index FOLDER`")
    vector = Server(args.embed, key_of(args)).vectors([args.question])[0]
    found = base.execute(
        "select path, line, text, distance from"
        " (select rowid, distance from vectors where v match ? and k = ?) near"
        " join passages on passages.id = near.rowid order by distance",
        (vector, args.passages),
    ).fetchall()
    texts = "\n\n".join(f"[{at}] {text}" for at, (_, _, text, _) in enumerate(found, 1))
    prompt = f"{texts}\n\nAnswer from these texts only, and name the number of the text.\nQuestion: {args.question}\nAnswer:"
    answer, _ = Server(args.chat, key_of(args)).answer(prompt, args.tokens)
    print(answer)
    print()
    for at, (path, line, _, distance) in enumerate(found, 1):
        print(f"[{at}] {path}:{line} (distance {distance:.3f})")


def fold(args):
    server = Server(args.chat, key_of(args))
    slots = args.slots or server.slots()
    texts = [text for _, text in passages(pathlib.Path(args.file).read_text(errors="replace"))]
    if not texts:
        raise Failed(f"{args.file} is empty")
    round_ = 0
    while True:
        round_ += 1
        began = time.monotonic()
        prompts = [f"{text}\n\nSum this up in two sentences." for text in texts]
        with concurrent.futures.ThreadPoolExecutor(slots) as at_once:
            answers = list(at_once.map(lambda prompt: server.answer(prompt, args.tokens), prompts))
        took, tokens = time.monotonic() - began, sum(count for _, count in answers)
        print(
            f"round {round_}: {len(texts)} texts over {slots} slots, {tokens} tokens in {took:.1f} s:"
            f" {tokens / took:.1f} tokens/s",
            file=sys.stderr,
        )
        sums = [text for text, _ in answers]
        if len(sums) == 1:
            print(sums[0])
            return
        texts = ["\n\n".join(sums[at : at + TOGETHER]) for at in range(0, len(sums), TOGETHER)]


def key_of(args):
    return pathlib.Path(args.key_file).read_text().strip() if args.key_file else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chat", default="http://127.0.0.1:8080", help="address of the model's server")
    parser.add_argument("--embed", default="http://127.0.0.1:8081", help="address of the embedding server")
    parser.add_argument("--key-file", help="file with the servers' key")
    parser.add_argument("--index", default="rag.db", help="file of the index")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("index", help="index a folder; only what changed is read anew")
    command.add_argument("folder")
    command.set_defaults(run=index)
    command = commands.add_parser("ask", help="answer a question, with sources")
    command.add_argument("question")
    command.add_argument("--passages", type=int, default=4, help="passages that the model reads")
    command.add_argument("--tokens", type=int, default=200, help="most tokens of the answer")
    command.set_defaults(run=ask)
    command = commands.add_parser("fold", help="sum up a text of any length over all slots")
    command.add_argument("file")
    command.add_argument("--slots", type=int, help="requests at once; as many as the server has slots")
    command.add_argument("--tokens", type=int, default=120, help="most tokens of each sum")
    command.set_defaults(run=fold)
    args = parser.parse_args()
    try:
        args.run(args)
    except (Failed, OSError, sqlite3.Error) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
