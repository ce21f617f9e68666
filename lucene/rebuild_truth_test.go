package lucene_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/lucene"
)

// mappingTypes reads the types of an index's fields out of its mapping, one of any document type.
func mappingTypes(t *testing.T, mapping map[string]any) lucene.FieldTypes {
	t.Helper()
	types := lucene.FieldTypes{}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for _, group := range []string{"properties", "fields"} {
			fields, _ := node[group].(map[string]any)
			for name, v := range fields {
				field := v.(map[string]any)
				typ, _ := field["type"].(string)
				if typ == "" {
					typ = "object"
				}
				if format, ok := field["format"].(string); ok && typ == "date" {
					typ += ":" + format
				}
				if factor, ok := field["scaling_factor"].(float64); ok {
					typ += ":" + strconv.FormatFloat(factor, 'g', -1, 64)
				}
				types[prefix+name] = typ
				walk(prefix+name+".", field)
			}
		}
	}
	if mapping["properties"] != nil {
		walk("", mapping)
	}
	for _, v := range mapping {
		if typed, ok := v.(map[string]any); ok && typed["properties"] != nil {
			walk("", typed)
		}
	}
	return types
}

func readMappings(t *testing.T, version string) map[string]map[string]lucene.FieldTypes {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(recordings.Folder(t, version), "truth-meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Snapshots map[string]struct {
			Mappings map[string]struct{ Mappings map[string]any }
		}
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]lucene.FieldTypes{}
	for snap, s := range meta.Snapshots {
		all[snap] = map[string]lucene.FieldTypes{}
		for index, m := range s.Mappings {
			all[snap][index] = mappingTypes(t, m.Mappings)
		}
	}
	return all
}

// leaves flattens JSON into path -> values as text.
func leaves(t *testing.T, source []byte, types lucene.FieldTypes) map[string][]string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out := map[string][]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if m, ok := v.(map[string]any); ok && types[path] != "geo_point" {
			for k, inner := range m {
				walk(strings.TrimPrefix(path+"."+k, "."), inner)
			}
			return
		}
		if list, ok := v.([]any); ok && types[path] != "geo_point" {
			for _, inner := range list {
				walk(path, inner)
			}
			return
		}
		if v != nil {
			out[path] = append(out[path], canonicalValue(types[path], v))
		}
	}
	walk("", v)
	for path := range out {
		slices.Sort(out[path])
		out[path] = slices.Compact(out[path])
	}
	return out
}

// canonicalValue writes a value the way its type sees it.
func canonicalValue(typ string, v any) string {
	typ, _, _ = strings.Cut(typ, ":")
	s := fmt.Sprint(v)
	switch typ {
	case "float", "double", "half_float", "scaled_float":
		f, err := strconv.ParseFloat(s, 64)
		if err == nil && typ == "double" {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
		if err == nil {
			return strconv.FormatFloat(float64(float32(f)), 'g', 6, 32)
		}
	case "date", "date_nanos":
		if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
			return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano)
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02T15:04:05", "2006/01/02 15:04:05"} {
			if at, err := time.Parse(layout, s); err == nil {
				return at.UTC().Format(time.RFC3339Nano)
			}
		}
	case "ip":
		if a, err := netip.ParseAddr(s); err == nil {
			return a.Unmap().String()
		}
	case "geo_point":
		var lat, lon float64
		switch v := v.(type) {
		case []any:
			lon, _ = v[0].(json.Number).Float64()
			lat, _ = v[1].(json.Number).Float64()
		case map[string]any:
			lon, _ = v["lon"].(json.Number).Float64()
			lat, _ = v["lat"].(json.Number).Float64()
		}
		return fmt.Sprintf("%.0f,%.0f", math.Round(lat*1e4), math.Round(lon*1e4))
	}
	return s
}

// exactTypes are those whose values doc values or stored fields give back as they were.
var exactTypes = []string{"long", "integer", "short", "byte", "double", "float", "half_float", "date", "date_nanos",
	"boolean", "ip", "keyword", "geo_point", "binary", "string", "text"}

func TestRebuiltSourcesHaveTheValuesOfTheRealOnes(t *testing.T) {
	for _, v := range versions {
		t.Run(v, func(t *testing.T) {
			if testing.Short() && !slices.Contains([]string{"2.3.2", "5.5.2", "8.19.0"}, v) {
				t.Skip("-short: three versions stand for all")
			}
			t.Parallel()
			rebuildRecording(t, v)
		})
	}
}

func rebuildRecording(t *testing.T, version string) {
	ctx := context.Background()
	mappings := readMappings(t, version)
	sourceless := map[string]*truthDoc{}
	for _, d := range readTruth(t, version)["s3"] {
		if d.Source == nil {
			sourceless[d.Index+"/"+d.ID] = d
		}
	}
	compared, lost, rebuilt := map[string]int{}, map[string]int{}, 0
	eachShard(t, version, func(snap, index string, shard int, dir lucene.Directory) {
		if snap != "s3" {
			return
		}
		types := mappings[snap][index]
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
				source := bytes.Clone(d.Source)
				if d.SourceKind != lucene.SourceJSON && source != nil {
					return nil
				}
				d.Source = nil
				got, err := r.Rebuild(d)
				if err != nil {
					return err
				}
				rebuilt++
				if !d.Rebuilt || !json.Valid(got.Source) {
					t.Fatalf("%s %s: rebuilt %v: %s", index, d.ID, d.Rebuilt, got.Source)
				}
				have := leaves(t, got.Source, types)
				if source == nil || d.Recovery {
					want := sourceless[index+"/"+string(d.ID)]
					delete(sourceless, index+"/"+string(d.ID))
					if source == nil {
						checkStored(t, want, got.Source)
					}
					return nil
				}
				for path, want := range leaves(t, source, types) {
					typ, _, _ := strings.Cut(types[path], ":")
					if !slices.Contains(exactTypes, typ) {
						continue
					}
					if slices.Contains(got.Lost, path) || slices.ContainsFunc(got.Lost, func(p string) bool { return strings.HasPrefix(path, p+".") }) {
						lost[typ]++
						continue
					}
					compared[typ]++
					if !slices.Equal(have[path], want) && (len(have[path]) > 0 || typ != "text" && typ != "keyword") {
						t.Errorf("%s %s, %s %s: %.200q, want %.200q", index, d.ID, typ, path, have[path], want)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatalf("%s %s: %v", index, seg.Name(), err)
			}
		}
	})
	for key := range sourceless {
		t.Errorf("%s: has no source and was not rebuilt", key)
	}
	t.Logf("%d rebuilt; values compared %v, lost %v", rebuilt, compared, lost)
	if rebuilt < 7000 || compared["long"]+lost["long"] == 0 {
		t.Errorf("%d documents rebuilt, %v", rebuilt, compared)
	}
}

// checkStored compares a document without a source with the stored fields that the cluster gave for it.
func checkStored(t *testing.T, want *truthDoc, source []byte) {
	t.Helper()
	if want == nil {
		t.Errorf("rebuilt %s, of which the truth knows nothing", source)
		return
	}
	var have map[string]json.RawMessage
	var stored map[string][]json.RawMessage
	if err := json.Unmarshal(source, &have); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want.Fields, &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored) == 0 {
		t.Errorf("%s: no stored fields in the truth", want.ID)
	}
	for name, values := range stored {
		var a, b any
		if json.Unmarshal(have[name], &a) != nil || json.Unmarshal(values[0], &b) != nil || a != b {
			t.Errorf("%s: %s is %s, want %s", want.ID, name, have[name], values[0])
		}
	}
}
