package transform

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const everyKind = `{"log":{"properties":{"ok":{"type":"boolean"},"at":{"type":"date"},"geo":{"type":"geo_point"},"in":{"properties":{"ok":{"type":"boolean"}}}}}}`

func rulesFor(t testing.TB, source, target string, choices Choices) *DocumentRules {
	t.Helper()
	plan, err := Index(IndexInput{Name: "x", Mappings: json.RawMessage(everyKind)}, parseVersion(t, source), parseVersion(t, target), choices)
	if err != nil {
		t.Fatal(err)
	}
	return plan.Targets[0].Documents
}

func apply(t testing.TB, rules *DocumentRules, source string) (Action, string, string) {
	t.Helper()
	doc := es.Document{Type: "log", ID: "1", Source: json.RawMessage(source)}
	action, reason, err := rules.Apply(nil, &doc)
	if err != nil {
		t.Fatal(err)
	}
	return action, string(doc.Source), reason
}

func TestASourceChangesOnlyWhereItMust(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, source, target, before, after string }{
		{"numbers, order and escapes stay", "2.3.2", "7.10.2", `{"z":12345678901234567890.10,"a":"\u3042\/","b":1E-7,"a b":-0.0}`, `{"z":12345678901234567890.10,"a":"\u3042\/","b":1E-7,"a b":-0.0}`},
		{"booleans as 2.x read them", "2.3.2", "7.10.2", `{"ok":["off","F",0,0.9,1,"","no"],"in":{"ok":"0"},"in.ok":"T"}`, `{"ok":[false,true,false,false,true,"",false],"in":{"ok":false},"in.ok":true}`},
		{"an empty boolean as 5.x read it", "5.5.2", "6.8.23", `{"ok":""}`, `{"ok":true}`},
		{"an empty boolean on the way to 5.x", "2.3.2", "5.5.2", `{"ok":["",1]}`, `{"ok":[false,1]}`},
		{"the last of equal keys", "5.5.2", "7.10.2", `{"a":1, "a":{"b":1,"b":2,"c":3}, "d":1e400, "a" : 4.0}`, `{"d":null, "a" : 4.0}`},
		{"equal keys inside what stays", "2.3.2", "6.8.23", `{"a":{"b":1,"b":[{"x":1,"x":2}]}}`, `{"a":{"b":[{"x":2}]}}`},
		{"names without quotes", "2.3.2", "5.5.2", `{ok:true, in : {a:1}}`, `{"ok":true, "in" : {"a":1}}`},
		{"reserved and blank names", "1.7.6", "5.5.2", `{"_id":"x","":1,"a":{"_id":2},"a..b":3}`, `{"migrated_id":"x","_empty":1,"a":{"_id":2},"a._empty.b":3}`},
		{"names that 7.0 gave back", "1.7.6", "7.10.2", `{"_timestamp":1,"_type":"x"}`, `{"_timestamp":1,"migrated_type":"x"}`},
		{"dots on 2.x", "1.7.6", "2.3.2", `{"a.b":1,"c":{"d.e":2}}`, `{"a_b":1,"c":{"d_e":2}}`},
		{"what 1.x wrapped in the type", "1.7.6", "5.5.2", `{"log":{"ok":true}}`, `{"ok":true}`},
		{"short numbers in dates of 1.x", "1.7.6", "7.10.2", `{"at":[2015,1433664550000,"2015"]}`, `{"at":["1970-01-01T00:00:02.015Z",1433664550000,"2015"]}`},
		{"points beyond the pole", "1.7.6", "5.5.2", `{"geo":["91,0",[181,1],{"lat":10,"lon":20}]}`, `{"geo":[{"lat":89,"lon":180},{"lat":1,"lon":-179},{"lat":10,"lon":20}]}`},
		{"something behind the object", "1.7.6", "5.5.2", `{"a":1} {"b":2}`, `{"a":1}`},
	} {
		action, after, reason := apply(t, rulesFor(t, row.source, row.target, Choices{}), row.before)
		if after != row.after || reason != "" || (action == Changed) != (row.before != row.after) {
			t.Errorf("%s: %v %s %s, want %s", row.name, action, after, reason, row.after)
		}
	}
}

func TestIDsThatTheTargetRefusesWaitOrAreHashed(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("b", 3000)
	doc := es.Document{Type: "log", ID: id, Source: json.RawMessage(`{}`)}
	if action, reason, _ := rulesFor(t, "2.3.2", "5.5.2", Choices{}).Apply(nil, &doc); action != Quarantine || !strings.Contains(reason, "3000") || doc.ID != id {
		t.Errorf("%v %q", action, reason)
	}
	if action, _, _ := rulesFor(t, "2.3.2", "5.5.2", Choices{LongIDs: longIDsHash}).Apply(nil, &doc); action != Changed || len(doc.ID) != 43 || gjson.GetBytes(doc.Source, "original_id").String() != id {
		t.Errorf("%v %q", action, doc.ID)
	}
	exact := es.Document{Type: "log", ID: strings.Repeat("b", 512), Source: json.RawMessage(`{"a":1}`)}
	if action, _, _ := rulesFor(t, "2.3.2", "5.5.2", Choices{}).Apply(nil, &exact); action != Keep {
		t.Error(action)
	}
}

