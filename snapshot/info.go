package snapshot

// info.go answers: what is one snapshot: when was it taken, by which version, is it whole, what failed?
// Next: index.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// State is how far a snapshot got.
type State string

// The states. Only a Success is whole; a Partial lacks the shards in Failures.
const (
	InProgress   State = "IN_PROGRESS"
	Success      State = "SUCCESS"
	Failed       State = "FAILED"
	Partial      State = "PARTIAL"
	Incompatible State = "INCOMPATIBLE"
)

// Info is what a snapshot says of itself.
type Info struct {
	Entry
	// VersionID is the number of the version that took it, as the servers count: 2030299 is 2.3.2, and OpenSearch's
	// carry a mask. From Elasticsearch 8.10 on it is an index version, whose millions alone name a release.
	VersionID          int64
	Indices            []string
	DataStreams        []string
	FeatureStates      []FeatureState
	IncludeGlobalState bool
	Start, End         time.Time
	TotalShards        int
	SuccessfulShards   int
	Failures           []ShardFailure
	Reason             string
	// UserMetadata is what the person attached, as JSON; nil without.
	UserMetadata json.RawMessage
	// Shallow says that OpenSearch kept (some) segments in its remote store and not in this repository.
	Shallow bool
	// PinnedTimestamp is set for shallow snapshots of 2.17 and later, which keep nothing here but metadata.
	PinnedTimestamp int64
}

// FeatureState names the system indices that a snapshot holds for one feature.
type FeatureState struct {
	Feature string   `json:"feature_name"`
	Indices []string `json:"indices"`
}

// ShardFailure says why the cluster could not snapshot one shard.
type ShardFailure struct {
	Index     string `json:"index"`
	IndexUUID string `json:"index_uuid"`
	Shard     int    `json:"shard_id"`
	Reason    string `json:"reason"`
	Node      string `json:"node_id"`
	Status    string `json:"status"`
}

// Complete says whether every shard of the snapshot is in it, and if not, why.
func (i *Info) Complete() error {
	switch i.State {
	case Success:
		return nil
	case Partial:
		return fmt.Errorf("%s is PARTIAL, %d of %d shards: %w", i.Name, i.SuccessfulShards, i.TotalShards, ErrShardFailed)
	}
	return fmt.Errorf("%s is %s: %w", i.Name, i.State, ErrUnfinished)
}

type infoJSON struct {
	Name               string          `json:"name"`
	UUID               string          `json:"uuid"`
	VersionID          int64           `json:"version_id"`
	Indices            []string        `json:"indices"`
	DataStreams        []string        `json:"data_streams"`
	FeatureStates      []FeatureState  `json:"feature_states"`
	State              string          `json:"state"`
	Reason             string          `json:"reason"`
	IncludeGlobalState *bool           `json:"include_global_state"`
	Metadata           json.RawMessage `json:"metadata"`
	StartTime          int64           `json:"start_time"`
	EndTime            int64           `json:"end_time"`
	TotalShards        int             `json:"total_shards"`
	SuccessfulShards   int             `json:"successful_shards"`
	Failures           []ShardFailure  `json:"failures"`
	Shallow            bool            `json:"remote_store_index_shallow_copy"`
	PinnedTimestamp    int64           `json:"pinned_timestamp"`
}

// Snapshot reads one snapshot by name or uuid.
func (r *Repository) Snapshot(ctx context.Context, nameOrUUID string) (*Info, error) {
	entry, found := r.current().find(nameOrUUID)
	if !found {
		return nil, fmt.Errorf("%q: %w: %s", nameOrUUID, ErrNoSnapshot, r.nameSome())
	}
	info, err := r.readInfo(ctx, entry)
	if err != nil {
		return nil, fmt.Errorf("snapshot %s: %w", entry.Name, err)
	}
	return info, nil
}

// Snapshots reads all snapshots, sorted by name. One that can't be read is missing from the list and named in the error;
// the others are returned beside it.
func (r *Repository) Snapshots(ctx context.Context) ([]*Info, error) {
	entries := r.Entries()
	infos := make([]*Info, len(entries))
	failures := make([]error, len(entries))
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(metadataParallel)
	for i, entry := range entries {
		group.Go(func() error {
			info, err := r.readInfo(groupContext, entry)
			if err != nil {
				failures[i] = fmt.Errorf("snapshot %s: %w", entry.Name, err)
			}
			infos[i] = info
			return groupContext.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	readable := infos[:0]
	for _, info := range infos {
		if info != nil {
			readable = append(readable, info)
		}
	}
	return readable, errors.Join(failures...)
}

// nameSome helps a person who mistyped.
func (r *Repository) nameSome() string {
	const enough = 8
	text := "it has"
	entries := r.Entries()
	for i, entry := range entries {
		if i == enough {
			return fmt.Sprintf("%s … (%d in all)", text, len(entries))
		}
		text += " " + entry.Name
	}
	if len(entries) == 0 {
		return "it has none"
	}
	return text
}

func (r *Repository) infoBlob(entry Entry) string {
	if entry.layout == Layout1 {
		return r.blob("snapshot-" + entry.UUID)
	}
	return r.blob("snap-" + entry.UUID + ".dat")
}

func (r *Repository) readInfo(ctx context.Context, entry Entry) (*Info, error) {
	blob := r.infoBlob(entry)
	body, err := r.readFramed(ctx, blob, codecSnapshot, entry.layout)
	if err != nil {
		return nil, r.explainMissing(ctx, entry, blob, err)
	}
	return parseInfo(blob, body, entry)
}

func parseInfo(blob string, body []byte, entry Entry) (*Info, error) {
	var wrapped struct {
		Snapshot *infoJSON `json:"snapshot"`
	}
	if err := json.Unmarshal(body, &wrapped); err != nil {
		return nil, &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
	}
	parsed := wrapped.Snapshot
	if parsed == nil {
		parsed = new(infoJSON)
		if err := json.Unmarshal(body, parsed); err != nil {
			return nil, &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
		}
	}
	switch {
	case parsed.Name != entry.Name:
		return nil, corrupt(blob, -1, "snapshot %q inside, listed as %q", parsed.Name, entry.Name)
	case parsed.TotalShards < 0 || parsed.SuccessfulShards < 0:
		return nil, corrupt(blob, -1, "negative number of shards")
	case parsed.State == "":
		return nil, corrupt(blob, -1, "no state")
	}
	for _, name := range parsed.Indices {
		if !validPart(name) {
			return nil, corrupt(blob, -1, "index name %q", name)
		}
	}
	entry.State = State(parsed.State)
	return &Info{Entry: entry, VersionID: parsed.VersionID, Indices: parsed.Indices, DataStreams: parsed.DataStreams,
		FeatureStates: parsed.FeatureStates, IncludeGlobalState: parsed.IncludeGlobalState == nil || *parsed.IncludeGlobalState,
		Start: fromMillis(parsed.StartTime), End: fromMillis(parsed.EndTime),
		TotalShards: parsed.TotalShards, SuccessfulShards: parsed.SuccessfulShards, Failures: parsed.Failures,
		Reason: parsed.Reason, UserMetadata: parsed.Metadata, Shallow: parsed.Shallow,
		PinnedTimestamp: parsed.PinnedTimestamp}, nil
}

func fromMillis(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
