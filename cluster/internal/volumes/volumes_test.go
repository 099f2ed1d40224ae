package volumes

import (
	"fmt"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestSizes(t *testing.T) {
	for asked, want := range map[string]int64{
		"1": 16 * mebibyte, "16Mi": 16 * mebibyte, "17Mi": 17 * mebibyte, "100M": 96 * mebibyte, "1Gi": 1024 * mebibyte, "1.5Gi": 1536 * mebibyte, "1048577Ki": 1025 * mebibyte,
	} {
		got, err := sizeFor(resource.MustParse(asked))
		if err != nil || got != want {
			t.Errorf("%s became %d, not %d (%v)", asked, got, want, err)
		}
		request := resource.MustParse(asked)
		if got < request.Value() {
			t.Errorf("%s got less than it asked for", asked)
		}
	}
	for _, asked := range []string{"0", "-1Gi", "9223372036854775807"} {
		if _, err := sizeFor(resource.MustParse(asked)); err == nil {
			t.Errorf("%s was accepted", asked)
		}
	}
}

func TestAFullDiskIsToldInWords(t *testing.T) {
	err := fits(10<<30, 3<<30+5)
	if err == nil || !strings.Contains(err.Error(), "3Gi free, 10Gi is needed") {
		t.Fatalf("got %v", err)
	}
	if err := fits(3<<30, 3<<30); err != nil {
		t.Fatal(err)
	}
}

func TestAMountElsewhereMeansThatAPodUsesIt(t *testing.T) {
	mounts, err := parseMounts(strings.NewReader(`22 1 0:21 / / rw - ext4 /dev/sda rw
40 22 7:3 / /var/lib/my\040volumes/pvc-1/mount rw - ext4 /dev/loop3 rw
41 22 7:4 / /v/pvc-2/mount rw - ext4 /dev/loop4 rw
42 22 7:4 /data /var/lib/kubelet/pods/x/volumes/kubernetes.io~local-volume/pvc-2 rw - ext4 /dev/loop4 rw
`))
	if err != nil {
		t.Fatal(err)
	}
	for point, want := range map[string]string{
		"/var/lib/my volumes/pvc-1/mount": "true []",
		"/v/pvc-2/mount":                  "true [/var/lib/kubelet/pods/x/volumes/kubernetes.io~local-volume/pvc-2]",
		"/v/pvc-3/mount":                  "false []",
	} {
		mounted, elsewhere := mountAt(mounts, point)
		if got := fmt.Sprint(mounted, elsewhere); got != want {
			t.Errorf("%s: %s, not %s", point, got, want)
		}
	}
	if _, err := parseMounts(strings.NewReader("1 2 3\n")); err == nil {
		t.Error("a broken line was read")
	}
}

func TestClaimsThatCannotBeServedAreRefused(t *testing.T) {
	block := core.PersistentVolumeBlock
	for want, spec := range map[string]core.PersistentVolumeClaimSpec{
		"mode Filesystem": {VolumeMode: &block},
		"ReadWriteMany":   {AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteMany}},
	} {
		if err := checkClaim(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := checkClaim(core.PersistentVolumeClaimSpec{AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteOnce}}); err != nil {
		t.Error(err)
	}
}
