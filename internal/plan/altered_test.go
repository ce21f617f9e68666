package plan

import (
	"reflect"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

func TestEverySettingThatIsLeftOutIsNamedOnceWithAllItsIndices(t *testing.T) {
	t.Parallel()
	made := Plan{
		Routes: []Route{
			{Source: "logs-1", Changes: []transform.Change{
				{Where: "settings", Old: `{"index.translog.interval":"5s"}`, Why: "unknown"},
				{Where: "mapping event", Old: `{"_all":{"enabled":false},"_ttl":{"enabled":true}}`, Why: "gone"},
				{Where: "mapping event text", Old: `{"type":"string"}`, New: `{"type":"text"}`, Why: "string is text"},
				{Where: "mapping event name", Old: `{"type":"string"}`, New: `{"type":"text"}`, Why: "string is text"}}},
			{Source: "logs-2", Changes: []transform.Change{
				{Where: "settings", Old: `{"index.translog.interval":"9s"}`, Why: "unknown"},
				{Where: "mapping event", Old: `{"_all":{"enabled":false}}`, Why: "gone"}}},
		},
		Things: []Thing{{Kind: LegacyTemplate, Name: "logs", Changes: []transform.Change{{Where: "mapping event", Old: `{"_all":{"enabled":false}}`, Why: "gone"}}}},
	}
	dropped, changed := made.Altered()
	both := []string{"logs-1", "logs-2"}
	if want := []Alteration{
		{What: "index.translog.interval", Values: []string{`"5s"`, `"9s"`}, Why: "unknown", Places: 2, In: both},
		{What: "mapping _all", Values: []string{`{"enabled":false}`}, Why: "gone", Places: 3, In: append(both, made.Things[0].ID())},
		{What: "mapping _ttl", Values: []string{`{"enabled":true}`}, Why: "gone", Places: 1, In: both[:1]},
	}; !reflect.DeepEqual(dropped, want) {
		t.Errorf("left out: %+v", dropped)
	}
	if want := []Alteration{{Why: "string is text", Places: 2, In: both[:1]}}; !reflect.DeepEqual(changed, want) {
		t.Errorf("changed: %+v", changed)
	}
}
