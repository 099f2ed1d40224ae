// Command registry is the CNCF distribution registry with its filesystem store, and the node's own door before it:
// `registry serve config.yml`.
package main

import (
	"os"

	_ "apexpaas.com/cluster/internal/registryaccess"
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}
