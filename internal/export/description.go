package export

// description.go answers: how is an index described beside its documents, so that `hikkoshi load` can make it anew under
// other rules? As INDEX.index.json, one object; elasticdump's three files are read as well. Next: lines.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// DescriptionSuffix ends the name of a description's file.
const DescriptionSuffix = ".index.json"

// descriptionFormat is the version of the file.
const descriptionFormat = 1

// Description is what an index is.
type Description struct {
	Format int    `json:"format"`
	Index  string `json:"index"`
	// Written is the version of the cluster that held the index, Created the one that made it; numbers as in
	// index.version.created. 0 is not known.
	Written int64 `json:"written_by,omitempty"`
	Created int64 `json:"created_by,omitempty"`
	// Settings are flat, Mappings as GET _mapping gives them, Aliases by name.
	Settings map[string]json.RawMessage `json:"settings"`
	Mappings json.RawMessage            `json:"mappings"`
	Aliases  map[string]json.RawMessage `json:"aliases,omitempty"`
}

// typelessLineage is from where on mappings have no type: Elasticsearch 7 and OpenSearch.
const typelessLineage = 7

// describeIndex reads an index's description out of a snapshot.
func describeIndex(info *snapshot.Info, index *snapshot.Index) (Description, error) {
	described := Description{Format: descriptionFormat, Index: index.Name, Written: info.VersionID, Created: index.CreatedID, Settings: map[string]json.RawMessage{}, Aliases: index.Aliases}
	for name, value := range index.Settings {
		if strings.HasPrefix(value, "[") && json.Valid([]byte(value)) {
			described.Settings[name] = json.RawMessage(value)
			continue
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return Description{}, fmt.Errorf("encode the setting %s: %w", name, err)
		}
		described.Settings[name] = encoded
	}
	var err error
	writer, versionErr := es.VersionFromID(int(info.VersionID))
	if only, typeless := index.Mappings["_doc"]; typeless && len(index.Mappings) == 1 && versionErr == nil && writer.Lineage() >= typelessLineage {
		described.Mappings = only
	} else if described.Mappings, err = json.Marshal(index.Mappings); err != nil {
		return Description{}, fmt.Errorf("encode the mappings: %w", err)
	}
	return described, nil
}

// Versions gives the version of the cluster that held the index, and of the one that made it.
func (d Description) Versions() (written, created es.Version, err error) {
	if d.Written != 0 {
		if written, err = es.VersionFromID(int(d.Written)); err != nil {
			return written, created, fmt.Errorf("the description of %s: %w", d.Index, err)
		}
	}
	if d.Created != 0 {
		if created, err = es.VersionFromID(int(d.Created)); err != nil {
			return written, created, fmt.Errorf("the description of %s: %w", d.Index, err)
		}
	}
	return written, created, nil
}

// errDescription says that a description cannot be used.
var errDescription = errors.New("not a description of an index")

// ReadDescription reads INDEX.index.json.
func ReadDescription(file string) (Description, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Description{}, fmt.Errorf("read the description: %w", err)
	}
	var described Description
	if err := json.Unmarshal(content, &described); err != nil {
		return Description{}, fmt.Errorf("%s: %w: %w", file, errDescription, err)
	}
	switch {
	case described.Index == "":
		return Description{}, fmt.Errorf("%s: %w: it names no index", file, errDescription)
	case described.Format > descriptionFormat:
		return Description{}, fmt.Errorf("%s: %w: its format %d is of a later version of hikkoshi", file, errDescription, described.Format)
	}
	return described, nil
}

// The files that elasticdump writes beside the documents.
const (
	dumpMapping  = ".mapping.json"
	dumpSettings = ".settings.json"
	dumpAlias    = ".alias.json"
)

// ReadDescriptions reads every description in a folder, by index; elasticdump's count where there is none of ours.
func ReadDescriptions(folder string) (map[string]Description, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	found, dumped := map[string]Description{}, map[string]Description{}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch {
		case strings.HasSuffix(entry.Name(), DescriptionSuffix):
			described, err := ReadDescription(path)
			if err != nil {
				return nil, err
			}
			found[described.Index] = described
		case strings.HasSuffix(entry.Name(), dumpMapping):
			if err := readDump(strings.TrimSuffix(path, dumpMapping), dumped); err != nil {
				return nil, err
			}
		}
	}
	for index, described := range dumped {
		if _, ours := found[index]; !ours {
			found[index] = described
		}
	}
	return found, nil
}

// IsDescription says whether a file's name is that of a description and not of documents.
func IsDescription(name string) bool {
	for _, suffix := range []string{DescriptionSuffix, dumpMapping, dumpSettings, dumpAlias} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// readDump reads elasticdump's files of the same beginning.
func readDump(base string, into map[string]Description) error {
	for _, part := range []struct{ suffix, key string }{{dumpMapping, "mappings"}, {dumpSettings, "settings"}, {dumpAlias, "aliases"}} {
		content, err := os.ReadFile(base + part.suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the description: %w", err)
		}
		if !gjson.ValidBytes(content) {
			return fmt.Errorf("%s: %w: it is no JSON", base+part.suffix, errDescription)
		}
		gjson.ParseBytes(content).ForEach(func(index, value gjson.Result) bool {
			described, known := into[index.String()]
			if !known {
				described = Description{Format: descriptionFormat, Index: index.String(), Settings: map[string]json.RawMessage{}, Aliases: map[string]json.RawMessage{}}
			}
			inner := value.Get(part.key)
			switch part.key {
			case "mappings":
				described.Mappings = json.RawMessage(inner.Raw)
			case "settings":
				flatten("", inner, described.Settings)
				described.Created = inner.Get("index.version.created").Int()
				if described.Created == 0 {
					described.Created = inner.Get(`index\.version\.created`).Int()
				}
			default:
				inner.ForEach(func(alias, definition gjson.Result) bool {
					described.Aliases[alias.String()] = json.RawMessage(definition.Raw)
					return true
				})
			}
			into[index.String()] = described
			return true
		})
	}
	return nil
}

// flatten makes dotted names of nested settings.
func flatten(prefix string, value gjson.Result, into map[string]json.RawMessage) {
	if !value.IsObject() {
		into[prefix] = json.RawMessage(value.Raw)
		return
	}
	value.ForEach(func(key, inner gjson.Result) bool {
		name := key.String()
		if prefix != "" {
			name = prefix + "." + name
		}
		flatten(name, inner, into)
		return true
	})
}
