package snapshot

// global.go answers: what of the cluster itself does a snapshot hold: templates, pipelines, data streams, settings?

import (
	"context"
	"encoding/json"
	"fmt"
)

// Global is the cluster-wide metadata of a snapshot. Each map leads from a name to its definition as raw JSON; a kind that
// the version did not have is empty. Persistent settings may hold secrets: do not print them unasked.
type Global struct {
	// Templates are the old kind (_template); IndexTemplates and ComponentTemplates the composable kind (7.8+).
	Templates          map[string]json.RawMessage
	IndexTemplates     map[string]json.RawMessage
	ComponentTemplates map[string]json.RawMessage
	Pipelines          map[string]json.RawMessage
	StoredScripts      map[string]json.RawMessage
	DataStreams        map[string]json.RawMessage
	PersistentSettings map[string]string
	// Sections are all parts of the metadata, also those not listed above (lifecycle policies, watches, …).
	Sections map[string]json.RawMessage
}

// Global reads the cluster-wide metadata of a snapshot. A snapshot taken without it gives an empty one.
func (r *Repository) Global(ctx context.Context, snapshot *Info) (*Global, error) {
	blob := r.blob("meta-" + snapshot.UUID + ".dat")
	if snapshot.layout == Layout1 {
		blob = r.blob("metadata-" + snapshot.UUID)
	}
	body, err := r.readFramed(ctx, blob, codecMetadata, snapshot.layout)
	if err != nil {
		return nil, fmt.Errorf("global metadata: %w", r.explainMissing(ctx, snapshot.Entry, blob, err))
	}
	global, err := parseGlobal(body)
	if err != nil {
		return nil, fmt.Errorf("global metadata: %w",
			&CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err})
	}
	return global, nil
}

func parseGlobal(body []byte) (*Global, error) {
	var wrapped map[string]json.RawMessage
	if err := json.Unmarshal(body, &wrapped); err != nil {
		return nil, err
	}
	sections := wrapped
	if inner, found := wrapped["meta-data"]; found {
		sections = nil
		if err := json.Unmarshal(inner, &sections); err != nil {
			return nil, err
		}
	}
	global := &Global{Sections: sections}
	for _, one := range []struct {
		target *map[string]json.RawMessage
		path   []string
	}{
		{&global.Templates, []string{"templates"}},
		{&global.IndexTemplates, []string{"index_template", "index_template"}},
		{&global.ComponentTemplates, []string{"component_template", "component_template"}},
		{&global.StoredScripts, []string{"stored_scripts"}},
		{&global.DataStreams, []string{"data_stream", "data_stream"}},
	} {
		if err := descend(sections, one.target, one.path); err != nil {
			return nil, err
		}
	}
	if raw, found := sections["ingest"]; found {
		pipelines, err := parsePipelines(raw)
		if err != nil {
			return nil, err
		}
		global.Pipelines = pipelines
	}
	settings, err := flatten(sections["settings"])
	if err != nil {
		return nil, err
	}
	global.PersistentSettings = settings
	return global, nil
}

// descend follows keys through nested objects; a missing one leaves the target nil.
func descend(object map[string]json.RawMessage, target *map[string]json.RawMessage, path []string) error {
	for _, key := range path {
		raw, found := object[key]
		if !found {
			return nil
		}
		object = nil
		if err := json.Unmarshal(raw, &object); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	*target = object
	return nil
}

// parsePipelines reads {"pipeline":[{"id":…,"config":{…}}]}.
func parsePipelines(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var ingest struct {
		Pipelines []struct {
			ID     string          `json:"id"`
			Config json.RawMessage `json:"config"`
		} `json:"pipeline"`
	}
	if err := json.Unmarshal(raw, &ingest); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	pipelines := make(map[string]json.RawMessage, len(ingest.Pipelines))
	for _, pipeline := range ingest.Pipelines {
		pipelines[pipeline.ID] = pipeline.Config
	}
	return pipelines, nil
}
