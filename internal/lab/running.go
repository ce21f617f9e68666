package lab

// running.go answers: which nodes of the lab are alive on this machine, whoever started them, and how are they ended?
// A node's home holds node.json (what it is) and run.lock (held by its JVM for as long as it lives).

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sweepAge is how old a home without a living node must be before it counts as left over and not as just being made.
const sweepAge = 10 * time.Minute

// Running is a node that was found on this machine.
type Running struct {
	Version, URL, ClusterName, DataDir string
	PID                                int
	// Detached nodes were started to outlive their starter; the others belong to a process that is still using them.
	Detached bool
	home     string
}

// List finds the living nodes of this machine's temporary folder.
func List() ([]Running, error) {
	homes, err := homes()
	if err != nil {
		return nil, err
	}
	var nodes []Running
	for _, home := range homes {
		text, err := os.ReadFile(filepath.Join(home, recordFile))
		var r record
		if err != nil || json.Unmarshal(text, &r) != nil || !alive(home) {
			// Being made, being removed, or left over: not a running node.
			continue
		}
		nodes = append(nodes, Running{Version: r.Version, URL: r.URL, ClusterName: r.ClusterName, DataDir: r.DataDir, PID: r.PID, Detached: r.Detached, home: home})
	}
	return nodes, nil
}

// Down ends a running node and waits until it is gone.
func (r Running) Down(ctx context.Context) error {
	// Only a node that still holds its lock may be signalled: its process id could belong to another program by now.
	if !alive(r.home) {
		return os.RemoveAll(r.home)
	}
	process, err := os.FindProcess(r.PID)
	if err != nil {
		return fmt.Errorf("find process %d: %w", r.PID, err)
	}
	if err := terminate(process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop process %d: %w", r.PID, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for alive(r.home) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s at %s to stop: %w", r.Version, r.URL, ctx.Err())
		case <-ticker.C:
		}
	}
	return os.RemoveAll(r.home)
}

func homes() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(os.TempDir(), homePrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for nodes: %w", err)
	}
	return found, nil
}

func alive(home string) bool {
	file, err := os.OpenFile(filepath.Join(home, "run.lock"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	held, err := lockedByAnother(file)
	return err == nil && held
}

// sweep removes what nodes left that were killed with -9 themselves. It only tidies: what it can't remove stays.
func sweep() {
	found, err := homes()
	if err != nil {
		return
	}
	for _, home := range found {
		info, err := os.Stat(home)
		if errors.Is(err, fs.ErrNotExist) || err == nil && time.Since(info.ModTime()) > sweepAge && !alive(home) {
			_ = os.RemoveAll(home)
		}
	}
}
