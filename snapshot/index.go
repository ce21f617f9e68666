package snapshot

// index.go answers: what is one index of a snapshot: identity, settings, mappings, aliases, shards, and can its documents
// be read here? Next: shard.go.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// maxShards is far above index.max_number_of_shards (1024) of every version.
const maxShards = 1 << 16

// Index is one index as it was when the snapshot was taken.
type Index struct {
	Snapshot Entry
	Name     string
	// ID is the name of its directory in the repository. One id serves every index that ever had this name.
	ID string
	// UUID is the index's own identity: an index made anew under the same name has another one.
	UUID string
	// CreatedID is index.version.created, as a number; OpenSearch's carry a mask. 0 where it is not known.
	CreatedID int64
	// Closed says that the index was closed; its documents are in the snapshot all the same.
	Closed bool
	Shards int
	// Settings are flat: "index.number_of_shards" leads to "5". Lists are kept as JSON.
	Settings map[string]string
	// Mappings leads from a type's name to its mapping; from 7.0 on the one type is _doc.
	Mappings map[string]json.RawMessage
	Aliases  map[string]json.RawMessage
	// SourceOnly says that a source-only repository made it: documents can be read but not their versions.
	SourceOnly bool
	// Raw is the whole metadata as JSON.
	Raw json.RawMessage

	pathType int
}

type indexJSON struct {
	State    string                     `json:"state"`
	Settings json.RawMessage            `json:"settings"`
	Mappings json.RawMessage            `json:"mappings"`
	Aliases  map[string]json.RawMessage `json:"aliases"`
}

// Readable says whether the documents of the index lie in this repository, and if not, why and what to do.
func (x *Index) Readable() error {
	if x.Settings["index.store.type"] == "snapshot" {
		return fmt.Errorf("%s is mounted from a searchable snapshot (index %s of snapshot %s in repository %s), this snapshot "+
			"holds only a reference: %w: read that snapshot", x.Name, x.Settings["index.store.snapshot.index_name"],
			x.Settings["index.store.snapshot.snapshot_name"], x.Settings["index.store.snapshot.repository_name"], ErrUnsupported)
	}
	return nil
}

// Indices reads the metadata of every index of a snapshot, in the snapshot's order. One that can't be read is missing from
// the list and named in the error; the others are returned beside it.
func (r *Repository) Indices(ctx context.Context, snapshot *Info) ([]*Index, error) {
	indices := make([]*Index, len(snapshot.Indices))
	failures := make([]error, len(snapshot.Indices))
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(metadataParallel)
	for i, name := range snapshot.Indices {
		group.Go(func() error {
			indices[i], failures[i] = r.Index(groupContext, snapshot, name)
			return groupContext.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	readable := indices[:0]
	for _, index := range indices {
		if index != nil {
			readable = append(readable, index)
		}
	}
	return readable, errors.Join(failures...)
}

// Index reads the metadata of one index of a snapshot.
func (r *Repository) Index(ctx context.Context, snapshot *Info, name string) (*Index, error) {
	blob, index, err := r.locateIndex(snapshot, name)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", name, err)
	}
	body, err := r.readFramed(ctx, blob, codecIndexMetadata, snapshot.layout)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", name, r.explainMissing(ctx, snapshot.Entry, blob, err))
	}
	if err := index.parse(blob, body); err != nil {
		return nil, fmt.Errorf("index %s: %w", name, err)
	}
	return index, nil
}

// locateIndex finds the directory of an index and the blob with its metadata.
func (r *Repository) locateIndex(snapshot *Info, name string) (blob string, index *Index, err error) {
	if !validPart(name) {
		return "", nil, fmt.Errorf("%q: %w", name, ErrNoIndex)
	}
	index = &Index{Snapshot: snapshot.Entry, Name: name, ID: name}
	root := r.current()
	if snapshot.layout != Layout5 {
		form := "meta-" + snapshot.UUID + ".dat"
		if snapshot.layout == Layout1 {
			form = "snapshot-" + snapshot.UUID
		}
		return r.blob("indices", name, form), index, nil
	}
	entry, found := root.indices[name]
	if !found {
		return "", nil, fmt.Errorf("%q: %w", name, ErrNoIndex)
	}
	index.ID, index.pathType = entry.id, entry.pathType
	meta, err := root.metadataBlob(snapshot.Entry, entry.id)
	return r.blob("indices", entry.id, meta+".dat"), index, err
}

func (x *Index) parse(blob string, body []byte) error {
	var byName map[string]json.RawMessage
	var parsed indexJSON
	if err := json.Unmarshal(body, &byName); err != nil {
		return &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
	}
	raw, found := byName[x.Name]
	if !found {
		return corrupt(blob, -1, "does not describe index %q", x.Name)
	}
	if err := json.Unmarshal(raw, &parsed); err != nil {
		return &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
	}
	settings, err := flatten(parsed.Settings)
	if err != nil {
		return &CorruptError{Blob: blob, Offset: -1, Reason: "settings", Cause: err}
	}
	x.Raw, x.Settings, x.Aliases, x.Closed = raw, settings, parsed.Aliases, parsed.State == "close"
	x.UUID = settings["index.uuid"]
	x.SourceOnly = settings["index.source_only"] == "true"
	x.CreatedID, _ = strconv.ParseInt(settings["index.version.created"], 10, 64)
	shards, err := strconv.Atoi(settings["index.number_of_shards"])
	if err != nil || shards < 1 || shards > maxShards {
		return corrupt(blob, -1, "index.number_of_shards is %q", settings["index.number_of_shards"])
	}
	x.Shards = shards
	if x.Mappings, err = parseMappings(blob, parsed.Mappings); err != nil {
		return &CorruptError{Blob: blob, Offset: -1, Reason: "mappings", Cause: err}
	}
	return nil
}

// parseMappings takes a list of {type: mapping}, a list of compressed bytes of the same, or one object of them.
func parseMappings(blob string, raw json.RawMessage) (map[string]json.RawMessage, error) {
	mappings := make(map[string]json.RawMessage)
	if len(raw) == 0 || string(raw) == "null" {
		return mappings, nil
	}
	if raw[0] == '{' {
		return mappings, json.Unmarshal(raw, &mappings)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	for _, one := range list {
		var packed string
		if json.Unmarshal(one, &packed) == nil {
			bytes, err := base64.StdEncoding.DecodeString(packed)
			if err != nil {
				return nil, err
			}
			if one, err = toJSON(blob, bytes); err != nil {
				return nil, err
			}
		}
		if err := json.Unmarshal(one, &mappings); err != nil {
			return nil, err
		}
	}
	return mappings, nil
}

// flatten turns nested and flat settings alike into flat ones.
func flatten(raw json.RawMessage) (map[string]string, error) {
	flat := make(map[string]string)
	if len(raw) == 0 {
		return flat, nil
	}
	return flat, flattenInto(flat, "", raw)
}

func flattenInto(flat map[string]string, prefix string, raw json.RawMessage) error {
	switch raw[0] {
	case '{':
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return err
		}
		for key, value := range object {
			if err := flattenInto(flat, prefix+"."+key, value); err != nil {
				return err
			}
		}
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		flat[strings.TrimPrefix(prefix, ".")] = text
	default:
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return err
		}
		flat[strings.TrimPrefix(prefix, ".")] = compact.String()
	}
	return nil
}
