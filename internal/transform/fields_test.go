package transform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func TestAPersonsRulesReachEveryFieldTheyName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		rule          UserRule
		before, after string
	}{
		{"a renamed field keeps its place", UserRule{Rename: map[string]string{"b": "x"}}, `{"a":1.10, "b" : 2,"c":"\u3042"}`, `{"a":1.10, "x" : 2,"c":"\u3042"}`},
		{"in every element of an array", UserRule{Rename: map[string]string{"l.a": "l.x"}, Drop: []string{"l.b"}}, `{"l":[{"a":1,"b":2},[{"b":3}],4,{"a":5}]}`, `{"l":[{"x":1},[{}],4,{"x":5}]}`},
		{"dotted names", UserRule{Rename: map[string]string{"o.a": "o.x"}, Drop: []string{"o.p.b"}}, `{"o.a":1,"o.p":{"b":2},"o":{"p.b":3,"z":4}}`, `{"o.x":1,"o.p":{},"o":{"z":4}}`},
		{"every one of equal names", UserRule{Drop: []string{"a"}, Set: map[string]string{"b": "0"}}, `{"a":1,"b":1,"a":2,"b":2,"a":3}`, `{"b":0,"b":0}`},
		{"names with escapes", UserRule{Drop: []string{"あ"}, Rename: map[string]string{`q"`: "日"}}, `{"\u3042":1,"q\"":2}`, `{"日":2}`},
		{"out of an object, and into one that is not there", UserRule{Rename: map[string]string{"o.a": "p.q.a", "o.b": "p.q.b", "c": "o.c"}}, `{"o":{"a":[1,{}],"b":"}"},"c":3}`, `{"o":{"c":3},"p":{"q":{"a":[1,{}],"b":"}"}}}`},
		{"below its own name", UserRule{Rename: map[string]string{"host": "host.name"}}, `{"host":"h","a":1}`, `{"a":1,"host":{"name":"h"}}`},
		{"what an earlier part of the rule made", UserRule{Rename: map[string]string{"a": "b", "b": "c"}, Drop: []string{"d"}, Set: map[string]string{"d": "4", "c.x": "5"}}, `{"a":{"y":1},"d":0}`, `{"c":{"y":1,"x":5},"d":4}`},
		{"an object instead of null", UserRule{Set: map[string]string{"o.a": "1"}}, `{"o":null,"z":null}`, `{"z":null,"o":{"a":1}}`},
		{"everything gone", UserRule{Drop: []string{"a", "b"}}, `{ "a" : 1 , "b" : 2 }`, `{  }`},
		{"a value that is set already", UserRule{Set: map[string]string{"a": "1"}}, `{"a":1}`, `{"a":1}`},
		{"an expression writes below objects", UserRule{Expr: `{"o.n": doc.a * 2, "s": "<" + doc.o.b}`}, `{"a":2.50,"o":{"b":"x"}}`, `{"a":2.50,"o":{"b":"x","n":5},"s":"<x"}`},
		{"an expression reads on behind an object", UserRule{Expr: `{"n": doc.o.p.a + doc.o.b}`}, `{"o":{"p":{"a":1,"z":[2]},"b":3}}`, `{"o":{"p":{"a":1,"z":[2]},"b":3},"n":4}`},
	} {
		rules := rulesFor(t, "7.10.2", "os2.19.3", Choices{Rules: []UserRule{row.rule}})
		action, after, reason := apply(t, rules, row.before)
		if after != row.after || reason != "" || (action == Changed) != (row.before != row.after) {
			t.Errorf("%s: %v %s %s, want %s", row.name, action, after, reason, row.after)
		}
	}
}

