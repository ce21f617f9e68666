package export

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

func sortedLines(lines []byte) []string {
	all := strings.SplitAfter(string(lines), "\n")
	slices.Sort(all)
	return all
}

func TestOrderedOutputIsTheSameForAnyNumberOfWorkersAndAnySplit(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "7.10.2"), "repo")
	var first []byte
	for i, scanOptions := range []ScanOptions{
		{Ordered: true, Workers: 1},
		{Ordered: true, Workers: 7},
		{Ordered: true, Workers: 3, unitBytes: 2 << 10},
		{Workers: 5, unitBytes: 1 << 10},
	} {
		lines, _, err := exportLines(t, directory, "s3", Options{ScanOptions: scanOptions})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 0:
			first = lines
		case scanOptions.Ordered && !bytes.Equal(first, lines):
			t.Errorf("%+v gives another order, or other documents", scanOptions)
		case !slices.Equal(sortedLines(first), sortedLines(lines)):
			t.Errorf("%+v gives other documents", scanOptions)
		}
	}
}

func TestASelectionChoosesByIndexTypeConditionAndLimit(t *testing.T) {
	t.Parallel()
	fixture := recordings.Folder(t, "2.3.2")
	directory := recordings.Repository(t, fixture, "repo")
	truth := readTruth(t, fixture)["s2"]
	source := func(d truthDocument) map[string]any {
		parsed := make(map[string]any)
		if d.Source != nil {
			_ = json.Unmarshal([]byte(*d.Source), &parsed) // shapes holds what isn't JSON for Go; those have no status
		}
		return parsed
	}
	condition := func(text string) Condition {
		parsed, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for what, one := range map[string]struct {
		selection Selection
		expected  func(d truthDocument) bool
	}{
		"a pattern":    {Selection{Indices: []string{"nginx-*"}}, func(d truthDocument) bool { return strings.HasPrefix(d.Index, "nginx-") }},
		"an exclusion": {Selection{Indices: []string{"-nginx-*"}}, func(d truthDocument) bool { return !strings.HasPrefix(d.Index, "nginx-") }},
		"a type":       {Selection{Types: []string{"order"}}, func(d truthDocument) bool { return *d.Type == "order" }},
		"a term": {Selection{Indices: []string{"nginx-access-*"}, Where: []Condition{condition("code=404")}},
			func(d truthDocument) bool {
				code := source(d)["code"]
				return strings.HasPrefix(d.Index, "nginx-access-") && (code == "404" || code == 404.0)
			}},
		"an id": {Selection{IDs: map[string]bool{"p0": true}}, func(d truthDocument) bool { return d.ID == "p0" }},
	} {
		lines, summary, err := exportLines(t, directory, "s2", Options{Selection: one.selection, AllMetadata: true})
		if err != nil {
			t.Fatal(err)
		}
		var expected []truthDocument
		for _, document := range truth {
			if one.expected(document) {
				expected = append(expected, document)
			}
		}
		if len(expected) == 0 || len(expected) == len(truth) {
			t.Errorf("%s proves nothing: %d of %d", what, len(expected), len(truth))
		}
		if differences := difference(lines, expected); len(differences) > 0 {
			t.Errorf("%s: %d documents, truth %d: %s", what, summary.Documents, len(expected), differences[0])
		}
	}
	lines, summary, err := exportLines(t, directory, "s2", Options{Selection: Selection{Limit: 7}})
	if err != nil || bytes.Count(lines, []byte("\n")) != 7 || summary.Documents != 7 {
		t.Errorf("limit 7 gives %d lines, %d counted, %v", bytes.Count(lines, []byte("\n")), summary.Documents, err)
	}
	if _, _, err := exportLines(t, directory, "s2", Options{Selection: Selection{Indices: []string{"nginz-*"}}}); !errors.Is(err, snapshot.ErrNoIndex) {
		t.Errorf("a pattern that matches nothing: %v", err)
	}
}

func TestConditionsCompareNumbersAsNumbersAndTextsAsTexts(t *testing.T) {
	t.Parallel()
	source := []byte(`{"n":10,"big":9007199254740993,"f":1.50,"s":"10","at":"2017-09-11T00:00:00Z","b":true,"a":[1,{"x":5}],
		"o":{"p":{"q":"deep"}},"o.p.r":"flat","null":null,"@timestamp":"2017"}`)
	for text, expected := range map[string]bool{
		"n=10": true, "n=10.0": true, "n=1": false, "n>9": true, "n>10": false, "n>=10": true, "n<11": true, "n<=9": false,
		"s=10": true, "s>9": false, // texts: "1" sorts before "9"
		"big=9007199254740993": true, "big=9007199254740992": false, "big>9007199254740992": true,
		"f=1.5": true, "at>=2017-09-11": true, "at<2017-09-11": false, "b=true": true, "b=false": false,
		"a=1": true, "a.x=5": true, "a.x=6": false, "o.p.q=deep": true, "o.p.q=d*p": true, "o.p.r=flat": true,
		"o=x": false, "none=1": false, "none!=1": true, "n!=10": false, "n!=11": true, "null=null": false, "@timestamp=2017": true,
		"s=*": true, "none=*": false,
	} {
		condition, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if condition.holds(source) != expected {
			t.Errorf("%s should be %v", text, expected)
		}
	}
	for _, bad := range []string{"", "n", "=1", "!1"} {
		if _, err := ParseCondition(bad); err == nil {
			t.Errorf("%q is taken as a condition", bad)
		}
	}
}

func TestFieldsKeepTheirBytes(t *testing.T) {
	t.Parallel()
	source := []byte("{\"a\":1.50,\n \"b\":{\"c\":9007199254740993,\"d\":[{\"e\":1,\"f\":2},3,{\"f\":4}]},\"g.h\":\"\\u0041\",\"i\":null}")
	for fields, expected := range map[string]string{
		"a":       `{"a":1.50}`,
		"b.c":     `{"b":{"c":9007199254740993}}`,
		"b.d.f":   `{"b":{"d":[{"f":2},{"f":4}]}}`,
		"g.h,i":   `{"g.h":"\u0041","i":null}`,
		"b":       `{"b":{"c":9007199254740993,"d":[{"e":1,"f":2},3,{"f":4}]}}`,
		"b.*.e":   `{"b":{"d":[{"e":1},{}]}}`,
		"missing": `{}`,
	} {
		document := &Document{Index: "i", ID: []byte("1"), Version: -1, SeqNo: -1, Source: source}
		line, err := appendLine(nil, document, &Options{Fields: strings.Split(fields, ",")})
		if want := `{"_index":"i","_id":"1","_source":` + expected + "}\n"; err != nil || string(line) != want {
			t.Errorf("%s: %s %v, expected %s", fields, line, err, want)
		}
	}
}

func TestIdsOfAnyBytesAreJSON(t *testing.T) {
	t.Parallel()
	for id, expected := range map[string]string{
		"plain": `"plain"`, `q"\`: `"q\"\\"`, "\n\t\x01": `"\u000a\u0009\u0001"`, "日本": `"日本"`, "\xff\xfe": `"\ufffd\ufffd"`, "": `""`, "<&>": `"<&>"`,
	} {
		out := appendString(nil, []byte(id))
		if string(out) != expected || !json.Valid(out) {
			t.Errorf("%q becomes %s", id, out)
		}
	}
}

func TestAFolderHoldsAFileForEachIndexInEveryFormat(t *testing.T) {
	t.Parallel()
	fixture := recordings.Folder(t, "6.8.23")
	repository := openRepository(t, recordings.Repository(t, fixture, "raw"))
	info, err := repository.Snapshot(t.Context(), "raw1")
	if err != nil {
		t.Fatal(err)
	}
	truth := readTruth(t, fixture)["raw1"]
	plain := func(content []byte) (io.Reader, error) { return bytes.NewReader(content), nil }
	for suffix, one := range map[string]struct {
		options Options
		open    func(content []byte) (io.Reader, error)
	}{
		".ndjson":     {Options{}, plain},
		".ndjson.gz":  {Options{Compression: Gzip}, func(content []byte) (io.Reader, error) { return gzip.NewReader(bytes.NewReader(content)) }},
		".ndjson.zst": {Options{Compression: Zstd}, func(content []byte) (io.Reader, error) { return zstd.NewReader(bytes.NewReader(content)) }},
		".json":       {Options{Format: Elasticdump}, plain},
		".parquet":    {Options{Format: Parquet}, nil},
	} {
		target := filepath.Join(t.TempDir(), "out")
		one.options.AllMetadata = true
		one.options.unitBytes = 4 << 10
		sink, err := NewFolder(target, one.options, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), repository, info, one.options, sink); err != nil {
			t.Fatal(err)
		}
		var lines []byte
		for _, index := range info.Indices {
			content, err := os.ReadFile(filepath.Join(target, index+suffix))
			if err != nil {
				t.Fatal(err)
			}
			if one.open == nil {
				lines = append(lines, parquetLines(t, content)...)
				continue
			}
			reader, err := one.open(content)
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, unpacked...)
		}
		if differences := difference(lines, truth); len(differences) > 0 {
			t.Errorf("%s: %d differences: %s", suffix, len(differences), differences[0])
		}
		if left, _ := filepath.Glob(filepath.Join(target, "*"+PartialSuffix)); len(left) > 0 {
			t.Errorf("%s leaves %v", suffix, left)
		}
		again, err := NewFolder(target, one.options, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), repository, info, one.options, again); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: a second export over the first: %v", suffix, err)
		}
	}
}

// parquetLines turns rows back into lines.
func parquetLines(t *testing.T, content []byte) []byte {
	t.Helper()
	rows, err := parquet.Read[row](bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for _, one := range rows {
		document := map[string]any{"_index": one.Index, "_id": one.ID}
		for key, value := range map[string]*string{"_type": one.Type, "_routing": one.Routing, "_parent": one.Parent} {
			if value != nil {
				document[key] = *value
			}
		}
		for key, value := range map[string]*int64{"_version": one.Version, "_seq_no": one.SeqNo, "_primary_term": one.PrimaryTerm} {
			if value != nil {
				document[key] = *value
			}
		}
		if one.SourceOrigin == "recovered" || one.SourceOrigin == "rebuilt" {
			document["_source_origin"] = one.SourceOrigin
		}
		line, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		if one.Source != nil {
			line = append(append(append(line[:len(line)-1], `,"_source":`...), *one.Source...), '}')
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines
}

func TestElasticdumpGetsMappingSettingsAndAliases(t *testing.T) {
	t.Parallel()
	repository := openRepository(t, recordings.Repository(t, recordings.Folder(t, "2.3.2"), "repo"))
	info, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	target := t.TempDir()
	options := Options{Format: Elasticdump, Selection: Selection{Indices: []string{"new-in-s2"}}}
	sink, err := NewFolder(target, options, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), repository, info, options, sink); err != nil {
		t.Fatal(err)
	}
	for name, expected := range map[string]string{
		"new-in-s2.json": `"_score":1,"_source":`, "new-in-s2.mapping.json": `{"new-in-s2":{"mappings":{"doc":`,
		"new-in-s2.settings.json": `"index.number_of_shards":"1"`, "new-in-s2.alias.json": `{"new-in-s2":{"aliases":{"fresh":`,
	} {
		content, err := os.ReadFile(filepath.Join(target, name))
		if err != nil || !strings.Contains(string(content), expected) {
			t.Errorf("%s: %.200s %v", name, content, err)
		}
	}
}
