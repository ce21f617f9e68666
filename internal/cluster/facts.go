package cluster

// facts.go answers: how is the cluster, what room has it, and who is writing? What each index is made of is in
// facts_indices.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Health is the cluster's, or some indices', state.
type Health struct {
	ClusterName  string `json:"cluster_name"`
	Status       string `json:"status"` // green, yellow, red
	TimedOut     bool   `json:"timed_out"`
	Nodes        int    `json:"nodes"`
	DataNodes    int    `json:"data_nodes"`
	Primaries    int    `json:"active_primary_shards"`
	Shards       int    `json:"active_shards"`
	Relocating   int    `json:"relocating_shards"`
	Initializing int    `json:"initializing_shards"`
	Unassigned   int    `json:"unassigned_shards"`
	PendingTasks int    `json:"pending_tasks"`
}

// Health asks for the state of the cluster, or of the indices named.
func (c *Client) Health(ctx context.Context, indices ...string) (Health, error) {
	return c.health(ctx, nil, indices)
}

// WaitHealth waits until the indices (all, when none is named) have at least that status, "yellow" or "green". The
// last health seen comes back with TimedOut set when the time ran out.
func (c *Client) WaitHealth(ctx context.Context, status string, limit time.Duration, indices ...string) (Health, error) {
	return c.health(ctx, url.Values{
		"wait_for_status": {status}, "timeout": {fmt.Sprintf("%ds", int(limit.Seconds()))},
	}, indices)
}

// primariesStart is how long a red cluster is given whose shards are just being started.
const primariesStart = 30 * time.Second

// SettledHealth is Health, except that a cluster which is red because a shard is just being started is waited for up to half
// a minute: every new index makes its cluster red for a moment. One that starts nothing is red at once.
func (c *Client) SettledHealth(ctx context.Context) (Health, error) {
	health, err := c.Health(ctx)
	if err != nil || health.Status != "red" || health.Initializing == 0 {
		return health, err
	}
	return c.WaitHealth(ctx, "yellow", primariesStart)
}

func (c *Client) health(ctx context.Context, query url.Values, indices []string) (Health, error) {
	var all Health
	for i, list := range nameLists(indices) {
		one, err := c.healthOf(ctx, query, list)
		if err != nil {
			return Health{}, err
		}
		if i == 0 {
			all = one
			continue
		}
		all.TimedOut = all.TimedOut || one.TimedOut
		all.Status = worse(all.Status, one.Status)
		all.Primaries += one.Primaries
		all.Shards += one.Shards
		all.Relocating += one.Relocating
		all.Initializing += one.Initializing
		all.Unassigned += one.Unassigned
	}
	return all, nil
}

func worse(a, b string) string {
	for _, status := range []string{"red", "yellow"} {
		if a == status || b == status {
			return status
		}
	}
	return a
}

func (c *Client) healthOf(ctx context.Context, query url.Values, list string) (Health, error) {
	request := Request{Method: http.MethodGet, Path: below("/_cluster/health", list), Query: query}
	if limit, err := time.ParseDuration(query.Get("timeout")); err == nil {
		request.Timeout = limit + c.timeout // the server is silent on purpose
	}
	response, err := c.Send(ctx, request)
	var failure *Error
	if errors.As(err, &failure) && failure.Status == http.StatusRequestTimeout {
		// Before 8.0 a wait that ran out is answered 408 with the health in the body.
		health, err := c.healthOf(ctx, nil, list)
		health.TimedOut = true
		return health, err
	}
	if err != nil {
		return Health{}, err
	}
	body := gjson.ParseBytes(response.Body)
	return Health{
		ClusterName: body.Get("cluster_name").String(), Status: body.Get("status").String(), TimedOut: body.Get("timed_out").Bool(),
		Nodes: int(body.Get("number_of_nodes").Int()), DataNodes: int(body.Get("number_of_data_nodes").Int()),
		Primaries: int(body.Get("active_primary_shards").Int()), Shards: int(body.Get("active_shards").Int()),
		Relocating: int(body.Get("relocating_shards").Int()), Initializing: int(body.Get("initializing_shards").Int()),
		Unassigned: int(body.Get("unassigned_shards").Int()), PendingTasks: int(body.Get("number_of_pending_tasks").Int()),
	}, nil
}

