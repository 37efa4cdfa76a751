#!/usr/bin/env bash
# Previews a change, or deploys it, asks the deployed system whether it works, and goes back when it does not.
# ACTION is `preview` or `up`; STACK names the stack, RELEASE the image tag.
set -euo pipefail
: "${ACTION:?preview or up}" "${STACK:?the stack}" "${RELEASE:?the image tag}"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p dist

pulumi stack select "$STACK"
# The state, not a file of the checkout, says what ran until now.
previous=$(pulumi stack output release 2>/dev/null || true)
previous_zip=$(pulumi stack output functionsZip 2>/dev/null || true)
source_bucket=$(pulumi stack output sourceBucket 2>/dev/null || true)
zip=$(node -p 'require("./dist/functions.json").zip')

use() {
  pulumi config set asterai:release "$1"
  pulumi config set asterai:functionsZip "$2"
}

use "$RELEASE" "$zip"
if [ "$ACTION" = preview ]; then
  exec pulumi preview --diff --policy-pack infra/pulumi/policy
fi

roll_back() {
  if [ -z "$previous" ]; then
    printf 'error: the first release failed and there is none to go back to; read the log above\n' >&2
    exit 1
  fi
  printf 'going back from %s to %s\n' "$RELEASE" "$previous" >&2
  # Its zip is not in this checkout, but the bucket keeps what was deployed.
  gcloud storage cp "gs://$source_bucket/$(basename "$previous_zip")" "$previous_zip"
  use "$previous" "$previous_zip"
  pulumi up --yes --skip-preview
  pulumi stack output --json >dist/outputs.json
  node infra/release/smoke.ts --outputs dist/outputs.json >&2 ||
    printf 'error: the previous release does not pass either; look at it now\n' >&2
  exit 1
}

pulumi up --yes --policy-pack infra/pulumi/policy || roll_back
pulumi stack output --json >dist/outputs.json
node infra/release/smoke.ts --outputs dist/outputs.json || roll_back
printf 'release %s works\n' "$RELEASE"
