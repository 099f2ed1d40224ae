#!/usr/bin/env bash
# Builds the node's binaries into a folder: cluster/build.sh DEST
# Says how far it is on stdout, in lines "progress <done> <total> <name> <seconds>"; all else goes to stderr.
# A binary appears whole or not at all, and one that is there is not built again.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: cluster/build.sh DEST" >&2
  exit 2
fi
if ! command -v go >/dev/null; then
  echo "cluster/build.sh: there is no go in PATH: install Go 1.26" >&2
  exit 1
fi
mkdir -p "$1"
dest=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"

export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false'

# Name, package, and how long the linking takes, in packages compiled in that time.
targets='
pause        ./cmd/pause                                             2
hello        ./cmd/hello                                            10
apex-kube    ./cmd/apex-kube                                       250
apex-node    ./cmd/apex-node                                        10
apex-controllers  ./cmd/apex-controllers                           30
coredns      ./cmd/coredns                                          30
kube-router  github.com/cloudnativelabs/kube-router/v2/cmd/kube-router  40
registry     ./cmd/registry                                         20
'
started=$SECONDS
progress() { echo "progress $1 $total $2 $((SECONDS - started))"; }

missing=$(while read -r name package link; do
  [ -z "$name" ] || [ -x "$dest/$name" ] || echo "$name $package $link"
done <<<"$targets")
total=1
if [ -z "$missing" ]; then
  progress 1 nothing
  exit 0
fi

# What each target adds to the packages of those before it. This also fetches the modules, at the first time.
progress 0 modules
needs=$(go list -f '{{.ImportPath}}{{range .Deps}} {{.}}{{end}}' $(awk '{print $2}' <<<"$missing"))
added() { # of the n-th missing target
  awk -v target="$1" '{ new = 0; for (i = 1; i <= NF; i++) if (!seen[$i]++) new++ } NR == target { print new }' <<<"$needs"
}
count=$(wc -l <<<"$missing")
total=0
for number in $(seq "$count"); do
  link=$(awk -v n="$number" 'NR == n { print $3 }' <<<"$missing")
  total=$((total + $(added "$number") + link))
done

kubernetes=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${kubernetes#v}"
version=k8s.io/component-base/version
flags="-s -w -X $version.gitVersion=$kubernetes -X $version.gitMajor=$major -X $version.gitMinor=$minor -X $version.gitTreeState=clean"

build() { # name package done: the server comes first where both need the processor
  local name=$1 package=$2 reached=$3 compiled=0 line
  nice -n 5 go build -v -trimpath -ldflags "$flags" -o "$dest/.$name.tmp" "$package" 2>&1 | while IFS= read -r line; do
    if [[ $line =~ ^[A-Za-z0-9._/-]+$ ]]; then
      compiled=$((compiled + 1))
      if ((compiled % 10 == 0)); then progress $((reached + compiled)) "$name"; fi
    else
      echo "$line" >&2
    fi
  done
  mv "$dest/.$name.tmp" "$dest/$name"
}

reached=0
number=0
while read -r name package link; do
  number=$((number + 1))
  progress "$reached" "$name"
  build "$name" "$package" "$reached" </dev/null
  reached=$((reached + $(added "$number") + link))
  progress "$reached" "$name"
done <<<"$missing"