// ClusterSettings gives the persistent and transient settings, flat. AWS has no such call before 5.3: then ok is false.
func (c *Client) ClusterSettings(ctx context.Context) (persistent, transient map[string]string, ok bool, err error) {
	response, err := c.Do(ctx, http.MethodGet, "/_cluster/settings", url.Values{"flat_settings": {"true"}}, nil)
	if err != nil {
		if notOffered(err) {
			return nil, nil, false, nil
		}
		return nil, nil, false, err
	}
	read := func(key string) map[string]string {
		settings := map[string]string{}
		gjson.GetBytes(response.Body, key).ForEach(func(name, value gjson.Result) bool {
			settings[name.String()] = value.String()
			return true
		})
		return settings
	}
	return read("persistent"), read("transient"), true, nil
}

// notOffered says that the server refuses the call itself, as AWS does with many.
func notOffered(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Status {
	case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusUnauthorized:
		return !errors.Is(err, ErrCredentials) && !errors.Is(err, ErrClockSkew) && !errors.Is(err, ErrWrongRegion)
	}
	return false
}

// NodeDisk is one data node's room in bytes.
type NodeDisk struct {
	Node      string `json:"node"`
	Total     int64  `json:"total"`
	Available int64  `json:"available"`
}

// Disk is the room of all data nodes. Known is false where the server hides it.
type Disk struct {
	Nodes     []NodeDisk `json:"nodes,omitempty"`
	Total     int64      `json:"total"`
	Available int64      `json:"available"`
	Known     bool       `json:"known"`
}

// Disk asks the nodes for their room, and where AWS redacts that, the allocation table.
func (c *Client) Disk(ctx context.Context) (Disk, error) {
	response, err := c.Do(ctx, http.MethodGet, "/_nodes/stats/fs", nil, nil)
	if err != nil && !notOffered(err) {
		return Disk{}, err
	}
	disk := Disk{}
	if err == nil {
		gjson.GetBytes(response.Body, "nodes").ForEach(func(_, node gjson.Result) bool {
			if roles := node.Get("roles"); roles.IsArray() && !strings.Contains(roles.Raw, "data") {
				return true // dedicated masters hold no shards
			}
			disk.add(node.Get("name").String(), node.Get("fs.total.total_in_bytes").Int(), node.Get("fs.total.available_in_bytes").Int())
			return true
		})
	}
	if disk.Known {
		return disk, nil
	}
	rows, err := c.cat(ctx, "/_cat/allocation", "node,disk.total,disk.avail")
	if err != nil {
		if notOffered(err) {
			return Disk{}, nil
		}
		return Disk{}, err
	}
	for _, row := range rows {
		if name := row.Get("node").String(); name != "UNASSIGNED" {
			disk.add(name, catNumber(row, `disk\.total`), catNumber(row, `disk\.avail`))
		}
	}
	return disk, nil
}

func (d *Disk) add(node string, total, available int64) {
	if total <= 0 {
		return
	}
	d.Nodes = append(d.Nodes, NodeDisk{Node: node, Total: total, Available: available})
	d.Total += total
	d.Available += available
	d.Known = true
}

// cat asks one of the _cat tables for rows as JSON, sizes in bytes.
func (c *Client) cat(ctx context.Context, path, columns string, more ...string) ([]gjson.Result, error) {
	query := url.Values{"format": {"json"}, "bytes": {"b"}, "h": {columns}}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	response, err := c.Do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	if len(response.Body) == 0 {
		return nil, nil
	}
	table := gjson.ParseBytes(response.Body)
	if !gjson.ValidBytes(response.Body) || !table.IsArray() {
		return nil, fmt.Errorf("read %s: the answer is no JSON table", path)
	}
	return table.Array(), nil
}

// catNumber reads a cell, which is text in every version; a missing one is 0.
func catNumber(row gjson.Result, column string) int64 {
	number, err := strconv.ParseInt(row.Get(column).String(), 10, 64)
	if err != nil {
		return 0
	}
	return number
}

