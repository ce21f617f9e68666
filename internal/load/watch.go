package load

// watch.go answers: what does the load do to the target's nodes, and when is that too much? Every few seconds their write
// queues, refusals, processors and disks are asked for. Next: send.go.

import (
	"context"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

const (
	// watchEvery is how often the target's nodes are asked: their numbers are a second old or more.
	watchEvery = 5 * time.Second
	// diskBack is how many percent more than the limit must be free again before a paused load goes on.
	diskBack = 1
)

// Watch narrows the valve by the load of the target's nodes until ctx ends. A target that does not tell is let be.
func Watch(ctx context.Context, target *cluster.Client, valve *Valve) {
	watch := watcher{rejected: map[string]int64{}}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			valve.slow("")
			valve.stop("")
			return
		case <-ticker.C:
		}
		loads, err := target.NodeLoads(ctx)
		if err != nil {
			continue // a target that is down is told by the bodies that wait for it
		}
		slow, stop := watch.judge(loads, valve.Limits())
		valve.slow(slow)
		valve.stop(stop)
	}
}

// watcher remembers what was seen before.
type watcher struct {
	rejected map[string]int64
	full     bool
}

// judge gives the reasons to slow down and to stop; empty is none.
func (w *watcher) judge(loads []cluster.NodeLoad, limits Limits) (slow, stop string) {
	most := float64(limits.DiskFree)
	if w.full {
		most += diskBack
	}
	for i := range loads {
		node := &loads[i]
		queue := int64(limits.WriteQueue)
		if queue == 0 {
			queue = node.QueueSize / 2
		}
		before, known := w.rejected[node.Name]
		w.rejected[node.Name] = node.Rejected
		switch {
		case queue > 0 && node.Queue > queue:
			slow = fmt.Sprintf("%d writes wait on the target's node %s, more than %d", node.Queue, node.Name, queue)
		case known && node.Rejected > before:
			slow = fmt.Sprintf("the target's node %s turned %d writes away", node.Name, node.Rejected-before)
		case limits.CPU > 0 && node.CPU > int64(limits.CPU):
			slow = fmt.Sprintf("the processors of the target's node %s are %d%% busy, more than %d%%", node.Name, node.CPU, limits.CPU)
		}
		if limits.DiskFree > 0 && node.DiskFree >= 0 && node.DiskFree < most {
			stop = fmt.Sprintf("the target's node %s has %.1f%% of its disk free, less than %d%%", node.Name, node.DiskFree, limits.DiskFree)
		}
	}
	w.full = stop != ""
	return slow, stop
}
