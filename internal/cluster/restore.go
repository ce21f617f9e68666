package cluster

// restore.go answers: how is a snapshot restored, followed, and when has it really worked? A server answers 200 also
// when every shard failed, so the shards are what counts. Next: bulk.go for the other road.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// lastFailedLook: a shard that is found failed so often, not necessarily in a row, counts as failed. Nodes up to 2.x try
// again for ever, later ones five times, and one failure may be the storage's bad moment.
const lastFailedLook = 3

// RestoreOptions say what comes out of a snapshot, and under which name.
type RestoreOptions struct {
	// Indices by name or pattern; at least one is wanted.
	Indices []string
	// RenamePattern is a Java regular expression, RenameReplacement what it becomes ("$1" for the first group).
	RenamePattern, RenameReplacement string
	// Aliases restores the indices' aliases, which then may point at both old and new indices.
	Aliases bool
	// GlobalState restores templates and persistent settings.
	GlobalState       bool
	IgnoreUnavailable bool
	// Partial accepts indices with missing shards.
	Partial bool
	// Settings overrides index settings by dotted name, like {"index.number_of_replicas":0}; IgnoreSettings drops some.
	Settings       map[string]any
	IgnoreSettings []string
}

type restoreBody struct {
	Indices             []string       `json:"indices"`
	IgnoreUnavailable   bool           `json:"ignore_unavailable"`
	IncludeGlobalState  bool           `json:"include_global_state"`
	IncludeAliases      bool           `json:"include_aliases"`
	Partial             bool           `json:"partial"`
	RenamePattern       string         `json:"rename_pattern,omitempty"`
	RenameReplacement   string         `json:"rename_replacement,omitempty"`
	IndexSettings       map[string]any `json:"index_settings,omitempty"`
	IgnoreIndexSettings []string       `json:"ignore_index_settings,omitempty"`
}

var errNothingToRestore = errors.New("name the indices to restore")

// Restore begins a restore and returns once the cluster has begun it. That is no success yet: WaitRestore follows it to
// its end. The server's own waiting is not used: AWS's gateway cuts it off after a minute, up to 5.x it never ends when a
// shard can't be restored, and it answers 200 with failed shards inside.
func (c *Client) Restore(ctx context.Context, repository, snapshot string, options RestoreOptions) error {
	if len(options.Indices) == 0 {
		return errNothingToRestore
	}
	_, err := c.Send(ctx, Request{
		Method: http.MethodPost, Path: Path("_snapshot", repository, snapshot, "_restore"),
		Query: url.Values{"wait_for_completion": {"false"}}, Timeout: max(slowRepository, c.timeout),
		Body: mustJSON(restoreBody{
			Indices: options.Indices, IgnoreUnavailable: options.IgnoreUnavailable, IncludeGlobalState: options.GlobalState,
			IncludeAliases: options.Aliases, Partial: options.Partial, RenamePattern: options.RenamePattern,
			RenameReplacement: options.RenameReplacement, IndexSettings: options.Settings, IgnoreIndexSettings: options.IgnoreSettings,
		}),
	})
	return err
}

func restoreIncomplete(method, path string, failed, total int, failures []ShardFailure) *Error {
	failure := &Error{Method: method, Path: path, Status: http.StatusOK, Kind: ErrRestoreIncomplete,
		Reason: fmt.Sprintf("%d of %d shards were not restored", failed, total),
		Hint:   "delete the index that came out incomplete; let its documents be loaded from the snapshot (route backfill), or make the nodes know what its mapping asks for"}
	for i, shard := range failures {
		if i == maxCauses {
			failure.Reason += fmt.Sprintf("; and %d more", len(failures)-i)
			break
		}
		failure.Reason += fmt.Sprintf("; %s/%d: %s", shard.Index, shard.Shard, shard.Reason)
	}
	return failure
}

// RestoreProgress is how far the restore of some indices has come.
type RestoreProgress struct {
	Shards, Done, Failed int
	Files, FilesDone     int64
	Bytes, BytesDone     int64
	ByShard              []ShardProgress
}

// WaitRestore follows the restore of the named target indices until every primary is started. A primary whose recovery
// failed, and stayed failed over some looks, ends it with ErrRestoreIncomplete. It works on a restore begun by someone else, or before a crash.
func (c *Client) WaitRestore(ctx context.Context, indices []string, progress func(RestoreProgress)) error {
	if len(indices) == 0 {
		return errNothingToRestore
	}
	failedLooks := map[string]int{}
	for {
		shards, err := c.Shards(ctx, indices...)
		if err != nil {
			return err
		}
		primaries, started := 0, 0
		var failures []ShardFailure
		for _, shard := range shards {
			if !shard.Primary {
				continue
			}
			primaries++
			switch {
			case shard.State == "STARTED" || shard.State == "RELOCATING":
				started++
			case shard.State == "UNASSIGNED" && shard.Reason == "ALLOCATION_FAILED":
				name := fmt.Sprintf("%s/%d", shard.Index, shard.Shard)
				if failedLooks[name]++; failedLooks[name] >= lastFailedLook {
					failures = append(failures, ShardFailure{Index: shard.Index, Shard: shard.Shard, Reason: shard.Details})
				}
			}
		}
		if progress != nil {
			if recovery, err := c.Recovery(ctx, indices...); err == nil { // one picture less, when it can't be read now
				recovery.Shards, recovery.Done, recovery.Failed = primaries, started, len(failures)
				progress(recovery)
			}
		}
		switch {
		case len(failures) > 0:
			return restoreIncomplete(http.MethodGet, "/_cat/shards", len(failures), primaries, failures)
		case primaries > 0 && started == primaries:
			return nil
		}
		if err := Pause(ctx, pollEvery); err != nil {
			return fmt.Errorf("wait for the restore of %s: %w", shorten(strings.Join(indices, ", "), 200), err)
		}
	}
}

