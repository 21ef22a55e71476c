# shellcheck shell=bash
# Sourced by the lab's scripts. What is in here must not change what they build:
# an artefact is keyed by the script that makes it, not by this file.

# Trees and archives come out the same under any caller's mask.
umask 022
PATH=$PATH:/usr/sbin:/sbin

lab_cache=${AGI_LAB_CACHE:-/var/cache/agi-provision-lab}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

need_root() {
  [ "$(id -u)" -eq 0 ] || die "needs root: run it as root (sudo -E $0 …)"
}

need() {
  local tool
  for tool; do
    command -v "$tool" >/dev/null || die "$tool is missing: run $(dirname "$0")/install first"
  done
}

# artefact NAME FUNCTION: print the directory that FUNCTION fills, made at most once.
# FUNCTION gets an empty temporary directory. Only a complete one takes the final name,
# so an interrupted build is never seen; its remains go when the next one starts.
# Artefacts of older versions of a script stay, since other checkouts may be using them.
artefact() {
  local name=$1 maker=$2 key dir tmp lock began=$SECONDS
  key=$(sha256sum < "$0" | cut -c1-12)
  dir=$lab_cache/$name-$key
  if [ ! -d "$dir" ]; then
    mkdir -p "$lab_cache"
    exec {lock}> "$lab_cache/.$name-$key.lock"
    flock -n "$lock" || { say "waiting for another build of $name"; flock "$lock"; }
    if [ ! -d "$dir" ]; then
      tmp=$lab_cache/.$name-$key.tmp
      rm -rf --one-file-system "$tmp"
      mkdir "$tmp"
      say "building $name into $dir (once; interrupt it freely)"
      # Not in a condition: set -e must stay in force inside the function. Its processes
      # inherit the lock: should this one be killed, the next build waits for the last of them.
      "$maker" "$tmp" >&2
      mv -T "$tmp" "$dir"
      say "built $name in $((SECONDS - began)) s"
    fi
    exec {lock}>&-
  fi
  printf '%s\n' "$dir"
}

# offer_downloaded ROOTFS: the packages that its apt has downloaded can be installed from its /opt/lab-apt
offer_downloaded() {
  local repo=$1/opt/lab-apt deb
  find "$1/var/cache/apt/archives" -name '*.deb' -exec mv -t "$repo" {} +
  for deb in "$repo"/*.deb; do
    dpkg-deb -f "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" \
      "$(sha256sum < "$deb" | cut -d' ' -f1)"
  done > "$repo/Packages"
}

mirror() { # the Debian archive that this machine's own apt uses
  local uri
  # shellcheck disable=SC2016 # apt's variable
  uri=${AGI_LAB_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)}
  [ -n "$uri" ] || die "no Debian archive in this machine's apt sources (after apt-get update): set AGI_LAB_MIRROR"
  printf '%s\n' "$uri"
}
