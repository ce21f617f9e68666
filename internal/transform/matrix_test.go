package transform

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// matrixVersions are the servers that answered the probes, with their paths in gjson.
var matrixVersions = []string{"5.5.2", "6.8.23", "7.10.2", "7.17.29", "8.15.5", "os1.3.20", "os2.19.3", "os3.3.0"}

func probes(t *testing.T, theme string, visit func(name string, answers gjson.Result)) {
	t.Helper()
	matrix := shared(t, "compat-matrix.json")
	if matrix == nil {
		t.Skip("the matrix of probes does not lie beside the module")
	}
	count := 0
	gjson.GetBytes(matrix, "probes").ForEach(func(_, probe gjson.Result) bool {
		if probe.Get("theme").String() == theme {
			count++
			visit(probe.Get("name").String(), probe.Get("r"))
		}
		return true
	})
	if count == 0 {
		t.Errorf("no probes on %s", theme)
	}
}

func TestNoSettingThatARealServerRefusesIsCopied(t *testing.T) {
	t.Parallel()
	probes(t, "index setting", func(name string, answers gjson.Result) {
		key, value, ok := strings.Cut(name, "=")
		// The codecs come with a plugin, which the node of the probes lacked; DFR was probed without its options.
		if !ok || strings.HasPrefix(value, "zstd") || strings.HasPrefix(key, "index.similarity.my") || key == "index.number_of_shards" || strings.HasPrefix(key, "index.analysis") || key == "index.knn" {
			return
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range matrixVersions {
			target := parseVersion(t, version)
			source := elasticsearch(2, 3)
			if es.Compare(source, target) > 0 {
				continue
			}
			plan, err := Index(IndexInput{Name: "x", Settings: map[string]json.RawMessage{key: raw}}, source, target, Choices{KeepAllocation: true})
			if err != nil {
				t.Fatal(err)
			}
			now := ""
			gjson.GetBytes(plan.Targets[0].Body, "settings").ForEach(func(k, v gjson.Result) bool {
				if k.String() == key {
					now = v.String()
				}
				return true
			})
			if now == value && answers.Get(strings.ReplaceAll(version, ".", `\.`)).String() == "400" {
				t.Errorf("%s refuses %s, which is copied", version, name)
			}
		}
	})
}

func TestAFieldNameIsChangedExactlyWhereARealServerRefusesIt(t *testing.T) {
	t.Parallel()
	// Some names pass in a mapping, and fail in each document.
	documents := map[string]gjson.Result{}
	probes(t, "document", func(name string, answers gjson.Result) {
		field, ok := strings.CutSuffix(name, " in body")
		if name == "space key" {
			field, ok = " ", true
		}
		if ok {
			documents[field] = answers
		}
	})
	probes(t, "field name in mapping", func(name string, answers gjson.Result) {
		if !strings.HasPrefix(name, "'") {
			return
		}
		field := strings.Trim(name, "'")
		for _, version := range append([]string{"2.3.2"}, matrixVersions...) {
			target := parseVersion(t, version)
			path := strings.ReplaceAll(version, ".", `\.`)
			refused := answers.Get(path).String() == "400" || documents[field].Get(path).String() == "400" && field != "_id"
			changed := fitName(field, true, target, Choices{}) != field
			if refused != changed {
				t.Errorf("%s: %q: refused %v, changed %v", version, field, refused, changed)
			}
		}
	})
}

func TestANamedIndexIsRenamedExactlyWhereARealServerRefusesIt(t *testing.T) {
	t.Parallel()
	probes(t, "index name", func(name string, answers gjson.Result) {
		name = strings.NewReplacer("%2B", "+", "%E6%97%A5%E6%9C%AC", "日本").Replace(name)
		if strings.Contains(name, "%") || answers.Get(`2\.3\.2`).String() == "400" {
			return
		}
		for _, version := range matrixVersions {
			plan, err := Index(IndexInput{Name: name}, elasticsearch(2, 3), parseVersion(t, version), Choices{})
			if err != nil {
				t.Fatal(err)
			}
			refused := answers.Get(strings.ReplaceAll(version, ".", `\.`)).String() == "400"
			if renamed := plan.Targets[0].Name != name; renamed != refused {
				t.Errorf("%s: %s: refused %v, renamed to %s", version, name, refused, plan.Targets[0].Name)
			}
		}
	})
}

// fieldKinds are the rows of the table of types whose probes need no module that the nodes lacked.
func TestAFieldTypeReachesOnlyServersThatKnowIt(t *testing.T) {
	t.Parallel()
	probes(t, "field type", func(name string, answers gjson.Result) {
		kind, _, plain := strings.Cut(name, " ")
		if plain && kind != "string" || kind == "attachment" || kind == "murmur3" || kind == "join" || kind == "percolator" || kind == "knn_vector" || kind == "derived" || kind == "star_tree" || kind == "dense_vector" || kind == "sparse_vector" {
			return
		}
		for _, version := range matrixVersions {
			target := parseVersion(t, version)
			answer := answers.Get(strings.ReplaceAll(version, ".", `\.`)).String()
			// x-pack's types were refused by nodes without it; AWS and the default distribution have it.
			xpack := target.Product == es.Elasticsearch && strings.Contains("constant_keyword wildcard unsigned_long version histogram point shape aggregate_metric_double flattened dense_vector semantic_text", kind)
			if answer != "400" || xpack || target.Product == es.OpenSearch && strings.HasPrefix(kind, "xy_") {
				continue
			}
			plan, err := Index(IndexInput{Name: "x", Mappings: json.RawMessage(`{"doc":{"properties":{"f":{"type":"` + kind + `"}}}}`)}, elasticsearch(2, 3), target, Choices{})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(plan.Targets[0].Body), `"type":"`+kind+`"`) {
				t.Errorf("%s refuses %s, which is kept: %s", version, kind, plan.Targets[0].Body)
			}
		}
	})
}
