// Package labtest gives tests of other packages real nodes, so that each test reads as what it tests.
package labtest

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
)

// Node starts a node for one test and stops it at the test's end. It skips the test under -short. repoDirs are the
// folders below which the test may register fs repositories.
func Node(t testing.TB, version string, repoDirs ...string) *lab.Node {
	t.Helper()
	return NodeWith(t, lab.Options{Version: version, RepoDirs: repoDirs})
}

// NodeWith is Node for a test that wants more than a version.
func NodeWith(t testing.TB, options lab.Options) *lab.Node {
	t.Helper()
	if testing.Short() {
		t.Skipf("starts a real %s", options.Version)
	}
	if options.Progress == nil {
		options.Progress = func(event lab.Event) {
			if event.Stage == lab.StageFetch {
				t.Logf("%s: %s (%d of %d)", event.Version, event.Text, event.Done, event.Total)
			}
		}
	}
	node, err := lab.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := node.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return node
}

// Pair starts two nodes over the same repository folders, as a migration has them: the source and the target.
func Pair(t testing.TB, source, target string, repoDirs ...string) (from, to *lab.Node) {
	t.Helper()
	if testing.Short() {
		t.Skipf("starts a real %s and a real %s", source, target)
	}
	// The second boots while the first does; both cores have work.
	type started struct {
		node *lab.Node
		err  error
	}
	second := make(chan started, 1)
	go func() {
		node, err := lab.Start(t.Context(), lab.Options{Version: target, RepoDirs: repoDirs})
		second <- started{node, err}
	}()
	first, err := lab.Start(t.Context(), lab.Options{Version: source, RepoDirs: repoDirs})
	other := <-second
	for _, node := range []*lab.Node{first, other.node} {
		if node != nil {
			t.Cleanup(func() {
				if err := node.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if other.err != nil {
		t.Fatal(other.err)
	}
	return first, other.node
}

// allVersions names the environment variable that runs what takes too long for every day.
const allVersions = "HIKKOSHI_ALL_VERSIONS"

// Rare skips a test of a version that is not run every day, unless HIKKOSHI_ALL_VERSIONS is set.
func Rare(t testing.TB, version string) {
	t.Helper()
	if os.Getenv(allVersions) == "" && !slices.Contains([]string{"2.3.2", "5.5.2", "7.10.2", "os2.19.3"}, version) {
		t.Skipf("%s is only tested with %s=1", version, allVersions)
	}
}
