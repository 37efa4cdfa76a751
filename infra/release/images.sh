#!/usr/bin/env bash
# Builds and pushes one image per service under the tag of the commit, and writes their digests to dist/images.txt.
# For the platform's processors, whatever this machine has. Needs docker, and REGISTRY and RELEASE in the environment. Tags are immutable: one that exists is left as it is.
set -euo pipefail
: "${REGISTRY:?the address of the image repository}" "${RELEASE:?the commit to name the images by}"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mkdir -p dist
: >dist/images.txt
for dockerfile in run-services/*/Dockerfile pipelines/train/Dockerfile; do
  name=$(basename "$(dirname "$dockerfile")")
  if [ "$name" = train ]; then name=trainer; fi
  image="$REGISTRY/$name:$RELEASE"
  if docker manifest inspect "$image" >/dev/null 2>&1; then
    docker pull --quiet --platform linux/amd64 "$image"
  else
    docker build --platform linux/amd64 --file "$dockerfile" --tag "$image" .
    docker push "$image"
  fi
  docker inspect --format '{{index .RepoDigests 0}}' "$image" >>dist/images.txt
done
cat dist/images.txt
