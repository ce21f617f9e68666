package plan

// streams.go answers: what becomes of a data stream? Its backing indices travel like any other, and an alias of the
// stream's name holds them together, whose last is the one to write to: readers and writers go on under the name that
// they know. A stream of the target's own cannot take them over: only some versions can make one out of indices, and what
// is written into one anew loses its versions. Next: check_things.go.

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// Backing lists a data stream's indices in their order, the one that is written to last.
func Backing(stream []byte) []string {
	var indices []string
	gjson.GetBytes(stream, "indices").ForEach(func(_, index gjson.Result) bool {
		indices = append(indices, index.Get("index_name").String())
		return true
	})
	return indices
}

// StreamAliases gives the aliases that stand for data streams, by backing index and stream.
func StreamAliases(streams map[string]json.RawMessage) map[string]map[string]json.RawMessage {
	aliases := map[string]map[string]json.RawMessage{}
	for _, name := range sortedNames(streams) {
		backing := Backing(streams[name])
		for i, index := range backing {
			body := json.RawMessage(`{"is_write_index":false}`)
			if i == len(backing)-1 {
				body = json.RawMessage(`{"is_write_index":true}`)
			}
			aliases[index] = map[string]json.RawMessage{name: body}
		}
	}
	return aliases
}

func checkStreams(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	moving := map[string]bool{}
	for _, route := range routes {
		moving[route.Source] = route.Kind == Restore || route.Kind.Loads()
	}
	streams := facts.Source.Belongings.DataStreams
	for _, name := range sortedNames(streams) {
		count := 0
		for _, index := range Backing(streams[name]) {
			if moving[index] {
				count++
			}
		}
		if count == 0 {
			continue
		}
		finding := Finding{ID: "data-stream", Severity: Warning, Subject: name, Message: "a snapshot holds a data stream as indices, and so it arrives",
			WillDo: fmt.Sprintf("its %d indices keep their names, and the alias %s stands for the stream, to read and to write", count, name)}
		if facts.Target.Version.Product == es.Elasticsearch && facts.Target.Version.AtLeast(7, 11) {
			finding.Decide = "to have a stream again after the cutover: POST _data_stream/_migrate/" + name
		} else {
			finding.Decide = "nothing rolls it over by itself: put a policy with a rollover on the alias"
		}
		findings = append(findings, finding)
	}
	return findings
}
