package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAVersionThatIsStartedOftenStartsFromAnArchive(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	if err := Fetch(t.Context(), nil, "2.3.2"); err != nil {
		t.Fatal(err)
	}
	// A cache of its own, but for the jars.
	shared, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	if err := os.Symlink(filepath.Join(shared, "jars"), filepath.Join(cache, "jars")); err != nil {
		t.Skip("this system has no symbolic links")
	}
	t.Setenv(CacheEnv, cache)
	if err := os.Mkdir(filepath.Join(cache, "cds"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cache, "cds", "2.3.2.starts"), []byte(strings.Repeat(".", startsBefore)), 0o644); err != nil {
		t.Fatal(err)
	}
	recording := start(t, Options{Version: "2.3.2"})
	if recording.shared.recording == "" {
		t.Skip("this JDK writes no archives")
	}
	if err := recording.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "cds", "*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("a recording was left: %v %v", left, err)
	}
	node := start(t, Options{Version: "2.3.2"})
	if node.shared.recording != "" || !isFile(node.shared.path) {
		t.Fatalf("the next start has %+v", node.shared)
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", node.PID()))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("only Linux tells what a process has mapped")
	}
	if err != nil || !strings.Contains(string(maps), node.shared.path) {
		t.Errorf("the JVM did not map %s: %v", node.shared.path, err)
	}
}