func TestADocumentThatARuleDoesNotFitIsSetAsideAsItCame(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		rule           UserRule
		before, reason string
	}{
		{UserRule{Rename: map[string]string{"a": "b"}}, `{"a":1,"b":null}`, "it has both a and b"},
		{UserRule{Rename: map[string]string{"a": "a.b"}}, `{"a":{"b":1}}`, "it has both a and a.b"},
		{UserRule{Rename: map[string]string{"a.b": "a"}}, `{"a":{"b":1}}`, "it has both a.b and a"},
		{UserRule{Rename: map[string]string{"l.a": "l.b"}}, `{"l":[{"a":1},{"b":1,"a":1}]}`, "it has both l.a and l.b"},
		{UserRule{Rename: map[string]string{"l.a": "x"}}, `{"l":[{"a":1}]}`, "rename l.a: it lies in an array, so it can't leave its object"},
		{UserRule{Rename: map[string]string{"x": "l.a"}}, `{"l":[{}],"x":1}`, "l is no object, so nothing can be written into it"},
		{UserRule{Set: map[string]string{"l.a": "1"}}, `{"l":[{"a":1}]}`, "set l.a: it lies in an array"},
		{UserRule{Set: map[string]string{"o.a": "1"}}, `{"o":"text"}`, "o is no object, so nothing can be written into it"},
		{UserRule{Set: map[string]string{"o.p.a": "1"}}, `{"o":{"p":[1]}}`, "o.p is no object, so nothing can be written into it"},
		{UserRule{Drop: []string{"x"}, Expr: "doc.a > 1"}, `{"a":1,"x":2}`, "the expression is false for it"},
	} {
		rules := rulesFor(t, "7.10.2", "os2.19.3", Choices{Rules: []UserRule{row.rule}})
		if action, after, reason := apply(t, rules, row.before); action != Quarantine || after != row.before || reason != row.reason {
			t.Errorf("%v of %s: %v %s %q, want %q", row.rule, row.before, action, after, reason, row.reason)
		}
	}
}

// Rules of versions come first: a person's rule names what they made.
func TestAPersonsRulesFollowThoseOfTheVersions(t *testing.T) {
	t.Parallel()
	rules := rulesFor(t, "2.3.2", "7.10.2", Choices{Rules: []UserRule{
		{Rename: map[string]string{"_empty": "named"}, Drop: []string{"a"}},
		{Set: map[string]string{"in.seen": "true"}},
	}})
	for before, after := range map[string]string{
		`{"a":1,"":2,"a":3,"ok":"off"}`:    `{"named":2,"ok":false,"in":{"seen":true}}`,
		`{"a":1,"in":{"ok":true},"b":1.0}`: `{"in":{"ok":true,"seen":true},"b":1.0}`,
	} {
		if action, got, reason := apply(t, rules, before); action != Changed || got != after {
			t.Errorf("%s: %v %s %s, want %s", before, action, got, reason, after)
		}
	}
}

// oneByOne is what passes must come to: each change by itself, by a library that reads the source anew for each. It knows
// neither arrays on the way nor dotted or equal names, and puts what is renamed at the end.
func oneByOne(source []byte, changes []fieldChange) (after []byte, fits bool) {
	has := func(path string) bool { return gjson.GetBytes(source, sjsonPath(path)).Exists() }
	set := func(path, raw string, insteadOfNull bool) bool {
		var err error
		for above, _ := cutLeaf(path); above != ""; above, _ = cutLeaf(above) {
			value := gjson.GetBytes(source, sjsonPath(above))
			if value.Exists() && value.Raw == "null" && insteadOfNull {
				source, err = sjson.DeleteBytes(source, sjsonPath(above))
			} else if value.Exists() && !value.IsObject() {
				return false
			}
		}
		source, err = sjson.SetRawBytes(source, sjsonPath(path), []byte(raw))
		return err == nil
	}
	for _, change := range changes {
		value := gjson.GetBytes(source, sjsonPath(change.path)).Raw
		switch {
		case change.to != "":
			if value == "" {
				continue
			}
			if has(change.to) {
				return nil, false
			}
			source, _ = sjson.DeleteBytes(source, sjsonPath(change.path))
			if !set(change.to, value, false) {
				return nil, false
			}
		case change.set != "":
			if !set(change.path, change.set, true) {
				return nil, false
			}
		default:
			source, _ = sjson.DeleteBytes(source, sjsonPath(change.path))
		}
	}
	return source, true
}

var (
	fieldPaths = []string{"a", "b", "c", "o", "o.a", "o.b", "o.p", "o.p.a", "q", "q.a", "q.p.a", "日"}
	rawValues  = []string{"1", "-0.0", "1E-7", "12345678901234567890.10", `"x"`, `"\u3042\"}"`, "true", "null", "[]", `[1,"]"]`, "{}"}
)

