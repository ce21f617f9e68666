package lucene_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/lucene"
)

// syntheticMapping has a field of each kind that Elasticsearch keeps in its own way under a synthetic source.
const syntheticMapping = `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"_source":{"mode":"synthetic"},"dynamic":false,"properties":{
"kw":{"type":"keyword"},"cut":{"type":"keyword","ignore_above":5},
"txt":{"type":"text","fields":{"raw":{"type":"keyword"}}},"kept":{"type":"text","store":true},
"long":{"type":"long"},"dbl":{"type":"double"},"flt":{"type":"float"},"half":{"type":"half_float"},"flag":{"type":"boolean"},
"when":{"type":"date"},"nanos":{"type":"date_nanos"},"day":{"type":"date","format":"yyyy-MM-dd"},
"ip":{"type":"ip"},"geo":{"type":"geo_point"},"bin":{"type":"binary","doc_values":true},
"num":{"type":"integer","ignore_malformed":true},
"obj":{"properties":{"a":{"properties":{"b":{"type":"keyword"},"c":{"type":"long"}}}}},
"off":{"type":"object","enabled":false},
"people":{"type":"nested","properties":{"name":{"type":"keyword"},"age":{"type":"long"},
  "pets":{"type":"nested","properties":{"kind":{"type":"keyword"}}}}}}}}`

func syntheticDocs() []string {
	docs := []string{
		`{"kw":"one","cut":"much too long","txt":"Hello World","kept":"kept \"text\"","long":-5,"dbl":-0.25,"flt":1.1,"half":1.5,"flag":true}`,
		`{"kw":["b","a","b"],"cut":["ok","far too long"],"txt":["two","one"],"kept":["x","a"],"long":[3,1,2],"dbl":[1e300,2],"flag":[true,false]}`,
		`{"when":"2017-09-10T21:01:58.836Z","nanos":"2018-10-29T12:12:12.123456789Z","day":"2020-02-29","ip":["10.0.0.1","2001:db8::1"],"geo":{"lat":35.68,"lon":139.76}}`,
		`{"bin":"AQID","num":"not a number","obj":{"a":{"b":"x","c":7}}}`,
		`{"num":[5,"bad"],"obj":[{"a":{"b":"x"}},{"a":{"b":"y"}}],"off":{"any":[{"thing":1},null,"日本"]},"フリー":{"é😀":[1,"two",3.5]}}`,
		`{"people":[{"name":"Ann","age":30},{"name":"Bob","age":40,"pets":[{"kind":"cat"},{"kind":"dog"}]}],"kw":"nested"}`,
		`{"people":{"name":"Cat","pets":{"kind":"cow"}}}`,
		`{}`,
		`{"free":12345678901234567890,"free2":1.10,"free3":null,"free4":true,"free5":{"x":{}}}`,
	}
	for i := range 200 {
		docs = append(docs, fmt.Sprintf(`{"kw":"k%d","long":%d,"people":[{"name":"n%d","age":%d}],"num":"x%d"}`, i%7, i, i, i%90, i))
	}
	return docs
}

func TestSyntheticSourcesOfARealNodeAreRebuilt(t *testing.T) {
	for _, version := range []string{"8.15.5", "8.19.0"} {
		t.Run(version, func(t *testing.T) {
			data := t.TempDir()
			node := labtest.NodeWith(t, lab.Options{Version: version, DataDir: data})
			labtest.Call(t, http.MethodPut, node.URL()+"/synth", syntheticMapping)
			for i, doc := range syntheticDocs() {
				labtest.Call(t, http.MethodPut, node.URL()+fmt.Sprintf("/synth/_doc/%d", i), doc)
			}
			labtest.Call(t, http.MethodPut, node.URL()+"/synth/_doc/0", syntheticDocs()[0])
			labtest.Call(t, http.MethodPost, node.URL()+"/synth/_flush?force=true", "")
			labtest.Call(t, http.MethodPost, node.URL()+"/synth/_refresh", "")
			truth := map[string]json.RawMessage{}
			for i, doc := range syntheticDocs() {
				id := fmt.Sprint(i)
				status, out := labtest.Ask(t, http.MethodGet, node.URL()+"/synth/_doc/"+id+"?realtime=false", "")
				var found struct {
					Source json.RawMessage `json:"_source"`
				}
				switch {
				case status == http.StatusOK && json.Unmarshal([]byte(out), &found) == nil:
					truth[id] = found.Source
				case strings.Contains(out, "Can't decode"):
					truth[id] = json.RawMessage(doc) // Elasticsearch can't read names that aren't ASCII back itself
				default:
					t.Fatalf("document %s: %d %.500s", id, status, out)
				}
			}
			var mapping struct{ Mappings map[string]any }
			if err := json.Unmarshal([]byte(syntheticMapping), &mapping); err != nil {
				t.Fatal(err)
			}
			rebuildFolder(t, shardFolder(t, data), mappingTypes(t, mapping.Mappings), truth)
		})
	}
}

// shardFolder finds the one Lucene index below a node's data.
func shardFolder(t *testing.T, data string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), "segments_") && strings.Contains(path, "indices") {
			found = append(found, filepath.Dir(path))
		}
		return err
	})
	found = slices.Compact(found)
	if err != nil || len(found) != 1 {
		t.Fatalf("shards %v, %v", found, err)
	}
	return found[0]
}

func rebuildFolder(t *testing.T, folder string, types lucene.FieldTypes, truth map[string]json.RawMessage) {
	t.Helper()
	dir, err := lucene.OpenFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	ctx := context.Background()
	commit, err := lucene.OpenCommit(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range commit.Segments {
		seg, err := commit.Segment(ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		r, err := seg.Rebuilder(types)
		if err != nil {
			t.Fatal(err)
		}
		err = seg.Scan(ctx, lucene.ScanOptions{}, func(d *lucene.Document) error {
			original := bytes.Clone(d.Source)
			d.Source = nil
			got, err := r.Rebuild(d)
			if err != nil {
				return err
			}
			want := truth[string(d.ID)]
			delete(truth, string(d.ID))
			have, wanted := leaves(t, got.Source, types), leaves(t, want, types)
			for path, values := range wanted {
				if !slices.Equal(have[path], values) {
					t.Errorf("%s: %s is %q, want %q; lost %v\n  %s\n  %s", d.ID, path, have[path], values, got.Lost, got.Source, want)
				}
				delete(have, path)
			}
			if len(have) > 0 {
				t.Errorf("%s: too much: %v\n  %s\n  %s", d.ID, have, got.Source, want)
			}
			if original != nil && !d.Recovery {
				t.Errorf("%s: had a source: %s", d.ID, original)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(truth) > 0 {
		t.Errorf("%d documents not found", len(truth))
	}
}
