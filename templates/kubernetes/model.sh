# Brings the model's files to the volume. A file has its name only after its sum was right.
set -eu
cd /models
size() { if [ -f "$1" ]; then wc -c < "$1"; else echo 0; fi; }
bring() { # NAME SIZE SHA256 URL
  if [ "$(size "$1")" -eq "$2" ]; then
    echo "$1 is there"
    return
  fi
  if [ -z "$3" ] || [ -z "$4" ]; then
    echo "$1 is not on the volume, and the plan pins no download of it: copy it there as $1, or make the plan with --resolve" >&2
    exit 4
  fi
  if [ "$(size "$1.part")" -gt "$2" ]; then rm -f "$1.part"; fi
  if [ "$(size "$1.part")" -lt "$2" ]; then
    echo "fetching $1, $2 bytes"
    curl -fsSL --proto '=https,http' --proto-redir '=https,http' --retry 5 -C - -o "$1.part" "$4"
  fi
  if ! echo "$3  $1.part" | sha256sum -c - >/dev/null; then
    rm -f "$1.part"
    echo "$4 did not give the pinned file; it was removed" >&2
    exit 1
  fi
  mv "$1.part" "$1"
}
{%- for file in files %}
bring {{ file.name | sh }} {{ file.size_bytes }} '{{ file.sha256 | default(value="") }}' {{ file.url | default(value="") | sh }}
{%- endfor %}
sync
