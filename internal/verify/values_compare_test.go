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
	var report ValueReport
	if fields := report.comparableFields(there, here); !reflect.DeepEqual(fields, []string{"a.c.n", "a.n", "same"}) {
		t.Errorf("%v", fields)
	}
	told := map[string]bool{}
	for _, left := range report.LeftOut {
		told[left.String()] = true
	}
	for _, want := range []string{
		"values of a.b.n were not compared: include_in_parent puts its values into other nested objects too",
		"values of bare were not compared: the target keeps no doc values of it",
		"values of flat.n were not compared: it lies in other nested objects on the target than on the source",
		"values of gone were not compared: the target's mapping has no field of this name",
		"values of mixed were not compared: types of the index disagree about it",
		"values of other were not compared: it is long on the source and keyword on the target",
		"values of shape were not compared: values of type geo_shape are not compared",
	} {
		if !told[want] {
			t.Errorf("%q is not told", want)
		}
	}
	if len(told) != 7 {
		t.Errorf("%v", told)
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
