#!/usr/bin/env bash
# Scans every image of dist/images.txt and fails on a critical vulnerability that has a fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

failed=0
while read -r image; do
  scan=$(gcloud artifacts docker images scan "$image" --remote --format='value(response.scan)')
  critical=$(gcloud artifacts docker images list-vulnerabilities "$scan" --format=json |
    python3 -c '
import json, sys
found = [v["vulnerability"] for v in json.load(sys.stdin)]
print(sum(v.get("effectiveSeverity") == "CRITICAL" and v.get("fixAvailable", False) for v in found))')
  printf '%s: %s critical with a fix\n' "$image" "$critical"
  if [ "$critical" -gt 0 ]; then failed=1; fi
done <dist/images.txt
if [ "$failed" -ne 0 ]; then
  printf 'error: update the base images or packages named above, then build again\n' >&2
  exit 1
fi