func TestAnIndexThatNeedsNothingHasNoDocumentRules(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"6.8.23", "7.10.2"}, {"7.10.2", "os1.3.20"}, {"os1.3.20", "os2.19.3"}, {"7.10.2", "os3.3.0"}, {"5.5.2", "5.6.0"}} {
		if rules := rulesFor(t, pair[0], pair[1], Choices{}); rules != nil {
			t.Errorf("%v: %+v", pair, rules)
		}
	}
}

func TestNoCutAndNoFlippedByteOfASourcePanics(t *testing.T) {
	t.Parallel()
	source := []byte(`{"ok":["off",0,{"a":1,"a":2}],"at":2015,"geo":{"lat":91,"lon":-181},"":null,"a.b":"x\"\\","n":1e400,log:{"ok":"F"}}`)
	for _, pair := range [][2]string{{"1.7.6", "2.3.2"}, {"1.7.6", "os3.3.0"}, {"5.5.2", "8.15.5"}} {
		rules := rulesFor(t, pair[0], pair[1], Choices{})
		for i := range source {
			apply(t, rules, string(source[:i]))
			for _, flip := range []byte{1, 0x20, 0x80, 0xff} {
				damaged := bytes.Clone(source)
				damaged[i] ^= flip
				apply(t, rules, string(damaged))
			}
		}
	}
}

// Whatever JSON comes: what is kept is the same bytes, and what is changed is JSON with the same values elsewhere.
func TestEverySourceStaysJSON(t *testing.T) {
	t.Parallel()
	rules := rulesFor(t, "2.3.2", "os2.19.3", Choices{})
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaves := rapid.OneOf(rapid.Bool().AsAny(), rapid.Int().AsAny(), rapid.StringN(0, 5, -1).AsAny(), rapid.Just[any](nil))
		if depth == 0 {
			return leaves
		}
		names := rapid.SampledFrom([]string{"ok", "in", "a", "b.c", "x y", "日", `q"`, "other"})
		return rapid.OneOf(leaves, rapid.MapOfN(names, value(depth-1), 0, 4).AsAny(), rapid.SliceOfN(value(depth-1), 0, 3).AsAny())
	}
	rapid.Check(t, func(rt *rapid.T) {
		fields := rapid.MapOfN(rapid.SampledFrom([]string{"ok", "in", "a", "b.c", "日"}), value(3), 0, 5).Draw(rt, "source")
		before, err := json.Marshal(fields)
		if err != nil {
			rt.Fatal(err)
		}
		action, after, reason := apply(t, rules, string(before))
		if action == Quarantine {
			rt.Fatal(reason)
		}
		if action == Keep && after != string(before) {
			rt.Fatalf("kept, but %s became %s", before, after)
		}
		var got, want map[string]any
		if err := json.Unmarshal([]byte(after), &got); err != nil {
			rt.Fatalf("%s: %v", after, err)
		}
		if err := json.Unmarshal(before, &want); err != nil {
			rt.Fatal(err)
		}
		for _, m := range []map[string]any{got, want} {
			delete(m, "ok")
			delete(m, "in")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func BenchmarkASourceThatNeedsNothing(b *testing.B) {
	rules := rulesFor(b, "2.3.2", "5.5.2", Choices{})
	source := json.RawMessage(`{"remote":"10.0.0.1","host":"-","user":"-","method":"GET","path":"/index.html?a=b","code":200,"size":5316,"referer":"-","agent":"Mozilla/5.0 (X11; Linux x86_64)","@timestamp":"2017-09-10T01:02:03.004Z","ok":true}`)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		doc := es.Document{Type: "log", ID: "AV6nXHcTZ0lqY9d-Zk_0", Source: source}
		if action, _, err := rules.Apply(nil, &doc); err != nil || action != Keep {
			b.Fatal(action, err)
		}
	}
}

func TestChoicesThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	for _, choices := range []Choices{{Types: "both"}, {IDs: "x"}, {LongIDs: "cut"}, {Rules: []UserRule{{Expr: "doc..a"}}}, {Rules: []UserRule{{Set: map[string]string{"a": "text"}}}}, {Rules: []UserRule{{Index: "[a"}}}, {Rules: []UserRule{{Rename: map[string]string{"a": ""}}}}, {Rules: []UserRule{{Type: map[string]string{"a": "{"}}}}} {
		if _, err := Index(IndexInput{Name: "x"}, elasticsearch55, seven, choices); err == nil {
			t.Errorf("%+v passes", choices)
		}
	}
}
