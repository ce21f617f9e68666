package main

// big.go answers: does memory stay flat when an export is large? A node writes one index, restores it under other names until
// there are enough documents, and snapshots all of them; then `hikkoshi snapshot export` runs over one and over all.

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	bigVersion  = "5.5.2"
	bigSize     = 200 // bytes of a document
	bigShare    = 10  // indices
	methodLarge = "export"
)

var bigCase = benchCase{name: "big", format: "lucene50 LZ4", version: bigVersion}

func bigIndex(i int) string { return fmt.Sprintf("big-%02d", i) }

// measureBig exports a tenth of the documents, and all.
func measureBig(ctx context.Context, c config, r *results) error {
	folder := filepath.Join(c.cache, fmt.Sprintf("big-%d", c.big))
	if err := prepareBig(ctx, folder, c.big/bigShare); err != nil {
		return fmt.Errorf("data of %d documents: %w", c.big, err)
	}
	work, err := os.MkdirTemp("", "hikkoshi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "hikkoshi")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/hikkoshi").CombinedOutput(); err != nil {
		return fmt.Errorf("build hikkoshi: %w: %s", err, out)
	}
	for _, pattern := range []string{bigIndex(0), "*"} {
		say("exporting %s of %d documents", pattern, c.big)
		var lines lineCounter
		cmd := exec.CommandContext(ctx, binary, "snapshot", "export", "--repo", "file://"+filepath.Join(folder, "repo"), "--snapshot", "all", "--index", pattern)
		cmd.Stdout = &lines
		began := time.Now()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		want := c.big / bigShare
		if pattern == "*" {
			want *= bigShare
		}
		if lines.n != want {
			return fmt.Errorf("export of %s gave %d documents, %d were written", pattern, lines.n, want)
		}
		r.add(bigCase, bigSize, []sample{{Method: methodLarge, Documents: lines.n, Bytes: lines.bytes, Wall: time.Since(began).Seconds(),
			CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), PeakRSS: rig.MaxRSS(cmd.ProcessState)}})
	}
	return r.save()
}

// lineCounter is an output that counts.
type lineCounter struct{ n, bytes int64 }

func (l *lineCounter) Write(p []byte) (int, error) {
	l.n += int64(bytes.Count(p, []byte{'\n'}))
	l.bytes += int64(len(p))
	return len(p), nil
}

func prepareBig(ctx context.Context, folder string, each int64) error {
	done := filepath.Join(folder, doneFile)
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(folder, "repo"), 0o755); err != nil {
		return err
	}
	say("%s: writing %d documents", bigVersion, each*bigShare)
	node, err := lab.Start(ctx, lab.Options{Version: bigVersion, RepoDirs: []string{folder}, ClusterName: clusterName, Heap: "1g"})
	if err != nil {
		return err
	}
	defer node.Stop(ctx)
	if err := fillIndex(ctx, node.URL(), bigVersion, bigIndex(0), "", bigSize, func(documents, _ int64) bool { return documents < each }); err != nil {
		return err
	}
	for _, name := range []string{"seed", "repo"} {
		settings := rig.Object{"location": filepath.Join(folder, name), "compress": true, "max_snapshot_bytes_per_sec": "1gb", "max_restore_bytes_per_sec": "1gb"}
		if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/"+name, rig.Object{"type": "fs", "settings": settings}); err != nil {
			return err
		}
	}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/seed/one?wait_for_completion=true", rig.Object{"indices": bigIndex(0)}); err != nil {
		return err
	}
	names := []string{bigIndex(0)}
	for i := 1; i < bigShare; i++ {
		request := rig.Object{"indices": bigIndex(0), "rename_pattern": bigIndex(0), "rename_replacement": bigIndex(i), "include_global_state": false}
		if _, err := rig.Call(ctx, http.MethodPost, node.URL()+"/_snapshot/seed/one/_restore?wait_for_completion=true", request); err != nil {
			return err
		}
		names = append(names, bigIndex(i))
	}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/repo/all?wait_for_completion=true", rig.Object{"indices": strings.Join(names, ",")}); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(folder, "seed")); err != nil {
		return err
	}
	return os.WriteFile(done, []byte("{}"), 0o644)
}

// large tells of the exports.
func (r *results) large(line func(string, ...any)) {
	first := true
	for _, e := range r.entries {
		if e.Sample.Method != methodLarge {
			continue
		}
		if first {
			line("## Memory of a large export\n")
			line("`hikkoshi snapshot export --repo file://REPOSITORY > /dev/null` on a repository that a real %s wrote, all processors; an index was restored %d times under other names to make the documents. `go run ./bench -big 10000000` does it again.\n", bigVersion, bigShare-1)
			line("| documents | MB written | peak memory | processor time | clock |")
			line("|---|---|---|---|---|")
			first = false
		}
		s := e.Sample
		line("| %d | %d | %.0f MiB | %.1f s | %.1f s |", s.Documents, s.Bytes/1e6, float64(s.PeakRSS)/(1<<20), s.CPU, s.Wall)
	}
	if !first {
		line("")
	}
}
