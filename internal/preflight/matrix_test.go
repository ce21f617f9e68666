package preflight

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// matrixVersions are the servers that answered the probes.
var matrixVersions = []string{"5.5.2", "6.8.23", "7.10.2", "7.17.29", "8.15.5", "os1.3.20", "os2.19.3", "os3.3.0"}

func version(t testing.TB, text string) es.Version {
	t.Helper()
	if rest, ok := strings.CutPrefix(text, "os"); ok {
		text = "OpenSearch_" + rest
	}
	parsed, err := es.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func matrix(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "compat-matrix.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the matrix of probes does not lie beside the module")
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// body wraps a mapping as the target of a version takes it.
func body(target es.Version, mapping, settings string) []byte {
	if !target.AtLeast(7, 0) {
		mapping = `{"doc":` + mapping + `}`
	}
	return []byte(`{"settings":{` + settings + `},"mappings":` + mapping + `}`)
}

// verdict gives the kinds that a fresh checker finds in documents, conflicts between them included.
func verdict(t testing.TB, target es.Version, body []byte, documents ...es.Document) []string {
	t.Helper()
	schema, err := NewSchema(SchemaInput{Index: "i", Source: target, Target: target, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	checker, sum := NewChecker(schema, 0), newTally()
	for _, document := range documents {
		for _, one := range checker.check(&document, true) {
			sum.book(one, document.ID, false)
		}
	}
	fields := map[string]*observed{}
	for _, n := range schema.fresh {
		fields[n.path] = n.seen
	}
	sum.judge(fields, schema.fieldsNow(), schema.limits.fields)
	var kinds []string
	for key := range sum.rows {
		kinds = append(kinds, string(key.kind)+" "+key.path)
	}
	return kinds
}

// TestTheVerdictOnProbedValuesIsThatOfTheServers holds the checks against what eight real servers answered, both ways.
func TestTheVerdictOnProbedValuesIsThatOfTheServers(t *testing.T) {
	t.Parallel()
	checked := 0
	gjson.GetBytes(matrix(t), "probes").ForEach(func(_, probe gjson.Result) bool {
		mapping, document := `{}`, ""
		name := probe.Get("name").String()
		switch theme := probe.Get("theme").String(); theme {
		case "boolean field value", "long field value", "ip field value", "geo_point value":
			mapping = `{"properties":{"f":{"type":"` + strings.Fields(theme)[0] + `"}}}`
			document = `{"f":` + name + `}`
		case "document":
			if field, ok := strings.CutSuffix(name, " in body"); ok {
				document = `{"` + field + `":"x"}`
			} else {
				document = map[string]string{"a.b dotted key": `{"a.b":1}`, "blank key": `{"":1}`, "only dot key": `{".":1}`, ".a key": `{".a":1}`, "a. key": `{"a.":1}`, "a..b key": `{"a..b":1}`, "space key": `{" ":1}`,
					"foo then foo.bar": `{"foo":1,"foo.bar":2}`, "object wrapped in type name": `{"doc":{"a":1}}`, "array of arrays / mixed types": `{"a":[[1],[2,3]]}`, `mixed array [1,"x"]`: `{"a":[1,"x"]}`}[name]
			}
		case "document JSON":
			document = map[string]string{"duplicate keys": `{"a":1,"a":2}`, "unquoted names": `{a:1}`, "single quotes": `{'a':1}`, "NaN": `{"a":NaN}`, "trailing content": `{"a":1}{"b":2}`, "non-UTF8 byte": "{\"a\":\"\xff\"}",
				"lone surrogate escape": `{"a":"\ud800"}`, "control char in string": "{\"a\":\"\x01\"}", "empty body object": `{}`, "BOM": "\xEF\xBB\xBF{\"a\":1}", "depth 1100": strings.Repeat(`{"a":`, 1100) + "1" + strings.Repeat("}", 1100),
				"integer > 2^63": `{"a":9223372036854775808}`, "integer > 2^64": `{"a":18446744073709551616}`, "float 1e400": `{"a":1e400}`}[name]
		}
		if document == "" {
			return true
		}
		for _, server := range matrixVersions {
			answer := probe.Get("r." + strings.ReplaceAll(server, ".", `\.`)).String()
			target := version(t, server)
			refused := answer != "ok" && answer != "dep"
			found := verdict(t, target, body(target, mapping, ""), es.Document{ID: "1", Type: "doc", Source: []byte(document)})
			checked++
			if refused != (len(found) > 0) {
				t.Errorf("%s: %s %s: the server answered %s, here %v", server, probe.Get("theme"), name, answer, found)
			}
		}
		return true
	})
	if checked < 400 {
		t.Errorf("only %d answers were compared", checked)
	}
}
