package preflight

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// indexOf plans an index of 2.3 for a target, as the step does, with its schemas.
func indexOf(t testing.TB, mapping string, choices transform.Choices, to string) *Index {
	t.Helper()
	source, target := version(t, "2.3.2"), version(t, to)
	made, err := transform.Index(transform.IndexInput{Name: "logs", Created: source, Mappings: []byte(mapping)}, source, target, choices)
	if err != nil {
		t.Fatal(err)
	}
	index := &Index{Name: "logs", First: made.Targets[0].Name, Schemas: map[string]SchemaInput{}}
	for _, one := range made.Targets {
		index.Schemas[one.Name] = SchemaInput{Index: one.Name, Source: source, Target: target, Body: one.Body, SourceMappings: []byte(mapping), Types: one.Types}
	}
	index.NewRewrite = func() func(es.Document) (es.Document, error) {
		return func(document es.Document) (es.Document, error) {
			document.Index = made.Targets[0].Name
			action, reason, err := made.Targets[0].Documents.Apply(nil, &document)
			if action == transform.Quarantine {
				err = fmt.Errorf("set aside: %s", reason)
			}
			return document, err
		}
	}
	return index
}

// inspectAll runs documents through one worker and gives the report.
func inspectAll(t testing.TB, index *Index, accept []string, documents ...es.Document) IndexReport {
	t.Helper()
	of := &inspected{index: index, tally: newTally(), checkers: map[string]*Checker{}, rewrite: index.NewRewrite()}
	for _, document := range documents {
		if err := of.look(document, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	worker := &inspector{tallies: map[string]*inspected{"logs": of}}
	sum, err := gather(index, []*inspector{worker}, Accepts(accept))
	if err != nil {
		t.Fatal(err)
	}
	return sum.report
}

func rowsOf(report IndexReport) []string {
	var rows []string
	for _, one := range report.Rows {
		rows = append(rows, fmt.Sprintf("%s %s %s %d", one.Outcome, one.Kind, one.Field, one.Documents))
	}
	return rows
}

const logsMapping = `{"log":{"properties":{"ok":{"type":"boolean"},"n":{"type":"long"},"day":{"type":"date","format":"YYYY-MM-dd"},"short":{"type":"date","format":"yy-MM-dd"},"raw":{"type":"string","index":"not_analyzed"}}}}`

func TestWhatARuleMendsIsToldApartFromWhatAPersonMustDecide(t *testing.T) {
	t.Parallel()
	document := func(id, source string) es.Document {
		return es.Document{Index: "logs", Type: "log", ID: id, Source: []byte(source)}
	}
	long := strings.Repeat("i", 600)
	report := inspectAll(t, indexOf(t, logsMapping, transform.Choices{}, "7.10.2"), []string{"immense-term", "long-id:other"},
		document("1", `{"ok":true,"n":1,"day":"2015-06-07","raw":"a"}`),
		document("2", `{"ok":"yes","n":1}`), document("3", `{"ok":1,"n":1,"n":2}`), document("4", `{"_source":"x"}`), document("4b", `{"n":"x","ok":"off"}`),
		document("5", `{"raw":"`+strings.Repeat("x", 40_000)+`"}`), document(long, `{"n":1}`), document("6", `{"short":"77-01-01"}`), document("7", `{"new":1}`), document("8", `{"new":{"a":1}}`),
		document("9", `{"raw":"`+strings.Repeat("x ", 1<<20)+`"}`))
	want := []string{"undecided long-id _id 1", "undecided too-large  1", "undecided not-a-number n 1", "undecided date-moves short 1", "undecided dynamic-conflict new 1",
		"accepted immense-term raw 2", "repaired duplicate-key n 1", "repaired name-refused _source 1", "repaired loose-boolean ok 3"}
	if got := rowsOf(report); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, one := range report.Rows {
		if one.Kind == DateMoves && one.Value != "77-01-01: 1977-01-01T00:00:00.000Z becomes 2077-01-01T00:00:00.000Z" {
			t.Errorf("%s", one.Value)
		}
		if one.Outcome == Undecided && !strings.Contains(one.Decide, "accept: ["+string(one.Kind)+"]") {
			t.Errorf("%s says nothing of how to go on: %s", one.Kind, one.Decide)
		}
	}
	if report.Refused != 5 || report.Repaired != 4 {
		t.Errorf("%d refused, %d repaired", report.Refused, report.Repaired)
	}
}

func TestALongIDIsMendedWhereHashesAreChosen(t *testing.T) {
	t.Parallel()
	report := inspectAll(t, indexOf(t, logsMapping, transform.Choices{LongIDs: "hash"}, "os2.19.3"), nil, es.Document{Index: "logs", Type: "log", ID: strings.Repeat("é", 300), Source: []byte(`{"n":1}`)})
	if got := rowsOf(report); !slices.Equal(got, []string{"repaired long-id _id 1"}) || report.Refused != 0 {
		t.Errorf("%v", got)
	}
}

func TestAConvertedFormatThatStoresAnotherDayIsFound(t *testing.T) {
	t.Parallel()
	// The format as it was: java.time reads it without an error, and stores another day.
	schema, err := NewSchema(SchemaInput{Index: "i", Source: version(t, "2.3.2"), Target: version(t, "7.10.2"), Body: []byte(`{"mappings":{"properties":{"day":{"type":"date","format":"YYYY-MM-dd"}}}}`), SourceMappings: []byte(logsMapping)})
	if err != nil {
		t.Fatal(err)
	}
	found := NewChecker(schema, 0).check(&es.Document{ID: "1", Source: []byte(`{"day":"2015-06-07"}`)}, true)
	if len(found) != 1 || found[0].kind != DateMoves || found[0].value != "2015-06-07: 2015-06-07T00:00:00.000Z becomes 2014-12-28T00:00:00.000Z" {
		t.Errorf("%+v", found)
	}
}

// BenchmarkOneDocument is what a check costs beside reading and rewriting.
func BenchmarkOneDocument(b *testing.B) {
	index := indexOf(b, `{"log":{"properties":{"@timestamp":{"type":"date"},"host":{"type":"string"},"code":{"type":"long"},"size":{"type":"long"},"agent":{"type":"string"},"path":{"type":"string"},"referer":{"type":"string"}}}}`, transform.Choices{}, "7.10.2")
	of := &inspected{index: index, tally: newTally(), checkers: map[string]*Checker{}, rewrite: func(d es.Document) (es.Document, error) { d.Index = "logs"; return d, nil }}
	document := es.Document{Index: "logs", Type: "log", ID: "AV5gQ0Ls3y2jVdWk0000", Source: []byte(`{"@timestamp":"2017-09-10T08:09:10.123Z","host":"web-17.example.org","code":200,"size":51234,"agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36","path":"/index.php?page=17&sort=name","referer":"https://www.example.org/some/page.html"}`)}
	b.SetBytes(int64(len(document.Source)))
	b.ReportAllocs()
	for b.Loop() {
		if err := of.look(document, 0); err != nil {
			b.Fatal(err)
		}
	}
	if of.tally.refused > 0 {
		b.Fatalf("%v", of.tally.rows)
	}
}
