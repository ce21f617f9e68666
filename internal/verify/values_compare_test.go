package verify

import (
	"reflect"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func TestAFieldThatTheMappingGotLaterIsLeftOutWhereTheSourceHasNoValue(t *testing.T) {
	t.Parallel()
	var report ValueReport
	document := &sampledDocument{id: "1"}
	later, own := valueField{typ: "keyword", multi: true}, valueField{typ: "keyword"}
	report.compare(document, "k.raw", later, later, nil, []string{"a"}, nil)
	report.compare(document, "k.raw", later, later, nil, nil, nil)
	report.compare(document, "k.raw", later, later, []string{"a"}, []string{"a"}, nil)
	report.compare(document, "k", own, own, nil, []string{"a"}, nil)
	if report.Values != 2 || report.Differing != 1 || len(report.LeftOut) != 1 || report.LeftOut[0].Values != 1 || report.LeftOut[0].Fields[0] != "k.raw" {
		t.Errorf("%+v", report)
	}
}

func TestWhatIsLeftOutIsToldByReason(t *testing.T) {
	t.Parallel()
	source := `{"log":{"properties":{"same":{"type":"long"},"text":{"type":"text"},"shape":{"type":"geo_shape"},"gone":{"type":"date"},"other":{"type":"long"},"bare":{"type":"long"},"flat":{"properties":{"n":{"type":"long"}}},
"a":{"type":"nested","properties":{"n":{"type":"long"},"b":{"type":"nested","include_in_parent":true,"properties":{"n":{"type":"long"}}},"c":{"type":"nested","include_in_root":true,"properties":{"n":{"type":"long"}}}}}}}}`
	target := `{"properties":{"same":{"type":"long"},"text":{"type":"text"},"shape":{"type":"geo_shape"},"other":{"type":"keyword"},"bare":{"type":"long","doc_values":false},"flat":{"type":"nested","properties":{"n":{"type":"long"}}},
"a":{"type":"nested","properties":{"n":{"type":"long"},"b":{"type":"nested","include_in_parent":true,"properties":{"n":{"type":"long"}}},"c":{"type":"nested","include_in_root":true,"properties":{"n":{"type":"long"}}}}}}}`
	there, here := map[string]valueField{}, map[string]valueField{}
	valueFields([]byte(source), there)
	valueFields([]byte(`{"user":{"properties":{"mixed":{"type":"long"}}},"order":{"properties":{"mixed":{"type":"date"}}}}`), there)
	valueFields([]byte(target), here)
	fields, others := comparableFields(there, here)
	if !reflect.DeepEqual(fields, []string{"a.c.n", "a.n", "same"}) {
		t.Errorf("%v", fields)
	}
	if want := map[string]string{
		"a.b.n":  "include_in_parent puts them into other nested objects too",
		"bare":   "the target keeps no doc values of it",
		"flat.n": "it lies in other nested objects on the target than on the source",
		"gone":   "the target's mapping has no field of this name",
		"mixed":  "types of the index disagree about it",
		"other":  "it is long on the source and keyword on the target",
		"shape":  "those of type geo_shape are not",
	}; !reflect.DeepEqual(others, want) {
		t.Errorf("%v", others)
	}
	var report ValueReport
	for _, path := range []string{"g", "a", "f", "b", "e", "c", "d", "a"} {
		report.leave(path, others["gone"])
	}
	report.leave("a", others["bare"])
	if len(report.LeftOut) != 2 || report.LeftOut[0].String() != "1 values of a were not compared: the target keeps no doc values of it" || report.LeftOut[1].String() != "8 values of a, b, c, d, e and 2 more were not compared: the target's mapping has no field of this name" {
		t.Errorf("%v", report.LeftOut)
	}
}

func TestPointsAreKeptAsTheVersionThatMadeTheIndexKeepsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pointForm{"1.7.6": exactPoints, "2.1.2": exactPoints, "2.2.0": mortonPoints, "2.4.6": mortonPoints, "5.0.0": latLonPoints, "8.19.0": latLonPoints} {
		version, err := es.ParseVersion(text)
		if err != nil || pointFormOf(version) != want {
			t.Errorf("%s: %d %v", text, pointFormOf(version), err)
		}
	}
	if pointFormOf(es.Version{Product: es.OpenSearch, Major: 1, Minor: 3}) != latLonPoints {
		t.Error("OpenSearch 1.3 is taken for Elasticsearch 1.3")
	}
}
