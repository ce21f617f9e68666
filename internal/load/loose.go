package load

// loose.go answers: which settings does an index have while it is loaded, and which were meant for it? Next: job.go.

import (
	"encoding/json"
	"strings"
)

// durability says when a change that was acknowledged is on the disk.
const durability = "index.translog.durability"

const (
	// FinalPipeline is the setting of the pipeline that runs over every write whatever the request says: documents have
	// been through it on the source, and a second time could change them again. Servers before 7.5 know no such setting.
	FinalPipeline = "index.final_pipeline"
	// NoPipeline is its value for none.
	NoPipeline = "_none"
)

// LooseSettings are for loading an index that body created: nothing is searched yet, replicas are copied afterwards, and no pipeline runs.
// Where its own settings let a node forget what it acknowledged last, they do not while it is loaded: nobody sends that again.
func LooseSettings(body []byte) map[string]any {
	loose := map[string]any{"index.refresh_interval": "-1", "index.number_of_replicas": 0}
	written := settingsOf(body)
	if string(written[durability]) == `"async"` {
		loose[durability] = "request"
	}
	if _, set := written[FinalPipeline]; set {
		loose[FinalPipeline] = NoPipeline
	}
	return loose
}

// OwnSettings reads from the body that creates an index what loading changes for a while. null is how a setting that was
// never set is put back.
func OwnSettings(body []byte) map[string]any {
	own, written := map[string]any{}, settingsOf(body)
	for key := range LooseSettings(body) {
		own[key] = nil
		if value, set := written[key]; set {
			own[key] = value
		}
	}
	return own
}

// settingsOf gives the settings in a body that creates an index, by their whole names.
func settingsOf(body []byte) map[string]json.RawMessage {
	const prefix = "index."
	flat := map[string]json.RawMessage{}
	var parsed struct {
		Settings map[string]json.RawMessage `json:"settings"`
	}
	if json.Unmarshal(body, &parsed) != nil {
		return flat // a body that is no object fails at the target, in better words
	}
	for key, value := range parsed.Settings {
		var inner map[string]json.RawMessage
		switch {
		case key == "index" && json.Unmarshal(value, &inner) == nil:
			for name, setting := range inner {
				flat[prefix+name] = setting
			}
		case strings.HasPrefix(key, prefix):
			flat[key] = value
		default:
			flat[prefix+key] = value
		}
	}
	return flat
}