// ShardRow is one copy of one shard.
type ShardRow struct {
	Index   string `json:"index"`
	Shard   int    `json:"shard"`
	Primary bool   `json:"primary"`
	State   string `json:"state"` // STARTED, INITIALIZING, RELOCATING, UNASSIGNED
	Docs    int64  `json:"docs"`
	Bytes   int64  `json:"bytes"`
	Node    string `json:"node,omitempty"`
	// Reason is why it is unassigned (since 1.6), Details the failure behind it (since 2.0, hidden by AWS).
	Reason  string `json:"reason,omitempty"`
	Details string `json:"details,omitempty"`
}

// Shards lists the shards of the indices named, or of all.
func (c *Client) Shards(ctx context.Context, indices ...string) ([]ShardRow, error) {
	shards := []ShardRow{}
	for _, list := range nameLists(indices) {
		rows, err := c.cat(ctx, below("/_cat/shards", list), "index,shard,prirep,state,docs,store,node,unassigned.reason,unassigned.details")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			shards = append(shards, ShardRow{
				Index: row.Get("index").String(), Shard: int(catNumber(row, "shard")), Primary: row.Get("prirep").String() == "p",
				State: row.Get("state").String(), Docs: catNumber(row, "docs"), Bytes: catNumber(row, "store"),
				Node: row.Get("node").String(), Reason: row.Get(`unassigned\.reason`).String(),
				Details: shorten(row.Get(`unassigned\.details`).String(), maxReason),
			})
		}
	}
	return shards, nil
}

// SegmentBytes adds up the segments of primaries, as they are at this moment: the store's size in Stats is up to ten seconds
// old (index.store.stats_refresh_interval).
func (c *Client) SegmentBytes(ctx context.Context, indices ...string) (int64, error) {
	var bytes int64
	for _, list := range nameLists(indices) {
		rows, err := c.cat(ctx, below("/_cat/segments", list), "index,shard,prirep,segment,size")
		if err != nil {
			return 0, err
		}
		for _, row := range rows {
			if row.Get("prirep").String() == "p" {
				bytes += catNumber(row, "size")
			}
		}
	}
	return bytes, nil
}

// IndexStats are counters of one index's primaries.
type IndexStats struct {
	// Docs and Deleted are Lucene documents: nested ones count too. Bytes are those of the primaries.
	Docs, Deleted, Bytes int64
	Writes               WriteCounters
}

// WriteCounters only grow while a shard stays on its node, and begin anew when it moves: two equal readings say that
// nobody wrote in between, unequal ones that somebody wrote or a shard moved.
type WriteCounters struct {
	Indexed int64 `json:"indexed"`
	Deleted int64 `json:"deleted"`
}

// Stats gives the counters of the indices named, or of all open ones, by name.
func (c *Client) Stats(ctx context.Context, indices ...string) (map[string]IndexStats, error) {
	query := url.Values{}
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	if dialect.HiddenIndices {
		query.Set("expand_wildcards", "all")
		query.Set("forbid_closed_indices", "false")
	}
	stats := map[string]IndexStats{}
	for _, list := range nameLists(indices) {
		path := below("", list) + "/_stats/docs,store,indexing"
		response, err := c.Do(ctx, http.MethodGet, path, query, nil)
		if err != nil {
			return nil, err
		}
		if err := shardFailure(http.MethodGet, path, gjson.ParseBytes(response.Body)); err != nil {
			return nil, err
		}
		gjson.GetBytes(response.Body, "indices").ForEach(func(name, index gjson.Result) bool {
			primaries := index.Get("primaries")
			stats[name.String()] = IndexStats{
				Docs: primaries.Get("docs.count").Int(), Deleted: primaries.Get("docs.deleted").Int(),
				Bytes: primaries.Get("store.size_in_bytes").Int(),
				Writes: WriteCounters{
					Indexed: primaries.Get("indexing.index_total").Int(), Deleted: primaries.Get("indexing.delete_total").Int(),
				},
			}
			return true
		})
	}
	return stats, nil
}
