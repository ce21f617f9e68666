package preflight

import (
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	bowTie   = `{"f":{"type":"polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}}`
	farPoint = `{"f":{"type":"point","coordinates":[-71,91]}}`
	doubled  = `{"f":{"type":"polygon","coordinates":[[[0,0],[10,0],[10,0],[10,10],[0,10],[0,0]]]}}`
)

// TestAShapeIsToldOnlyWhereEveryServerItMayBeRefusesIt holds versions between two measured ones against both.
func TestAShapeIsToldOnlyWhereEveryServerItMayBeRefusesIt(t *testing.T) {
	t.Parallel()
	const told = "geo-shape f"
	for _, one := range []struct {
		target, document string
		refused          bool
	}{
		{"5.5.2", bowTie, true}, {"7.10.2", bowTie, false}, {"os2.19.3", bowTie, false}, {"8.5.0", bowTie, false}, {"8.15.5", bowTie, true}, {"8.19.0", bowTie, true},
		{"6.8.23", farPoint, true}, {"7.5.0", farPoint, false}, {"7.10.2", farPoint, false}, {"8.15.5", farPoint, false},
		{"7.10.2", doubled, true}, {"7.17.29", doubled, false}, {"8.5.0", doubled, false}, {"2.4.6", bowTie, false},
	} {
		found := verdict(t, version(t, one.target), body(version(t, one.target), `{"properties":{"f":{"type":"geo_shape"}}}`, ""), es.Document{ID: "1", Type: "doc", Source: []byte(one.document)})
		if slices.Contains(found, told) != one.refused {
			t.Errorf("%s on %s: %v", one.document, one.target, found)
		}
	}
}

// TestShapesWithinShapesEndSomewhere reads what would overflow a stack, or be read over and over.
func TestShapesWithinShapesEndSomewhere(t *testing.T) {
	t.Parallel()
	const levels = 200_000
	target := version(t, "7.10.2")
	for _, document := range []string{`{"f":"` + strings.Repeat("GEOMETRYCOLLECTION(", levels) + `"}`, `{"f":{"type":"polygon","coordinates":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}}`,
		`{"f":` + strings.Repeat("[", 900) + `"POINT (1 2)"` + strings.Repeat("]", 900) + `}`} {
		for _, kind := range verdict(t, target, body(target, `{"properties":{"f":{"type":"geo_shape"}}}`, ""), es.Document{ID: "1", Source: []byte(document)}) {
			if strings.HasPrefix(kind, string(GeoShape)) {
				t.Errorf("%.60s is told, which is not certain", document)
			}
		}
	}
}

func TestRingsAreClosedWhereTheFieldOrTheIndexCoerces(t *testing.T) {
	t.Parallel()
	target, open := version(t, "7.10.2"), es.Document{ID: "1", Source: []byte(`{"f":{"type":"polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2]]]}}`)}
	for _, one := range []struct {
		field, settings string
		taken           bool
	}{{`{"type":"geo_shape"}`, "", false}, {`{"type":"geo_shape","coerce":true}`, "", true}, {`{"type":"geo_shape"}`, `"index.mapping.coerce":true`, true}, {`{"type":"geo_shape","coerce":false}`, `"index.mapping.coerce":true`, false}} {
		if found := verdict(t, target, body(target, `{"properties":{"f":`+one.field+`}}`, one.settings), open); (len(found) == 0) != one.taken {
			t.Errorf("%s with %s: %v", one.field, one.settings, found)
		}
	}
}

func TestTypesThatAreNotWhollyJudgedAreNamed(t *testing.T) {
	t.Parallel()
	mapping := `{"properties":{"shape":{"type":"geo_shape"},"query":{"type":"percolator"},"vector":{"type":"dense_vector","dims":3},"knn":{"type":"knn_vector"},"range":{"type":"long_range"},"days":{"type":"date_range"},"rank":{"type":"rank_feature"},"xy":{"type":"xy_shape"}}}`
	for target, want := range map[string][]string{"7.10.2": {"dense_vector", "geo_shape", "knn_vector", "percolator", "xy_shape"}, "8.15.5": {"geo_shape", "knn_vector", "percolator", "xy_shape"},
		"8.19.0": {"date_range", "geo_shape", "knn_vector", "percolator", "xy_shape"}} {
		schema, err := NewSchema(SchemaInput{Index: "i", Source: version(t, target), Target: version(t, target), Body: body(version(t, target), mapping, "")})
		if err != nil {
			t.Fatal(err)
		}
		if got := schema.Unchecked(); !slices.Equal(got, want) {
			t.Errorf("%s: %v", target, got)
		}
	}
}
