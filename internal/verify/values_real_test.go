package verify_test

// values_real_test.go answers: are the values of nested objects, points and addresses of two real clusters found equal where
// they are, and different where they are not?

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/verify"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// manyObjects is more nested objects than a target since 6.0 gives of one document.
const manyObjects = 130

// valueMapping is the index on a version, with some texts replaced; BARE stands where a source has no doc values.
func valueMapping(version es.Version, replace ...string) string {
	keyword := `{"type":"keyword"}`
	if !version.AtLeast(5, 0) {
		keyword = `{"type":"string","index":"not_analyzed"}`
	}
	columns := `,"doc_values":true`
	point := `{"type":"geo_point"` + columns + `}`
	fields := `"day":{"type":"date","format":"dd/MM/yyyy"` + columns + `},"place":` + point + `,"bare":{"type":"geo_point"BARE},"address":{"type":"ip"` + columns + `},"yes":{"type":"boolean"},"blob":{"type":"binary"},
"many":{"type":"nested","properties":{"day":{"type":"date","format":"dd/MM/yyyy"` + columns + `},"n":{"type":"long"` + columns + `},"d":{"type":"double"` + columns + `},"k":` + keyword + `,"yes":{"type":"boolean"},"place":` + point + `,"address":{"type":"ip"` + columns + `},
"bare":{"type":"integer"BARE},"deep":{"type":"nested","properties":{"f":{"type":"float"` + columns + `}}}}}`
	fields = strings.ReplaceAll(strings.NewReplacer(replace...).Replace(fields), "BARE", columns)
	mapping := `{"properties":{` + fields + `}}`
	if !version.AtLeast(7, 0) {
		mapping = `{"log":` + mapping + `}`
	}
	return `{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":` + mapping + `}`
}

// valueDocument is one of them: none to five nested objects, and one document with a great many.
func valueDocument(i int) string {
	objects := make([]string, i%6)
	if i == manyObjects {
		objects = make([]string, manyObjects)
	}
	for o := range objects {
		objects[o] = valueObject(i, o)
	}
	return fmt.Sprintf(`{"day":"%02d/%02d/2015","place":[{"lat":%d.%06d,"lon":%d.%06d},[180,90],"%d.5,-0.25"],"bare":[%d.25,-%d.125],"address":["192.168.%d.1","10.0.0.1","192.168.%d.1"],"yes":[false,true,false],"blob":"AAAA","many":[%s]}`,
		1+i%12, 1+i%11, i%90, i*104729%1000000, -i%180, i*7919%1000000, i%90, i%180, i%90, i%250, i%250, strings.Join(objects, ","))
}

func valueObject(i, o int) string {
	var deep []string
	for d := range o % 3 {
		deep = append(deep, fmt.Sprintf(`{"f":%d.%d}`, o, d+i%10))
	}
	return fmt.Sprintf(`{"day":"%02d/%02d/2016","n":[%d,%d,%d],"d":%d.1,"k":["b","a","a","é%d"],"yes":[true,%t,true],"place":[[%d.%06d,-%d.%06d],{"lat":89.9%d,"lon":-180}],"address":["10.0.0.%d","10.0.%d.1","10.0.0.%d"],"bare":[%d,3],"deep":[%s]}`,
		1+o%12, 1+i%12, o%7, 9007199254740993+i, o%7, i, o%4, o%2 == 0, i%180, o*7919, i%90, i*104729%1000000, o, o%250, i%250, o%250, i, strings.Join(deep, ","))
}

type valueNode struct {
	t       *testing.T
	url     string
	version es.Version
}

func newValueNode(t *testing.T, url string) valueNode {
	t.Helper()
	return valueNode{t, url, newSide(t, url).dialect.Version}
}

func (n valueNode) docType() string {
	if !n.version.AtLeast(7, 0) {
		return "log"
	}
	return "_doc"
}

func (n valueNode) fill(index, mapping string, documents int) {
	n.t.Helper()
	labtest.Call(n.t, http.MethodPut, n.url+"/"+index, mapping)
	var body strings.Builder
	for i := range documents {
		kind := `,"_type":"log"`
		if n.version.AtLeast(7, 0) {
			kind = ""
		}
		fmt.Fprintf(&body, `{"index":{"_index":%q%s,"_id":"%d"}}`+"\n%s\n", index, kind, i, valueDocument(i))
		if i%17 == 16 { // several segments
			n.bulk(&body)
		}
	}
	n.bulk(&body)
}

