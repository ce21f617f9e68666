package main

// snapshot_list.go answers: what is in this repository, this snapshot, this index? Next: snapshot_export.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/ui"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

type snapshotList struct{ repositoryFlags }

// listedSnapshot is one snapshot as JSON.
type listedSnapshot struct {
	Name       string    `json:"name"`
	UUID       string    `json:"uuid"`
	State      string    `json:"state"`
	Version    string    `json:"version"`
	VersionID  int64     `json:"version_id"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Indices    int       `json:"indices"`
	Shards     int       `json:"shards"`
	Successful int       `json:"successful_shards"`
	Failures   []string  `json:"failures,omitempty"`
}

func listed(info *snapshot.Info) listedSnapshot {
	one := listedSnapshot{Name: info.Name, UUID: info.UUID, State: string(info.State), Version: versionName(info.VersionID),
		VersionID: info.VersionID, Start: info.Start, End: info.End, Indices: len(info.Indices), Shards: info.TotalShards,
		Successful: info.SuccessfulShards}
	for _, failure := range info.Failures {
		one.Failures = append(one.Failures, fmt.Sprintf("%s shard %d: %s", failure.Index, failure.Shard, failure.Reason))
	}
	return one
}

// Run lists the snapshots, oldest first as their names sort.
func (c *snapshotList) Run(ctx context.Context, call *invocation) error {
	repository, done, err := c.open(ctx, call)
	if err != nil {
		return err
	}
	defer done()
	infos, unreadable := repository.Snapshots(ctx)
	if len(infos) == 0 && unreadable != nil {
		return unreadable
	}
	list := make([]listedSnapshot, len(infos))
	table := ui.Table{Headings: []string{"snapshot", "state", "taken", ">took", "by", ">indices", ">shards"}}
	for i, info := range infos {
		list[i] = listed(info)
		shards := ui.Count(int64(info.TotalShards))
		if info.SuccessfulShards != info.TotalShards {
			shards = fmt.Sprintf("%d of %d", info.SuccessfulShards, info.TotalShards)
		}
		took := ""
		if !info.End.IsZero() {
			took = info.End.Sub(info.Start).Round(time.Millisecond).String()
		}
		table.Rows = append(table.Rows, []string{info.Name, string(info.State), timeText(info.Start), took, list[i].Version,
			ui.Count(int64(len(info.Indices))), shards})
	}
	call.View.Table(table)
	if err := call.View.Result(map[string]any{"layout": repository.Layout().String(), "generation": repository.Generation(),
		"uuid": repository.UUID(), "cluster_id": repository.ClusterID(), "snapshots": list}); err != nil {
		return err
	}
	if unreadable != nil {
		call.View.Say("Not readable:\n%v", unreadable)
		return errFindings
	}
	return nil
}

type snapshotShow struct {
	repositoryFlags
	Snapshot string   `default:"latest" help:"Name or uuid; by default the newest whole one."`
	Index    []string `short:"i" help:"Patterns of indices, with * and leading - to exclude." sep:","`
	Global   bool     `help:"Also print templates, pipelines, data streams and stored scripts."`
	Details  bool     `help:"Also print mappings, settings and aliases of each index."`
}

type shownIndex struct {
	Name     string                     `json:"name"`
	UUID     string                     `json:"uuid,omitempty"`
	ID       string                     `json:"id,omitempty"`
	Created  string                     `json:"created,omitempty"`
	State    string                     `json:"state,omitempty"`
	Shards   int                        `json:"shards"`
	Live     int64                      `json:"live"`
	Deleted  int64                      `json:"deleted"`
	Bytes    int64                      `json:"bytes"`
	Segments int                        `json:"segments"`
	Lucene   []string                   `json:"lucene,omitempty"`
	Losses   []string                   `json:"losses,omitempty"`
	Settings map[string]string          `json:"settings,omitempty"`
	Mappings map[string]json.RawMessage `json:"mappings,omitempty"`
	Aliases  map[string]json.RawMessage `json:"aliases,omitempty"`
}

// Run describes a snapshot.
func (c *snapshotShow) Run(ctx context.Context, call *invocation) error {
	repository, info, done, err := c.openSnapshot(ctx, call, c.Snapshot)
	if err != nil {
		return err
	}
	defer done()
	facts, err := export.Describe(ctx, repository, info, export.Selection{Indices: c.Index})
	if err != nil {
		return err
	}
	result := map[string]any{"snapshot": listed(info)}
	call.View.Print(fmt.Sprintf("%s (%s), %s, taken %s by %s, %d of %d shards", info.Name, info.UUID, info.State,
		timeText(info.Start), versionName(info.VersionID), info.SuccessfulShards, info.TotalShards))
	indices, whole := c.showIndices(call, facts)
	result["indices"] = indices
	if c.Global {
		global, err := repository.Global(ctx, info)
		if err != nil {
			return err
		}
		sections := globalSections(global)
		result["global"] = sections
		if err := printJSON(call, sections); err != nil {
			return err
		}
	}
	if err := call.View.Result(result); err != nil {
		return err
	}
	if !whole {
		return errFindings
	}
	return nil
}

func (c *snapshotShow) showIndices(call *invocation, facts []export.IndexFacts) (indices []shownIndex, whole bool) {
	whole = true
	table := ui.Table{Headings: []string{"index", "created by", "state", ">shards", ">live", ">deleted", ">size", ">segments", "Lucene"}}
	var live, deleted, size int64
	var details []shownIndex
	for i := range facts {
		one := &facts[i]
		shown := shownIndex{Name: one.Name, Live: one.Live, Deleted: one.Deleted, Bytes: one.Bytes, Segments: one.Segments, Lucene: one.Lucene}
		if one.Index != nil {
			shown.UUID, shown.ID, shown.Shards, shown.State = one.Index.UUID, one.Index.ID, one.Index.Shards, "open"
			shown.Created = versionName(one.Index.CreatedID)
			if one.Index.Closed {
				shown.State = "close"
			}
			if c.Details {
				shown.Settings, shown.Mappings, shown.Aliases = one.Index.Settings, one.Index.Mappings, one.Index.Aliases
				details = append(details, shown)
			}
		}
		for j := range one.Losses {
			whole = false
			shown.Losses = append(shown.Losses, one.Losses[j].Error())
			call.View.Say("%v", &one.Losses[j])
		}
		live, deleted, size = live+one.Live, deleted+one.Deleted, size+one.Bytes
		indices = append(indices, shown)
		table.Rows = append(table.Rows, []string{shown.Name, shown.Created, shown.State, strconv.Itoa(shown.Shards), ui.Count(shown.Live),
			ui.Count(shown.Deleted), ui.Bytes(shown.Bytes), strconv.Itoa(shown.Segments), strings.Join(shown.Lucene, " ")})
	}
	table.Footer = []string{fmt.Sprintf("%d indices", len(facts)), "", "", "", ui.Count(live), ui.Count(deleted), ui.Bytes(size), "", ""}
	call.View.Table(table)
	for _, shown := range details {
		// Text that can't be JSON was refused when it was read.
		_ = printJSON(call, map[string]any{shown.Name: map[string]any{"settings": shown.Settings, "mappings": shown.Mappings, "aliases": shown.Aliases}})
	}
	return indices, whole
}

// globalSections leaves out the persistent settings, which may hold secrets.
func globalSections(global *snapshot.Global) map[string]map[string]json.RawMessage {
	return map[string]map[string]json.RawMessage{"templates": global.Templates, "index_templates": global.IndexTemplates,
		"component_templates": global.ComponentTemplates, "pipelines": global.Pipelines, "data_streams": global.DataStreams,
		"stored_scripts": global.StoredScripts}
}

func printJSON(call *invocation, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	call.View.Print(text.String())
	return nil
}
