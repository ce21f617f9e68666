package load

// loose.go answers: which settings does an index have while it is loaded, and which were meant for it? Next: job.go.

import "encoding/json"

// LooseSettings are for loading: nothing is searched yet, and replicas are copied afterwards.
func LooseSettings() map[string]any {
	return map[string]any{"index.refresh_interval": "-1", "index.number_of_replicas": 0}
}

// OwnSettings reads from the body that creates an index what loading changes for a while. null is how a setting that was
// never set is put back.
func OwnSettings(body []byte) map[string]any {
	own := map[string]any{}
	for key := range LooseSettings() {
		own[key] = nil
	}
	var parsed struct {
		Settings map[string]json.RawMessage `json:"settings"`
	}
	if json.Unmarshal(body, &parsed) != nil {
		return own // a body that is no object fails at the target, in better words
	}
	flat := map[string]json.RawMessage{}
	for key, value := range parsed.Settings {
		flat[key] = value
		var inner map[string]json.RawMessage
		if key == "index" && json.Unmarshal(value, &inner) == nil {
			for name, setting := range inner {
				flat["index."+name] = setting
			}
		}
	}
	for key := range own {
		for _, name := range []string{key, key[len("index."):]} {
			if value, set := flat[name]; set {
				own[key] = value
			}
		}
	}
	return own
}
