#!/usr/bin/env bash
# Scans every image of dist/images.txt and fails on a critical vulnerability that has a fix.
# Needs gcloud with its component local-extract, which reads the image here and sends a list of what is in it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH="$PWD/node_modules/.bin:$PATH"
[ -s dist/images.txt ] || { printf 'error: dist/images.txt names no image; run infra/release/images.sh first\n' >&2; exit 1; }

failed=0
while read -r image; do
  scan=$(gcloud artifacts docker images scan "$image" --remote --quiet --format='value(response.scan)' </dev/null)
  [ -n "$scan" ] || { printf 'error: the scan of %s has no name\n' "$image" >&2; exit 1; }
  critical=$(gcloud artifacts docker images list-vulnerabilities "$scan" --format=json </dev/null |
    node -e '
const found = JSON.parse(require("node:fs").readFileSync(0, "utf8")).map((each) => each.vulnerability)
console.log(found.filter((each) => each.effectiveSeverity === "CRITICAL" && each.fixAvailable).length)')
  printf '%s: %s critical with a fix\n' "$image" "$critical"
  if [ "$critical" -gt 0 ]; then failed=1; fi
done <dist/images.txt
if [ "$failed" -ne 0 ]; then
  printf 'error: update the base images or packages named above, then build again\n' >&2
  exit 1
fi
