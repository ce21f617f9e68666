package lucene

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestNumbersOutOfDocValuesAreWrittenAsTheirTypeMeansThem(t *testing.T) {
	t.Parallel()
	sortable := func(f float64) int64 {
		n := int64(math.Float64bits(f))
		return n ^ n>>63&math.MaxInt64
	}
	sortable32 := func(f float32) int64 {
		n := int32(math.Float32bits(f))
		return int64(n ^ n>>31&math.MaxInt32)
	}
	for _, c := range []struct {
		typ  string
		n    int64
		want string
	}{
		{"long", math.MinInt64, "-9223372036854775808"},
		{"unsigned_long", math.MaxInt64, "18446744073709551615"},
		{"unsigned_long", math.MinInt64, "0"},
		{"double", sortable(-0.1), "-0.1"},
		{"double", sortable(1e300), "1e+300"},
		{"double", sortable(3), "3.0"},
		{"float", sortable32(-1.5), "-1.5"},
		{"float", sortable32(0.7987), "0.7987"},
		{"half_float", 0x3E00, "1.5"},
		{"scaled_float:100", 1999, "19.99"},
		{"scaled_float", 1999, ""},
		{"boolean", 1, "true"},
		{"boolean", 7, ""},
		{"date", 1505077318836, `"2017-09-10T21:01:58.836Z"`},
		{"date", -1, `"1969-12-31T23:59:59.999Z"`},
		{"date:epoch_millis", -1, "-1"},
		{"date:epoch_second||x", 3000, "3"},
		{"date:yyyy-MM-dd", 0, `"1970-01-01"`},
		{"date", math.MaxInt64, "9223372036854775807"},
		{"date", math.MinInt64, "-9223372036854775808"},
		{"date_nanos", -1, `"1969-12-31T23:59:59.999999999Z"`},
		{"ip", 0x0A000001, `"10.0.0.1"`},
		{"ip", -1, ""},
	} {
		f := &rebuiltField{}
		f.typ, f.param, _ = strings.Cut(c.typ, ":")
		out, ok := f.appendNumeric(nil, c.n)
		if ok != (c.want != "") || ok && string(out) != c.want {
			t.Errorf("%s of %d: %s, %v, want %s", c.typ, c.n, out, ok, c.want)
		}
	}
}

func TestIgnoredSourceIsReadInEveryType(t *testing.T) {
	t.Parallel()
	entry := func(name, value string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(value[1:], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		out := binary.LittleEndian.AppendUint32(nil, uint32(len(name)))
		return append(append(append(out, name...), value[0]), b...)
	}
	for _, c := range []struct{ value, want string }{
		{"S 68 69", `{"a":{"b":"hi"}}`},
		{"I ff ff ff ff", `{"a":{"b":-1}}`},
		{"L 00 00 00 00 00 00 00 80", `{"a":{"b":-9223372036854775808}}`},
		{"D 00 00 00 00 00 00 f8 3f", `{"a":{"b":1.5}}`},
		{"F 00 00 c0 3f", `{"a":{"b":1.5}}`},
		{"i 01 00 00 00 00 00 00 00 00", `{"a":{"b":18446744073709551616}}`},
		{"d 02 00 00 00 ff 6a", `{"a":{"b":-1.50}}`},
		{"t", `{"a":{"b":true}}`},
		{"n", `{"a":{"b":null}}`},
		{"b 01 02", `{"a":{"b":"AQI="}}`},
		{"j 7b 20 7d", `{"a":{"b":{}}}`},
		{"c a1 61 78 01", `{"a":{"b":{"x":1}}}`},
		{"v", `{}`},
	} {
		r := &Rebuilder{segment: &Segment{}}
		r.arena = append(r.arena, `7`...)
		r.entries = []rebuiltEntry{{path: "a.b", values: []span{{0, 1}}}}
		if err := r.addIgnored(entry("a.b", c.value)); err != nil {
			t.Errorf("%s: %v", c.value, err)
			continue
		}
		r.override()
		out, err := r.object(nil)
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %s, %v, want %s", c.value, out, err, c.want)
		}
	}
	// A name counted in characters of Java, as Elasticsearch 8.18 writes it.
	r := &Rebuilder{segment: &Segment{}}
	b := binary.LittleEndian.AppendUint32(nil, 3)
	if err := r.addIgnored(append(append(b, "é😀"...), 't')); err != nil || r.ignored[0].path != "é😀" {
		t.Errorf("%v, %v", r.ignored, err)
	}
	whole := entry("abc", "L 01 02 03 04 05 06 07 08")
	for n := range whole {
		if err := (&Rebuilder{segment: &Segment{}}).addIgnored(whole[:n]); err == nil {
			t.Errorf("cut at %d: no error", n)
		}
	}
}

func TestFieldsInAFormatThatIsNotReadAreReportedLost(t *testing.T) {
	t.Parallel()
	dir := loadWritten(t, filepath.Join("testdata", "docvalues", "9.12.3"))
	for name, b := range dir {
		if filepath.Ext(name) == ".dvm" {
			dir[name] = forge(bytes.Replace(b, []byte("Lucene90DocValuesMetadata"), []byte("ES87TSDBDocValuesMetadata"), 1))
		}
	}
	r, err := openOne(t, dir).Rebuilder(FieldTypes{"n_big": "long", "s_low": "keyword", "absent": "long"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(r.lost, "n_big") || !slices.Contains(r.lost, "s_low") || slices.Contains(r.lost, "absent") {
		t.Errorf("lost %v", r.lost)
	}
}

func TestPathsWithDotsBecomeObjects(t *testing.T) {
	t.Parallel()
	r := &Rebuilder{segment: &Segment{}}
	for _, p := range []string{"b.c", "a-b", "a", "b", "a.x.y", "a.x.z", "c.d.e"} {
		start := len(r.arena)
		r.arena = append(r.arena, `"`+p+`"`...)
		r.entries = append(r.entries, rebuiltEntry{path: p, values: []span{{start, len(r.arena)}}})
	}
	out, err := r.object(nil)
	const want = `{"a":"a","a.x.y":"a.x.y","a.x.z":"a.x.z","a-b":"a-b","b":"b","b.c":"b.c","c":{"d":{"e":"c.d.e"}}}`
	if err != nil || string(out) != want {
		t.Errorf("%s, %v, want %s", out, err, want)
	}
}

func TestMultiFieldsAndNestedObjectsAreToldByTheTypesAbove(t *testing.T) {
	t.Parallel()
	types := FieldTypes{"a": "text", "a.raw": "keyword", "o": "object", "o.f": "long", "n": "nested", "n.m": "nested", "n.m.x": "long"}
	var multi []string
	for path := range types {
		if types.isMulti(path) {
			multi = append(multi, path)
		}
	}
	if !slices.Equal(multi, []string{"a.raw"}) {
		t.Errorf("multi-fields %v", multi)
	}
	if got := types.nestedIn("n.m.x"); got != "n.m" {
		t.Errorf("n.m.x is in %q", got)
	}
}
