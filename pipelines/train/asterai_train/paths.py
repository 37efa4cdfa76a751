"""Where files lie: a folder of this machine, or a bucket that is mounted under /gcs."""

from pathlib import Path

BUCKET_PREFIX = "gs://"
MOUNT = Path("/gcs")


def folder_from(text: str) -> Path:
    """The folder that a path or a `gs://bucket/path` address means.

    Vertex AI mounts every bucket the job may read under /gcs, so no storage client is needed.
    """
    if text.startswith(BUCKET_PREFIX):
        return MOUNT / text[len(BUCKET_PREFIX) :]
    return Path(text)