// Recovery reads how far the primaries of the named indices have come in copying from a snapshot.
func (c *Client) Recovery(ctx context.Context, indices ...string) (RestoreProgress, error) {
	progress := RestoreProgress{}
	for _, list := range nameLists(indices) {
		response, err := c.Do(ctx, http.MethodGet, below("", list)+"/_recovery", nil, nil)
		if err != nil {
			return RestoreProgress{}, err
		}
		gjson.ParseBytes(response.Body).ForEach(func(name, index gjson.Result) bool {
			for _, shard := range index.Get("shards").Array() {
				if strings.EqualFold(shard.Get("type").String(), "SNAPSHOT") {
					progress.add(name.String(), shard)
				}
			}
			return true
		})
	}
	slices.SortFunc(progress.ByShard, func(a, b ShardProgress) int {
		return cmp.Or(strings.Compare(a.Index, b.Index), a.Shard-b.Shard)
	})
	return progress, nil
}

func (p *RestoreProgress) add(index string, shard gjson.Result) {
	size, files := shard.Get("index.size"), shard.Get("index.files")
	one := ShardProgress{
		Index: index, Shard: int(shard.Get("id").Int()), Stage: strings.ToUpper(shard.Get("stage").String()), Node: shard.Get("target.name").String(),
		Files: files.Get("total").Int(), FilesDone: files.Get("recovered").Int() + files.Get("reused").Int(),
		Bytes: size.Get("total_in_bytes").Int(), BytesDone: size.Get("recovered_in_bytes").Int() + size.Get("reused_in_bytes").Int(),
	}
	p.Files += one.Files
	p.FilesDone += one.FilesDone
	p.Bytes += one.Bytes
	p.BytesDone += one.BytesDone
	p.Shards++
	if one.Stage == "DONE" {
		p.Done++
	}
	p.ByShard = append(p.ByShard, one)
}

// Restored is what is known of one index as the product of a restore.
type Restored int

// What an index may be when an interrupted restore is taken up again.
const (
	// RestoreAbsent: no such index; restore it.
	RestoreAbsent Restored = iota
	// RestoreGoing: its shards are being copied; wait.
	RestoreGoing
	// RestoreDone: every primary is started and came out of that snapshot.
	RestoreDone
	// RestoreBroken: it came out of that snapshot, but a primary failed; delete it and begin again.
	RestoreBroken
	// RestoreForeign: it is there and nothing says that it came out of that snapshot (a restarted node forgets).
	RestoreForeign
)

// RestoreState tells what an interrupted restore left of one target index.
func (c *Client) RestoreState(ctx context.Context, repository, snapshot, targetIndex string) (Restored, error) {
	if err := single(targetIndex); err != nil {
		return RestoreAbsent, err
	}
	exists, err := c.IndexExists(ctx, targetIndex)
	if err != nil || !exists {
		return RestoreAbsent, err
	}
	shards, err := c.Shards(ctx, targetIndex)
	if errors.Is(err, ErrIndexClosed) || errors.Is(err, ErrForbidden) {
		return RestoreForeign, nil
	}
	if err != nil {
		return RestoreAbsent, err
	}
	response, err := c.Do(ctx, http.MethodGet, Path(targetIndex, "_recovery"), nil, nil)
	if err != nil {
		return RestoreAbsent, err
	}
	ours := false
	gjson.ParseBytes(response.Body).ForEach(func(_, index gjson.Result) bool {
		for _, shard := range index.Get("shards").Array() {
			if shard.Get("source.repository").String() == repository && shard.Get("source.snapshot").String() == snapshot {
				ours = true
			}
		}
		return true
	})
	state := RestoreDone
	for _, shard := range shards {
		switch {
		case !shard.Primary || shard.State == "STARTED" || shard.State == "RELOCATING":
		case shard.Reason == "ALLOCATION_FAILED":
			return RestoreBroken, nil
		case shard.Reason == "NEW_INDEX_RESTORED" || shard.Reason == "EXISTING_INDEX_RESTORED" || shard.State == "INITIALIZING":
			ours, state = true, RestoreGoing
		}
	}
	if !ours || len(shards) == 0 {
		return RestoreForeign, nil
	}
	return state, nil
}
