package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func canonical(t *testing.T, source string) string {
	t.Helper()
	var c Canonicaliser
	out, err := c.Canonical([]byte(source))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return string(out)
}

func TestTheCanonicalFormKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ name, source, want string }{
		{"white space goes", " { \"a\" :\r\n[ 1 ,\t2 ] } ", `{"a":[1,2]}`},
		{"keys are sorted, at every level", `{"b":{"z":1,"y":2},"a":[{"d":1,"c":2}]}`, `{"a":[{"c":2,"d":1}],"b":{"y":2,"z":1}}`},
		{"duplicate keys keep their order", `{"b":1,"a":2,"b":3,"a":1}`, `{"a":2,"a":1,"b":1,"b":3}`},
		{"literals stay", `{"n":[1.10,1E5,1e5,-0,-0.0,9007199254740993,123456789012345678901234567890]}`, `{"n":[1.10,1E5,1e5,-0,-0.0,9007199254740993,123456789012345678901234567890]}`},
		{"escapes take one form", `{"s":"\u00e9\/\"\\\u0041\ud83d\ude00\n\u000A"}`, `{"s":"é/\"\\A😀\u000a\u000a"}`},
		{"keys are compared unescaped", `{"\u0062":1,"a":2}`, `{"a":2,"b":1}`},
		{"halves of pairs keep their escape", `["\uD800","\udc00\ud800x","\ud800\u0041"]`, `["\ud800","\udc00\ud800x","\ud800A"]`},
		{"empties", `{"a":{},"b":[],"c":""}`, `{"a":{},"b":[],"c":""}`},
		{"words", `[true,false,null]`, `[true,false,null]`},
		{"what lenient parsers stored", `[NaN,Infinity,-Infinity]`, `[NaN,Infinity,-Infinity]`},
		{"bytes that are no UTF-8", "\"\xff\xfe\"", "\"\xff\xfe\""},
	} {
		if got := canonical(t, one.source); got != one.want {
			t.Errorf("%s: got %s, want %s", one.name, got, one.want)
		}
	}
}

func TestWhatIsNoJSONIsRefusedAndNeverPanics(t *testing.T) {
	t.Parallel()
	var c Canonicaliser
	for _, source := range []string{"", " ", "{", "[", `{"a"`, `{"a":`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a" 1}`, `"`, `"\`, `"\u12"`, `"\u12G4"`, "tru", "-", "{}{}", "]", "'a'", strings.Repeat("[", maxDepth+2)} {
		if out, err := c.Canonical([]byte(source)); !errors.Is(err, ErrNotJSON) {
			t.Errorf("%.20q gave %s, %v", source, out, err)
		}
	}
	whole := []byte(`{"a":[1.5,"\u00e9\ud83d\ude00",{"b":null,"a":true}],"z":-1}`)
	for i := range whole {
		_, _ = c.Canonical(whole[:i])
		flipped := slices.Clone(whole)
		flipped[i] ^= 0xFF
		_, _ = c.Canonical(flipped)
	}
}

// shuffled writes the same value with other white space, key order and escapes.
func shuffled(value any, random *rand.Rand) string {
	space := []string{"", " ", "\n\t"}[random.IntN(3)]
	switch value := value.(type) {
	case map[string]any:
		var members []string
		for key, inner := range value {
			members = append(members, space+shuffled(key, random)+space+":"+shuffled(inner, random))
		}
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return "{" + strings.Join(members, ",") + space + "}"
	case []any:
		var items []string
		for _, inner := range value {
			items = append(items, space+shuffled(inner, random))
		}
		return "[" + strings.Join(items, ",") + space + "]"
	case json.Number:
		return string(value)
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(random.IntN(2) == 0)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSpace(encoded.String())
}

func TestTheFormIsTheSameHoweverAValueIsWritten(t *testing.T) {
	t.Parallel()
	scalar := rapid.OneOf(rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "text") }),
		rapid.Custom(func(t *rapid.T) any {
			return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,3})?`).Draw(t, "number"))
		}),
		rapid.Just[any](nil), rapid.Just[any](true))
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		return rapid.OneOf(scalar,
			rapid.Custom(func(t *rapid.T) any { return rapid.MapOfN(rapid.String(), value(depth-1), 0, 5).Draw(t, "object") }),
			rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "array") }))
	}
	rapid.Check(t, func(t *rapid.T) {
		one := value(3).Draw(t, "value")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var c Canonicaliser
		first, err := c.Canonical([]byte(shuffled(one, random)))
		if err != nil {
			t.Fatal(err)
		}
		kept := string(first)
		second, err := c.Canonical([]byte(shuffled(one, random)))
		if err != nil || string(second) != kept {
			t.Fatalf("%s\n%s, %v", kept, second, err)
		}
		again, err := c.Canonical([]byte(kept))
		if err != nil || string(again) != kept {
			t.Fatalf("not its own canonical form: %s\n%s, %v", kept, again, err)
		}
		var before, after any
		if json.Unmarshal([]byte(shuffled(one, random)), &before) != nil || json.Unmarshal([]byte(kept), &after) != nil {
			t.Fatalf("encoding/json does not read %s", kept)
		}
	})
}

func TestTheFirstDifferingFieldIsNamed(t *testing.T) {
	t.Parallel()
	for _, one := range []struct{ source, target, path, left, right string }{
		{`{"a":1}`, `{"a":1}`, "", "", ""},
		{`{"a":{"b":[1,2,{"c":9007199254740993}]}}`, `{"a":{"b":[1,2,{"c":9007199254740992}]}}`, "a.b[2].c", "9007199254740993", "9007199254740992"},
		{`{"a":1,"c":1}`, `{"a":1,"b":0,"c":1}`, "b", "", "0"},
		{`{"a":1,"b":0}`, `{"a":1}`, "b", "0", ""},
		{`{"a":[1]}`, `{"a":[1,2]}`, "a[1]", "", "2"},
		{`{"a":"1"}`, `{"a":1}`, "a", `"1"`, "1"},
		{`1`, `{}`, "", "1", "{}"},
		{`{"a":1,"a":2}`, `{"a":2,"a":1}`, "a", "1", "2"},
	} {
		path, left, right := firstDifference([]byte(one.source), []byte(one.target))
		if path != one.path || left != one.left || right != one.right {
			t.Errorf("%s, %s: %q %q %q", one.source, one.target, path, left, right)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	line := []byte(`{"remote":"192.168.1.1","host":"-","user":"-","method":"GET","path":"/index.html","code":200,"size":"1234","referer":"https://example.org/","agent":"Mozilla/5.0 (X11; Linux x86_64)","@timestamp":"2017-09-10T12:34:56.000000000+09:00","tag":"nginx.access"}`)
	b.SetBytes(int64(len(line)))
	var c Canonicaliser
	for b.Loop() {
		if _, err := c.Canonical(line); err != nil {
			b.Fatal(err)
		}
	}
}