func (n valueNode) bulk(body *strings.Builder) {
	n.t.Helper()
	if answer := labtest.Call(n.t, http.MethodPost, n.url+"/_bulk?refresh=true", body.String()+"\n"); strings.Contains(answer, `"error"`) {
		n.t.Fatal(answer[:min(len(answer), 900)])
	}
	body.Reset()
}

// put writes a document over one of the same version, which no version of the document tells.
func (n valueNode) put(index, id, source string) {
	n.t.Helper()
	labtest.Call(n.t, http.MethodPut, n.url+"/"+index+"/"+n.docType()+"/"+id+"?version=1&version_type=external_gte&refresh=true", source)
}

func TestValuesOfNestedObjectsPointsAndAddressesAreCompared(t *testing.T) {
	for _, versions := range [][2]string{{"2.3.2", "5.5.2"}, {"2.3.2", "7.10.2"}, {"5.5.2", "os2.19.3"}, {"1.7.6", "2.4.6"}, {"2.4.6", "6.8.23"}, {"6.8.23", "8.19.0"}, {"7.10.2", "os3.3.0"}} {
		t.Run(versions[0]+" to "+versions[1], func(t *testing.T) {
			labtest.Rare(t, versions[0])
			labtest.Rare(t, versions[1])
			folder := t.TempDir()
			from, to := labtest.Pair(t, versions[0], versions[1], folder)
			values(t, newValueNode(t, from.URL()), newValueNode(t, to.URL()), folder)
		})
	}
}

