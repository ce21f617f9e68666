package export

// elasticdump.go answers: how does multielasticdump describe an index beside its documents? As the answers of _mapping,
// _settings and _alias, one line each.

import (
	"encoding/json"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

func describeForElasticdump(index *snapshot.Index) map[string][]byte {
	mappings := any(index.Mappings)
	if only, typeless := index.Mappings["_doc"]; typeless && len(index.Mappings) == 1 {
		mappings = only // the form since 7.0
	}
	aliases := index.Aliases
	if aliases == nil {
		aliases = map[string]json.RawMessage{}
	}
	described := make(map[string][]byte)
	for kind, inner := range map[string]any{
		"mapping":  map[string]any{"mappings": mappings},
		"settings": map[string]any{"settings": index.Settings},
		"alias":    map[string]any{"aliases": aliases},
	} {
		line, err := json.Marshal(map[string]any{index.Name: inner})
		if err != nil {
			panic("metadata that was JSON is not: " + err.Error()) // raw parts were checked when read
		}
		described[kind] = append(line, '\n')
	}
	return described
}