// drawnObject makes an object whose members are values or, by the names above, objects.
func drawnObject(t *rapid.T, names []string, prefix string) string {
	var members []string
	for _, name := range rapid.Permutation(names).Draw(t, prefix+"order") {
		switch rapid.IntRange(0, 3).Draw(t, prefix+name) {
		case 0:
		case 1, 2:
			if name == "o" || name == "q" {
				members = append(members, fmt.Sprintf(`"%s":%s`, name, drawnObject(t, []string{"a", "b", "p"}, name+".")))
			} else if name == "p" {
				members = append(members, fmt.Sprintf(`"p" : %s`, drawnObject(t, []string{"a", "b"}, prefix+"p.")))
			} else {
				members = append(members, fmt.Sprintf(`"%s": %s`, name, rapid.SampledFrom(rawValues).Draw(t, "value")))
			}
		case 3:
			members = append(members, fmt.Sprintf(`"%s":%s`, name+"-other", rapid.SampledFrom(rawValues).Draw(t, "value")))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func passesEqualOneByOne(t *rapid.T) {
	path := rapid.SampledFrom(fieldPaths)
	rule := UserRule{Rename: rapid.MapOfN(path, path, 0, 3).Draw(t, "rename"), Drop: rapid.SliceOfNDistinct(path, 0, 3, rapid.ID).Draw(t, "drop"),
		Set: rapid.MapOfN(path, rapid.SampledFrom(rawValues), 0, 3).Draw(t, "set")}
	before := drawnObject(t, []string{"a", "b", "c", "o", "q", "日", "x"}, "")
	want, fits := oneByOne([]byte(before), rule.changes())
	rules := &DocumentRules{only: &noTraits, users: []userDocument{{passes: passes(rule.changes())}}}
	doc := es.Document{ID: "1", Source: json.RawMessage(before)}
	action, reason, err := rules.Apply(&Scratch{}, &doc)
	if err != nil {
		t.Fatal(err)
	}
	if fits != (action != Quarantine) {
		t.Fatalf("%s by %+v: %v %s; one by one it fits: %t %s", before, rule, action, reason, fits, want)
	}
	if !fits {
		return
	}
	if diff := cmp.Diff(decoded(t, want), decoded(t, doc.Source)); diff != "" {
		t.Fatalf("%s by %+v became %s, want %s", before, rule, doc.Source, want)
	}
	untouched := func(source []byte) (names []string) {
		gjson.ParseBytes(source).ForEach(func(key, value gjson.Result) bool {
			if strings.HasSuffix(key.String(), "-other") {
				names = append(names, key.String()+value.Raw)
			}
			return true
		})
		return names
	}
	if now, was := untouched(doc.Source), untouched([]byte(before)); !slices.Equal(now, was) {
		t.Fatalf("%s by %+v became %s", before, rule, doc.Source)
	}
}

func decoded(t *rapid.T, source []byte) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(string(source)))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return fields
}

func TestPassesComeToTheSameAsOneChangeAfterTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, passesEqualOneByOne)
}

func FuzzPassesAndOneChangeAfterTheOther(f *testing.F) { f.Fuzz(rapid.MakeFuzz(passesEqualOneByOne)) }

// Any damage is kept or set aside, whatever the rules; and a scratch forgets what was before.
func TestNoCutAndNoFlippedByteOfASourcePanicsInAPass(t *testing.T) {
	t.Parallel()
	source := `{"a":1,"o":{"a":{"b":"x\"\\"},"b":[{"c":1},[]]},"l":[{"a":1,"b":{}}],"z":"あ"}`
	rules := rulesFor(t, "7.10.2", "os2.19.3", Choices{Rules: []UserRule{{Rename: map[string]string{"o.a": "p.q", "l.a": "l.x", "z": "z.z"}, Drop: []string{"o.b.c", "a"}, Set: map[string]string{"n.m": "1", "o.s": "2"}}}})
	_, whole, _ := apply(t, rules, source)
	var scratch Scratch
	for i := range source {
		for _, flip := range []byte{0, 1, 0x20, 0x80, 0xff} {
			damaged := []byte(source)
			if damaged[i] ^= flip; flip == 0 {
				damaged = damaged[:i]
			}
			doc := es.Document{Type: "log", ID: "1", Source: damaged}
			if _, _, err := rules.Apply(&scratch, &doc); err != nil {
				t.Fatal(err)
			}
			doc.Source = json.RawMessage(source)
			if action, reason, _ := rules.Apply(&scratch, &doc); action != Changed || string(doc.Source) != whole {
				t.Fatalf("after %s: %v %s %s", damaged, action, reason, doc.Source)
			}
		}
	}
}