func values(t *testing.T, source, target valueNode, folder string) {
	const documents, deleted = manyObjects + 10, 5
	source.fill("logs", valueMapping(source.version, "BARE", `,"doc_values":false`), documents)
	// Dead blocks stand between living ones.
	labtest.Call(t, http.MethodDelete, source.url+"/logs/"+source.docType()+"/"+strconv.Itoa(deleted), "")
	source.put("logs", "11", valueDocument(11))
	target.fill("logs", valueMapping(target.version), documents)

	where := filepath.Join(folder, "repository")
	labtest.Call(t, http.MethodPut, source.url+"/_snapshot/r", fmt.Sprintf(`{"type":"fs","settings":{"location":%q}}`, where))
	labtest.Call(t, http.MethodPut, source.url+"/_snapshot/r/s?wait_for_completion=true", `{"indices":"logs"}`)
	storage, err := snapshot.OpenFolder(where)
	if err != nil {
		t.Fatal(err)
	}
	repository, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := repository.Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	reader := export.NewReader(t.Context(), repository, info)
	client := newSide(t, target.url).Client
	compare := func(index string) verify.ValueReport {
		t.Helper()
		const all = 100_000
		report, err := verify.CompareValues(t.Context(), reader, client, verify.ValuePair{SourceIndex: "logs", TargetIndex: index, Source: source.version}, verify.SampleOf(t.Context(), reader, "logs", all))
		if err != nil {
			t.Fatal(err)
		}
		return report
	}

	report := compare("logs")
	t.Logf("%+v", report)
	wanted, nested := 0, 0
	for i := range documents {
		if i == deleted {
			continue
		}
		wanted += 5
		if i%6 > 0 {
			nested++
			wanted += 8
		}
		if i%6 > 1 {
			wanted++ // those have some deeper inside
		}
	}
	if target.version.AtLeast(6, 0) {
		wanted--
	}
	if report.Documents != documents-1 || report.Differing != 0 || report.Values != wanted || report.Fields != 14 {
		t.Errorf("%d values and not %d: %+v", report.Values, wanted, report)
	}
	// Points of the document with a great many nested objects are beyond what targets since 6.0 give.
	beyond := slices.ContainsFunc(report.LeftOut, func(l verify.LeftOut) bool {
		return l.Values == 1 && slices.Equal(l.Fields, []string{"many.place"}) && strings.Contains(l.Reason, "index.max_inner_result_window")
	})
	if beyond != target.version.AtLeast(6, 0) || !slices.ContainsFunc(report.LeftOut, func(l verify.LeftOut) bool { return slices.Contains(l.Fields, "blob") && l.Values == documents-1 }) {
		t.Errorf("%+v", report.LeftOut)
	}

	t.Run("nested dates are other days", func(t *testing.T) {
		const field = `"many":{"type":"nested","properties":{"day":{"type":"date","format":"`
		target.fill("other-days", valueMapping(target.version, field+"dd/MM", field+"MM/dd"), documents)
		report := compare("other-days")
		if report.Differing != nested {
			t.Errorf("%d documents differ and not %d: %+v", report.Differing, nested, report.Differences)
		}
		for _, difference := range report.Differences {
			number, err := strconv.Atoi(difference.ID)
			month := 1 + number%12
			if err != nil || difference.Field != "many.day" || len(difference.Source) == 0 || len(difference.Target) == 0 || difference.Source[0] != fmt.Sprintf("2016-%02d-01T00:00:00.000Z", month) || difference.Target[0] != fmt.Sprintf("2016-01-%02dT00:00:00.000Z", month) {
				t.Errorf("%s", difference)
			}
		}
	})
	for _, one := range []struct{ name, id, field, right, wrong string }{
		{"a point is moved by three units", "7", "place", `"7.5,-0.25"`, `"7.5,-0.2499995"`},
		{"a point without columns on the source is moved", "8", "bare", `[8.25,-8.125]`, `[8.25,-8.1250003]`},
		{"a nested point is moved by three units", "1", "many.place", `"lon":-180`, `"lon":-179.9999995`},
		{"an address is another one", "9", "address", `"10.0.0.1"`, `"10.0.0.2"`},
		{"an address is missing", "9", "address", `"10.0.0.1",`, ``},
		{"a nested address is another one", "1", "many.address", `"10.0.1.1"`, `"10.0.1.2"`},
		{"a number deep inside is another one", "4", "many.deep.f", `"f":2.4`, `"f":2.375`},
		{"a nested number without columns is another one", "8", "many.bare", `[8,3]`, `[8,4]`},
		{"one of the nested objects is there twice", "2", "many.n", valueObject(2, 0), valueObject(2, 0) + "," + valueObject(2, 0)},
		{"a number among a great many objects is another one", fmt.Sprint(manyObjects), "many.d", `"d":130.1,`, `"d":130.2,`},
		{"a keyword among a great many objects is another one", fmt.Sprint(manyObjects), "many.k", `"é3"`, `"é4"`},
	} {
		t.Run(one.name, func(t *testing.T) {
			number, err := strconv.Atoi(one.id)
			if err != nil {
				t.Fatal(err)
			}
			right := valueDocument(number)
			wrong := strings.Replace(right, one.right, one.wrong, 1)
			if wrong == right {
				t.Fatalf("nothing is wrong with %s", right)
			}
			target.put("logs", one.id, wrong)
			report := compare("logs")
			target.put("logs", one.id, right)
			if !slices.ContainsFunc(report.Differences, func(d verify.ValueDifference) bool { return d.Field == one.field && d.ID == one.id }) {
				t.Errorf("%+v", report)
			}
			for _, difference := range report.Differences {
				if difference.ID != one.id || difference.Field != one.field && one.field != "many.n" {
					t.Errorf("%s", difference)
				}
			}
		})
	}
	if report := compare("logs"); report.Differing != 0 {
		t.Errorf("%+v", report.Differences)
	}
	if !target.version.AtLeast(7, 7) {
		return
	}
	t.Run("nested queries are refused", func(t *testing.T) {
		labtest.Call(t, http.MethodPut, target.url+"/_cluster/settings", `{"transient":{"search.allow_expensive_queries":false}}`)
		report := compare("logs")
		points := nested - 1 // one fewer was compared in any case
		if report.Documents != documents-1 || report.Differing != 0 || report.Values != wanted-points || !slices.ContainsFunc(report.LeftOut, func(l verify.LeftOut) bool { return l.Values == nested }) {
			t.Errorf("%+v", report)
		}
		if report := compare("other-days"); report.Differing != nested {
			t.Errorf("%+v", report)
		}
	})
}
