package volumes

import (
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	mebibyte = int64(1) << 20
	// Below this an ext4 file system has hardly room for its own tables.
	minSize = 16 * mebibyte
)

// sizeFor is how large the file of a claim has to be: what was asked for, in whole mebibytes, 16 MiB at least.
func sizeFor(request resource.Quantity) (int64, error) {
	bytes := request.Value()
	if bytes <= 0 || bytes > math.MaxInt64-mebibyte {
		return 0, fmt.Errorf("a volume of %s cannot be made", request.String())
	}
	return max(minSize, (bytes+mebibyte-1)/mebibyte*mebibyte), nil
}

// quantity writes a size as Kubernetes does.
func quantity(bytes int64) resource.Quantity {
	return *resource.NewQuantity(bytes, resource.BinarySI)
}

// fits says, as an error that a person can act on, that the disk lacks the room for so many bytes more.
func fits(wanted, available int64) error {
	if wanted > available {
		asked, free := quantity(wanted), quantity(available/mebibyte*mebibyte)
		return fmt.Errorf("the node's disk has %s free, %s is needed: ask for less, or free some space", free.String(), asked.String())
	}
	return nil
}
