package cluster

// load.go answers: how busy are the cluster's nodes with writing? Next: bulk.go.

import (
	"context"
	"net/http"

	"github.com/tidwall/gjson"
)

// NodeLoad is how busy one node is. Numbers that the version does not tell are -1.
type NodeLoad struct {
	Name string
	// Queue is how many writes wait, QueueSize how many may, Rejected how many were turned away since the node started.
	Queue, QueueSize, Rejected int64
	// CPU is the machine's, in percent.
	CPU int64
	// DiskFree is the share of the fullest data path that is free, in percent.
	DiskFree float64
}

// writePools are the names of the pool that takes _bulk: write since 6.3, bulk before.
var writePools = []string{"write", "bulk"}

// NodeLoads asks every node.
func (c *Client) NodeLoads(ctx context.Context) ([]NodeLoad, error) {
	sizes, err := c.Send(ctx, Request{Method: http.MethodGet, Path: "/_nodes/thread_pool", Once: true})
	if err != nil {
		return nil, err
	}
	stats, err := c.Send(ctx, Request{Method: http.MethodGet, Path: "/_nodes/stats/thread_pool,os,fs", Once: true})
	if err != nil {
		return nil, err
	}
	var loads []NodeLoad
	gjson.GetBytes(stats.Body, "nodes").ForEach(func(id, node gjson.Result) bool {
		load := NodeLoad{Name: node.Get("name").String(), Queue: -1, QueueSize: -1, Rejected: -1, CPU: cpuOf(node.Get("os")), DiskFree: -1}
		for _, name := range writePools {
			if pool := node.Get("thread_pool." + name); pool.Exists() {
				load.Queue, load.Rejected = pool.Get("queue").Int(), pool.Get("rejected").Int()
				if size := gjson.GetBytes(sizes.Body, "nodes."+id.String()+".thread_pool."+name+".queue_size").Int(); size > 0 {
					load.QueueSize = size
				}
				break
			}
		}
		node.Get("fs.data").ForEach(func(_, path gjson.Result) bool {
			if total := path.Get("total_in_bytes").Float(); total > 0 {
				free := 100 * path.Get("available_in_bytes").Float() / total
				if load.DiskFree < 0 || free < load.DiskFree {
					load.DiskFree = free
				}
			}
			return true
		})
		loads = append(loads, load)
		return true
	})
	return loads, nil
}

// cpuOf reads os.cpu.percent (5.0 and later), os.cpu_percent (2.x) or what os.cpu.idle leaves (1.x with its native library).
func cpuOf(os gjson.Result) int64 {
	switch {
	case os.Get("cpu.percent").Exists():
		return os.Get("cpu.percent").Int()
	case os.Get("cpu_percent").Exists():
		return os.Get("cpu_percent").Int()
	case os.Get("cpu.idle").Exists():
		return 100 - os.Get("cpu.idle").Int()
	}
	return -1
}
