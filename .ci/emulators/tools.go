//go:build tools

// Package emulators pins the stand-ins of BigQuery and Cloud Storage that the tests run against.
package emulators

import (
	_ "github.com/fsouza/fake-gcs-server"
	_ "github.com/goccy/bigquery-emulator/cmd/bigquery-emulator"
)
