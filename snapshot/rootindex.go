package snapshot

// rootindex.go answers: what does the repository's own table of contents say? From 5.0 on it is index-N, plain JSON:
//
//	{ "min_version": "7.12.0", "uuid": "…", "cluster_id": "…",
//	  "snapshots": [ {"name","uuid","state":1,"version","start_time_millis","end_time_millis",
//	                  "index_metadata_lookup": {INDEXID: IDENTIFIER}}  or, before 5.0, "name" ],
//	  "indices":   { NAME: {"id","shard_path_type","snapshots":[UUID or {"name","uuid"}],"shard_generations":[…]} },
//	  "index_metadata_identifiers": {IDENTIFIER: BLOBID} }
//
// Unknown keys are passed over: later versions add some. 1.x and 2.x have no such table; listing their root is the table.
// Next: repository.go, which finds the newest one.

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// newestMajor is the highest major version whose min_version is known to mean today's layout.
const newestMajor = 9

type rootIndex struct {
	layout     Layout
	generation int64
	uuid       string
	clusterID  string
	minVersion string
	snapshots  []Entry
	indices    map[string]indexEntry // by name; nil in 1.x and 2.x
	// identifiers leads from the identity of an index's metadata to the blob that holds it (7.9+).
	identifiers map[string]string
}

// indexEntry is what the table says of one index of the repository, over all snapshots.
type indexEntry struct {
	id               string
	pathType         int
	shardGenerations []string
}

// Entry is one snapshot as the table of contents lists it.
type Entry struct {
	Name string
	// UUID equals Name in snapshots taken by 1.x and 2.x.
	UUID string
	// State is empty where the table keeps none (1.x, 2.x, old 5.x).
	State State
	// VersionText is what the table says of the version that took it. From 8.11 on this is a fixed "8.11.0".
	VersionText string
	layout      Layout
	// lookup leads from an index id to the identity of its metadata (7.9+).
	lookup map[string]string
}

// states by their number in index-N.
var states = []State{InProgress, Success, Failed, Partial, Incompatible}

type rootIndexJSON struct {
	MinVersion string            `json:"min_version"`
	UUID       string            `json:"uuid"`
	ClusterID  string            `json:"cluster_id"`
	Snapshots  []json.RawMessage `json:"snapshots"`
	Indices    map[string]struct {
		ID               string    `json:"id"`
		ShardPathType    int       `json:"shard_path_type"`
		ShardGenerations []*string `json:"shard_generations"`
	} `json:"indices"`
	Identifiers map[string]string `json:"index_metadata_identifiers"`
}

type entryJSON struct {
	Name    string            `json:"name"`
	UUID    string            `json:"uuid"`
	State   *int              `json:"state"`
	Version string            `json:"version"`
	Lookup  map[string]string `json:"index_metadata_lookup"`
}

func parseRootIndex(blob string, raw []byte) (*rootIndex, error) {
	var parsed rootIndexJSON
	if err := json.Unmarshal(raw, &parsed); err != nil {
		return nil, &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
	}
	if err := checkMinVersion(parsed.MinVersion); err != nil {
		return nil, fmt.Errorf("%s: %w", blob, err)
	}
	root := &rootIndex{layout: Layout5, uuid: parsed.UUID, clusterID: parsed.ClusterID, minVersion: parsed.MinVersion,
		indices: make(map[string]indexEntry, len(parsed.Indices)), identifiers: parsed.Identifiers}
	seen := make(map[string]bool, len(parsed.Snapshots))
	for i, one := range parsed.Snapshots {
		entry, err := parseEntry(one)
		switch {
		case err != nil:
			return nil, &CorruptError{Blob: blob, Offset: -1, Reason: fmt.Sprintf("snapshot %d", i), Cause: err}
		case !validPart(entry.UUID) || !validPart(entry.Name):
			return nil, corrupt(blob, -1, "snapshot name %q with uuid %q", entry.Name, entry.UUID)
		case seen[entry.UUID]:
			return nil, corrupt(blob, -1, "snapshot uuid %q listed twice", entry.UUID)
		}
		seen[entry.UUID] = true
		root.snapshots = append(root.snapshots, entry)
	}
	for name, index := range parsed.Indices {
		if !validPart(index.ID) || !validPart(name) {
			return nil, corrupt(blob, -1, "index name %q with id %q", name, index.ID)
		}
		generations := make([]string, len(index.ShardGenerations))
		for i, generation := range index.ShardGenerations {
			if generation != nil {
				generations[i] = *generation
			}
		}
		root.indices[name] = indexEntry{id: index.ID, pathType: index.ShardPathType, shardGenerations: generations}
	}
	return root, nil
}

func parseEntry(raw json.RawMessage) (Entry, error) {
	var name string
	if json.Unmarshal(raw, &name) == nil { // the form before 5.0
		return Entry{Name: name, UUID: name, layout: Layout5}, nil
	}
	var parsed entryJSON
	if err := json.Unmarshal(raw, &parsed); err != nil {
		return Entry{}, err
	}
	entry := Entry{Name: parsed.Name, UUID: parsed.UUID, VersionText: parsed.Version, layout: Layout5, lookup: parsed.Lookup}
	if entry.UUID == "" {
		entry.UUID = entry.Name
	}
	if parsed.State != nil {
		if *parsed.State < 0 || *parsed.State >= len(states) {
			return Entry{}, fmt.Errorf("state %d: %w", *parsed.State, ErrTooNew)
		}
		entry.State = states[*parsed.State]
	}
	return entry, nil
}

func checkMinVersion(text string) error {
	if text == "" {
		return nil
	}
	major, _, _ := strings.Cut(text, ".")
	if number, err := strconv.Atoi(major); err != nil || number > newestMajor {
		return fmt.Errorf("needs Elasticsearch %q: %w", text, ErrTooNew)
	}
	return nil
}

// metadataBlob names the blob with an index's metadata in one snapshot, without ".dat".
func (r *rootIndex) metadataBlob(entry Entry, indexID string) (string, error) {
	identity, found := entry.lookup[indexID]
	if !found {
		return "meta-" + entry.UUID, nil
	}
	blob, found := r.identifiers[identity]
	if !found || !validIdentifier(blob) {
		return "", corrupt(fmt.Sprintf("index-%d", r.generation), -1, "metadata identifier %q leads to %q", identity, blob)
	}
	return "meta-" + blob, nil
}

func (r *rootIndex) find(nameOrUUID string) (Entry, bool) {
	for _, entry := range r.snapshots {
		if entry.UUID == nameOrUUID {
			return entry, true
		}
	}
	for _, entry := range r.snapshots {
		if entry.Name == nameOrUUID {
			return entry, true
		}
	}
	return Entry{}, false
}
