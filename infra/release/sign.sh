#!/usr/bin/env bash
# Signs every image of dist/images.txt, so that Binary Authorization knows it came from here.
set -euo pipefail
: "${ATTESTOR:?the attestor}" "${SIGNING_KEY:?the version of the signing key}"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ -s dist/images.txt ] || { printf 'error: dist/images.txt names no image; run infra/release/images.sh first\n' >&2; exit 1; }

while read -r image; do
  # Only the track beta has the command.
  gcloud beta container binauthz attestations sign-and-create --quiet \
    --artifact-url="$image" --attestor="$ATTESTOR" --keyversion="$SIGNING_KEY" </dev/null
done <dist/images.txt
