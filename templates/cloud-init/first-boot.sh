program={{ paths.agent_link }}
bundle={{ incoming }}
say() {
  echo "agi-provision: $1"
  echo "agi-provision: $1" 2>/dev/null >/dev/console || true
}
{%- if program %}
# The program that the bundle was made with: nothing else is started.
sum={{ program.sha256 }}
size={{ program.size_bytes }}
new={{ paths.lib }}/.staging.$$
is_pinned() {
  [ -f "$1" ] && found=$(sha256sum < "$1") && [ "${found%% *}" = "$sum" ]
}
get() {
  case $1 in
    curl) timeout 300 curl -gsSfL --proto '=https,http' --connect-timeout 30 "$2" ;;
    wget) timeout 300 wget -nv -t 1 -T 30 -O - "$2" ;;
    *) timeout 300 "$1" -c 'import shutil, sys, urllib.request as r; sys.excepthook = lambda kind, error, trace: print(error, file=sys.stderr); shutil.copyfileobj(r.urlopen(sys.argv[1], timeout=30), sys.stdout.buffer)' "$2" ;;
  esac
}
fetch() {
  tools=
  for tool in curl wget python3 /usr/libexec/platform-python; do
    if command -v "$tool" >/dev/null; then tools="$tools $tool"; fi
  done
  if [ -z "$tools" ]; then
    why='this image has none of curl, wget and python3'
    return 1
  fi
  mkdir -p {{ paths.lib }}
  read -r begin _ < /proc/uptime
  pause=2
  while true; do
    for url in{% for url in urls %} {{ url | sh }}{% endfor %}; do
      for tool in $tools; do
        get "$tool" "$url" | head -c {{ most }} > "$new"
        if is_pinned "$new"; then return 0; fi
        why="$url gave $(wc -c < "$new") bytes to $tool, and not the $size bytes with SHA-256 $sum"
        echo "agi-provision: $why"
      done
    done
    read -r now _ < /proc/uptime
    if [ $((${now%.*} - ${begin%.*})) -ge 900 ]; then return 1; fi
    sleep $pause
    if [ $pause -lt 30 ]; then pause=$((pause * 2)); fi
  done
}
is_ready() {
  [ -x "$program" ] && is_pinned "$program"
}
if ! is_ready; then
  if fetch; then
    chmod 0755 "$new" && mv -f "$new" "$program"
  else
    say "the program was not fetched: $why. The bundle waits in $bundle. Run agi-provision apply from your machine."
  fi
  rm -f "$new"
fi
if is_ready; then
  "$program" agent boot --bundle "$bundle"
else
  false
fi
{%- else %}
if [ -x "$program" ]; then
  "$program" agent boot --bundle "$bundle"
else
  say "$program is missing; the bundle waits in $bundle. Put the program there (an image or a seed disk can carry it), or run agi-provision apply from your machine."
  false
fi
{%- endif %}
