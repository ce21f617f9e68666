package main

// native.go answers: how do the servers move an index themselves? By restoring the snapshot, where the target can read it,
// and by _reindex from a remote cluster. Next: elasticdump.go.

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/lab"
)

const (
	// reindexTasks is how many _reindex run side by side, each over its part of the documents' times: slices are refused
	// when the source is remote.
	reindexTasks = 2
	restoreName  = "restore"
)

func cutOpenSearch(name string) (number string, opensearch bool) {
	return strings.CutPrefix(name, lab.OpenSearch)
}

// restorable says whether the target reads the source's snapshots: of its own major version, and of the one before.
func restorable(p pair) bool {
	next := map[byte]byte{'2': '5', '5': '6', '6': '7', '7': '8'}
	_, opensearch := cutOpenSearch(p.target)
	return !opensearch && (p.source[0] == p.target[0] || next[p.source[0]] == p.target[0])
}

// restore is what `hikkoshi apply`'s step "restore" asks of the target: one request, and then watching.
func (a *arena) restore(ctx context.Context, j job) (usage, error) {
	client, err := cluster.New(cluster.Config{URL: a.target.URL()})
	if err != nil {
		return usage{}, err
	}
	defer client.Close()
	settings := rig.Object{"location": j.repository, "readonly": true, "max_restore_bytes_per_sec": "1gb"}
	if _, err := rig.Call(ctx, http.MethodPut, a.target.URL()+"/_snapshot/"+restoreName, rig.Object{"type": "fs", "settings": settings}); err != nil {
		return usage{}, err
	}
	cpu, err := rig.CPUSeconds()
	if err != nil {
		return usage{}, err
	}
	began := time.Now()
	options := cluster.RestoreOptions{Indices: []string{j.from}, RenamePattern: "^" + regexp.QuoteMeta(j.from) + "$", RenameReplacement: j.to}
	if err := client.Restore(ctx, restoreName, snapshotName, options); err != nil {
		return usage{}, err
	}
	if err := client.WaitRestore(ctx, []string{j.to}, nil); err != nil {
		return usage{}, err
	}
	used := usage{Wall: time.Since(began).Seconds(), PeakRSS: rig.PeakRSS(), Tuned: "as it comes; bandwidth limits of the repository raised to 1 GB/s"}
	now, err := rig.CPUSeconds()
	used.CPU = now - cpu
	return used, err
}

func (a *arena) reindex(ctx context.Context, j job) (usage, error) {
	half := func(number int) rig.Object {
		switch {
		case j.data.name == "":
			return rig.Object{"match_all": rig.Object{}}
		case number == 0:
			return rig.Object{"range": rig.Object{timeField: rig.Object{"lt": middle.Format(timeFormat)}}}
		}
		return rig.Object{"range": rig.Object{timeField: rig.Object{"gte": middle.Format(timeFormat)}}}
	}
	tasks := reindexTasks
	if j.data.name == "" {
		tasks = 1
	}
	_, err := together(ctx, tasks, func(ctx context.Context, number int) (usage, error) {
		request := rig.Object{
			"source": rig.Object{"remote": rig.Object{"host": a.source.node.URL()}, "index": j.from, "size": j.page(), "query": half(number)},
			"dest":   rig.Object{"index": j.to},
		}
		answer, err := rig.Call(ctx, http.MethodPost, a.target.URL()+"/_reindex?wait_for_completion=true&refresh=false", request)
		if err == nil && len(gjson.GetBytes(answer, "failures").Array()) > 0 {
			err = fmt.Errorf("_reindex: %.600s", gjson.GetBytes(answer, "failures").Raw)
		}
		return usage{}, err
	})
	// The target does the work: there is no client.
	return usage{Tuned: fmt.Sprintf("%d tasks side by side, each over one part of the documents' times, pages of %d", tasks, j.page())}, err
}

// page is how many documents are read at once.
func (j job) page() int { return max(j.data.page, 100) }
