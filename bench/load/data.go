package main

// data.go answers: how does the source get its documents and its snapshot, once? A node of the lab writes them, and the
// cache keeps its data folder beside the repository. Next: contestants.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	fillBytes      = 4 << 20
	fillers        = 2
	clusterName    = "bench-load"
	repositoryName = "bench"
	doneFile       = "done.json"
)

// source is a running old cluster whose snapshots lie in the cache.
type source struct {
	node    *lab.Node
	folder  string
	version string
	data    []dataset
	// made says what each dataset came to, by its name.
	made map[string]made
}

// made is what the cache knows of one dataset.
type made struct {
	Documents, Bytes int64 // of source
	// SnapshotSeconds of the clock and SnapshotCPU of the node are what the snapshot took from the source.
	SnapshotSeconds, SnapshotCPU float64
	SnapshotBytes                int64
}

func (s *source) repository(d dataset) string { return filepath.Join(s.folder, "repo-"+d.key()) }

func (d dataset) key() string { return fmt.Sprintf("%s-%d", d.name, d.documents) }

// startNode starts a node as a person would for a move: one heap for all, both compilers.
func startNode(ctx context.Context, c config, version, data string, settings map[string]string, repositories ...string) (*lab.Node, error) {
	return lab.Start(ctx, lab.Options{Version: version, DataDir: data, RepoDirs: repositories, ClusterName: clusterName + "-" + version, Heap: c.heap, Seasoned: true, Settings: settings})
}

// openSource starts the source on what the cache holds, and fills it with what is missing.
func openSource(ctx context.Context, c config, version string) (*source, error) {
	s := &source{folder: filepath.Join(c.cache, version), version: version, data: datasets(c), made: map[string]made{}}
	raw, err := os.ReadFile(filepath.Join(s.folder, doneFile))
	if err == nil {
		err = json.Unmarshal(raw, &s.made)
	}
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("%s: %w", doneFile, err)
	}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, err
	}
	if s.node, err = startNode(ctx, c, version, filepath.Join(s.folder, "node"), nil, s.folder); err != nil {
		return nil, err
	}
	for _, d := range s.data {
		if err := s.ensure(ctx, d); err != nil {
			return nil, fmt.Errorf("%s: %w", d.key(), stopped(ctx, s.node, err))
		}
	}
	return s, nil
}

// stopped ends a node because of an error.
func stopped(ctx context.Context, node *lab.Node, cause error) error {
	// The cause is what matters; a node that does not end in time is killed.
	_ = node.Stop(context.WithoutCancel(ctx))
	return cause
}

// sourceIndex is the name on the source: datasets of several sizes lie side by side in the cache.
func (d dataset) sourceIndex() string { return fmt.Sprintf("%s-%d", d.index, d.documents) }

func (s *source) ensure(ctx context.Context, d dataset) error {
	if _, done := s.made[d.key()]; done {
		return nil
	}
	say("%s: writing %d documents of %s", s.version, d.documents, d.name)
	if _, err := rig.Call(ctx, http.MethodDelete, s.node.URL()+"/"+d.sourceIndex(), nil); err != nil && !strings.Contains(err.Error(), "404") {
		return err
	}
	if err := os.RemoveAll(s.repository(d)); err != nil {
		return err
	}
	if _, err := rig.Call(ctx, http.MethodPut, s.node.URL()+"/"+d.sourceIndex(), d.mapping(s.version[0])); err != nil {
		return err
	}
	result := made{Documents: d.documents}
	var err error
	if result.Bytes, err = s.fill(ctx, d); err != nil {
		return err
	}
	if err := takeSnapshot(ctx, s.node, repositoryName+"-"+d.key(), s.repository(d), []string{d.sourceIndex()}, &result); err != nil {
		return err
	}
	s.made[d.key()] = result
	raw, err := json.Marshal(s.made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, doneFile), raw, 0o644)
}

// fill leaves the ids to the server, as log shippers do.
func (s *source) fill(ctx context.Context, d dataset) (written int64, err error) {
	next := d.source(d.documents)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(fillers)
	var body bytes.Buffer
	for n := int64(0); n < d.documents && inner.Err() == nil; n++ {
		document := next(n)
		written += int64(len(document))
		body.WriteString("{\"index\":{}}\n")
		body.Write(document)
		body.WriteByte('\n')
		if body.Len() < fillBytes && n+1 < d.documents {
			continue
		}
		full := bytes.Clone(body.Bytes())
		body.Reset()
		group.Go(func() error {
			answer, err := rig.Call(inner, http.MethodPost, s.node.URL()+"/"+d.sourceIndex()+"/"+d.docType+"/_bulk", full)
			if err == nil && bytes.Contains(answer[:min(len(answer), 200)], []byte(`"errors":true`)) {
				err = fmt.Errorf("bulk: %.300s", answer)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	for _, step := range []string{"/_flush", "/_refresh"} {
		if _, err := rig.Call(ctx, http.MethodPost, s.node.URL()+"/"+d.sourceIndex()+step, nil); err != nil {
			return 0, err
		}
	}
	return written, nil
}

// snapshotName is the one snapshot of every repository here.
const snapshotName = "s1"

func takeSnapshot(ctx context.Context, node *lab.Node, repository, folder string, indices []string, result *made) error {
	settings := rig.Object{"location": folder, "compress": true, "max_snapshot_bytes_per_sec": "1gb"}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/"+repository, rig.Object{"type": "fs", "settings": settings}); err != nil {
		return err
	}
	began, cpu := time.Now(), rig.ProcessCPU(node.PID())
	request := rig.Object{"indices": strings.Join(indices, ","), "include_global_state": false}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/"+repository+"/"+snapshotName+"?wait_for_completion=true", request); err != nil {
		return err
	}
	result.SnapshotSeconds, result.SnapshotCPU = time.Since(began).Seconds(), rig.ProcessCPU(node.PID())-cpu
	return filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			result.SnapshotBytes += info.Size()
		}
		return err
	})
}
