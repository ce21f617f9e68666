package main

// data.go answers: how do real nodes make the snapshots, once? One index per case and size, one shard, merged into one
// segment; nothing is mapped, since only stored fields are read. Next: child.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	bulkBytes    = 4 << 20
	snapshotName = "s1"
	clusterName  = "bench"
	doneFile     = "done.json"
)

// dataset is what one version wrote: a repository, and the data folder the scroll starts a node on again.
type dataset struct {
	version, folder string
	indices         []string
}

func (d dataset) repository() string { return filepath.Join(d.folder, "repo") }
func (d dataset) node() string       { return filepath.Join(d.folder, "node") }

// prepare makes the data of a version unless the cache has all of it.
func prepare(ctx context.Context, c config, version string) (dataset, error) {
	d := dataset{version: version, folder: filepath.Join(c.cache, fmt.Sprintf("%s-%dmb", version, c.source/1e6))}
	for _, one := range c.cases {
		for _, size := range c.sizes {
			if one.version == version {
				d.indices = append(d.indices, one.index(size))
			}
		}
	}
	if raw, err := os.ReadFile(filepath.Join(d.folder, doneFile)); err == nil {
		var have []string
		if err := json.Unmarshal(raw, &have); err != nil {
			return d, fmt.Errorf("%s: %w", doneFile, err)
		}
		if containsAll(have, d.indices) {
			return d, nil
		}
	}
	if err := os.RemoveAll(d.folder); err != nil {
		return d, err
	}
	if err := os.MkdirAll(d.repository(), 0o755); err != nil {
		return d, err
	}
	say("%s: writing %d indices of %d MB", version, len(d.indices), c.source/1e6)
	node, err := d.start(ctx)
	if err != nil {
		return d, err
	}
	defer node.Stop(ctx)
	for _, one := range c.cases {
		for _, size := range c.sizes {
			if one.version != version {
				continue
			}
			if err := fill(ctx, node.URL(), version, one, size, c.source); err != nil {
				return d, err
			}
		}
	}
	settings := rig.Object{"location": d.repository(), "compress": true, "max_snapshot_bytes_per_sec": "1gb"}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/bench", rig.Object{"type": "fs", "settings": settings}); err != nil {
		return d, err
	}
	request := rig.Object{"indices": strings.Join(d.indices, ","), "include_global_state": false}
	if _, err := rig.Call(ctx, http.MethodPut, node.URL()+"/_snapshot/bench/"+snapshotName+"?wait_for_completion=true", request); err != nil {
		return d, err
	}
	raw, err := json.Marshal(d.indices)
	if err != nil {
		return d, err
	}
	return d, os.WriteFile(filepath.Join(d.folder, doneFile), raw, 0o644)
}

func containsAll(have, want []string) bool {
	set := make(map[string]bool)
	for _, name := range have {
		set[name] = true
	}
	for _, name := range want {
		if !set[name] {
			return false
		}
	}
	return true
}

func (d dataset) start(ctx context.Context) (*lab.Node, error) {
	return lab.Start(ctx, lab.Options{Version: d.version, DataDir: d.node(), RepoDirs: []string{d.folder}, ClusterName: clusterName, Heap: "1g"})
}

// fill makes the index of a case.
func fill(ctx context.Context, url, version string, one benchCase, size int, source int64) error {
	return fillIndex(ctx, url, version, one.index(size), one.codec, size, func(_, written int64) bool { return written < source })
}

// fillIndex makes one index while more says so. The bulk bodies leave the id to the server, as log shippers do.
func fillIndex(ctx context.Context, url, version, index, codec string, size int, more func(documents, written int64) bool) error {
	const typedMajors = "125"
	typed := strings.Contains(typedMajors, version[:1])
	settings := rig.Object{"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
	if codec != "" {
		settings["codec"] = codec
	}
	mappings, path, merge := rig.Object{"enabled": false}, "/"+index+"/_bulk", "/_forcemerge"
	if typed {
		mappings, path = rig.Object{"doc": mappings}, "/"+index+"/doc/_bulk"
	}
	const optimizeMajors = "12"
	if strings.Contains(optimizeMajors, version[:1]) {
		merge = "/_optimize"
	}
	if _, err := rig.Call(ctx, http.MethodPut, url+"/"+index, rig.Object{"settings": rig.Object{"index": settings}, "mappings": mappings}); err != nil {
		return err
	}
	docs := newDocuments(size)
	var body bytes.Buffer
	for documents, written := int64(0), int64(0); more(documents, written); {
		doc := docs.next()
		documents++
		written += int64(len(doc))
		body.WriteString("{\"index\":{}}\n")
		body.Write(doc)
		body.WriteByte('\n')
		if body.Len() < bulkBytes && more(documents, written) {
			continue
		}
		answer, err := rig.Call(ctx, http.MethodPost, url+path, body.Bytes())
		if err != nil {
			return err
		}
		if bytes.Contains(answer[:min(len(answer), 200)], []byte(`"errors":true`)) {
			return fmt.Errorf("bulk into %s: %.300s", index, answer)
		}
		body.Reset()
	}
	for _, step := range []string{"/_flush", merge + "?max_num_segments=1", "/_flush?force=true"} {
		if _, err := rig.Call(ctx, http.MethodPost, url+"/"+index+step, nil); err != nil {
			return err
		}
	}
	return nil
}
