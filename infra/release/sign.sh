#!/usr/bin/env bash
# Signs every image of dist/images.txt, so that Binary Authorization knows it came from here.
set -euo pipefail
: "${ATTESTOR:?the attestor}" "${SIGNING_KEY:?the version of the signing key}"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

while read -r image; do
  gcloud container binauthz attestations sign-and-create \
    --artifact-url="$image" --attestor="$ATTESTOR" --keyversion="$SIGNING_KEY"
done <dist/images.txt
