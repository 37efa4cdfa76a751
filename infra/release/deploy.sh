#!/usr/bin/env bash
# Previews a change, or deploys it, asks the deployed system whether it works, and goes back when it does not.
# ACTION is `preview` or `up`; STACK names the stack, RELEASE the image tag.
# Ends with 1 after a release that failed, and with 3 when it is not known whether it works.
set -euo pipefail
: "${ACTION:?preview or up}" "${STACK:?the stack}" "${RELEASE:?the image tag}"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p dist
# The Node of the project, whatever the image brings: it runs TypeScript by itself.
PATH="$PWD/node_modules/.bin:$PATH"

# What the smoke test ends with when something does not work, and no crash of it does.
smoke_fails=20

state() { pulumi stack output "$1" 2>/dev/null || true; }

pulumi stack select "$STACK"
# The state, not a file of the checkout, says what ran until now.
previous=$(state release)
previous_zip=$(state functionsZip)
source_bucket=$(state sourceBucket)
zip=$(node -p 'require("./dist/functions.json").zip')

use() {
  pulumi config set asterai:release "$1"
  pulumi config set asterai:functionsZip "$2"
}

smoke() {
  pulumi stack output --json >dist/outputs.json
  node infra/release/smoke.ts --outputs dist/outputs.json "$@"
}

if [ "$ACTION" = preview ]; then
  use "$RELEASE" "$zip"
  exec pulumi preview --diff --policy-pack infra/pulumi/policy
fi

# The way back is fetched before anything changes; the code of the release before is not in this checkout.
if [ -n "$previous" ] && [ "$previous" != "$RELEASE" ] && [ ! -f "$previous_zip" ]; then
  gcloud storage cp "gs://$source_bucket/$(basename "$previous_zip")" "$previous_zip" || {
    printf 'error: the functions of release %s cannot be fetched, so there is no way back; nothing was changed\n' "$previous" >&2
    exit 1
  }
fi

roll_back() {
  if [ -z "$previous" ]; then
    printf 'error: the first release failed and there is none to go back to; read the log above\n' >&2
    exit 1
  fi
  if [ "$previous" = "$RELEASE" ]; then
    printf 'error: release %s was deployed before and fails; there is nothing to go back to, look at it now\n' "$RELEASE" >&2
    exit 1
  fi
  local now
  now=$(state release)
  if [ "$now" != "$previous" ] && [ "$now" != "$RELEASE" ]; then
    printf 'error: another deployment brought release %s meanwhile; nothing is undone\n' "$now" >&2
    exit 1
  fi
  printf 'going back from %s to %s\n' "$RELEASE" "$previous" >&2
  use "$previous" "$previous_zip"
  pulumi up --yes --skip-preview || {
    printf 'error: going back failed too; look at it now\n' >&2
    exit 1
  }
  local again=0
  smoke >&2 || again=$?
  case $again in
    0) ;;
    "$smoke_fails") printf 'error: the previous release does not pass either; look at it now\n' >&2 ;;
    *) printf 'error: it is not known whether the previous release works; look at it now\n' >&2 ;;
  esac
  exit 1
}

use "$RELEASE" "$zip"
# A release that is deployed again starts nothing anew; any other one starts a new executor.
anew=()
if [ "$previous" != "$RELEASE" ]; then anew=(--deployed "$(date -u +%FT%TZ)"); fi
pulumi up --yes --policy-pack infra/pulumi/policy || roll_back

outcome=0
smoke ${anew[@]+"${anew[@]}"} || outcome=$?
case $outcome in
  0) printf 'release %s works\n' "$RELEASE" ;;
  "$smoke_fails") roll_back ;;
  *)
    printf 'error: it is not known whether release %s works, so nothing is undone; look, and ask again: node infra/release/smoke.ts --outputs dist/outputs.json\n' "$RELEASE" >&2
    exit 3
    ;;
esac
