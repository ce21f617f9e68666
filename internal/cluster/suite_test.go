package cluster_test

// suite_test.go answers: does every call work, and is every known failure recognised, on real nodes of every version?
// One suite, many versions. What needs two versions at once is in across_test.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// versions of the suite; the first two are the classic move.
var versions = []string{"2.3.2", "5.5.2", "6.8.23", "1.7.6", "7.10.2", "8.15.5", "os2.19.3"}

// bench is one real node with what the tests know of it.
type bench struct {
	*cluster.Client
	t       *testing.T
	ctx     context.Context
	dialect cluster.Dialect
	folder  string // below it lie its repositories
}

func newBench(t *testing.T, url, folder string) *bench {
	t.Helper()
	client, err := cluster.New(cluster.Config{URL: url, Retries: 1, OnRetry: func(event cluster.RetryEvent) {
		t.Logf("repeat %s %s: %v", event.Method, event.Path, event.Cause)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	dialect, err := client.Dialect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Client: client, t: t, ctx: t.Context(), dialect: dialect, folder: folder}
}

// need fails the test on an error that wasn't foreseen.
func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind wants an error of a kind, with words and a hint for a person.
func wantKind(t *testing.T, err, kind error, words string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v\nwant kind %q", err, kind)
	}
	if !strings.Contains(err.Error(), words) {
		t.Fatalf("got %v\nwant the words %q", err, words)
	}
	if cluster.HintOf(err) == "" {
		t.Fatalf("%v: has no hint", err)
	}
}

// index makes an index of so many shards without replicas.
func (b *bench) index(name string, shards int, more string) {
	b.t.Helper()
	// Not waited for: some of these indices have shards that nobody takes.
	_, err := b.Do(b.ctx, "PUT", cluster.Path(name), url.Values{"wait_for_active_shards": {"0"}}, []byte(fmt.Sprintf(`{"settings":{"number_of_shards":%d,"number_of_replicas":0%s}}`, shards, more)))
	need(b.t, err)
}

// line is one index action for a bulk body.
func (b *bench) line(index, id, routing, source string) string {
	meta := map[string]string{"_index": index, "_id": id}
	if b.dialect.TypesInURL {
		meta["_type"] = "doc"
	}
	if routing != "" {
		key := "_routing"
		if b.dialect.Version.AtLeast(7, 0) {
			key = "routing"
		}
		meta[key] = routing
	}
	encoded, err := json.Marshal(map[string]any{"index": meta})
	need(b.t, err)
	return string(encoded) + "\n" + source + "\n"
}

func (b *bench) bulk(lines ...string) cluster.BulkResult {
	b.t.Helper()
	result, err := b.Bulk(b.ctx, []byte(strings.Join(lines, "")), cluster.BulkOptions{Gzip: b.dialect.GzipRequests})
	need(b.t, err)
	return result
}

// fill writes so many documents and refreshes.
func (b *bench) fill(index string, count int) {
	b.t.Helper()
	var body strings.Builder
	for i := range count {
		body.WriteString(b.line(index, fmt.Sprintf("d%d", i), "", fmt.Sprintf(`{"n":%d}`, i)))
	}
	if result := b.bulk(body.String()); result.Failed > 0 {
		b.t.Fatalf("fill %s: %+v", index, result.Items)
	}
	need(b.t, b.Refresh(b.ctx, index))
}

// repository registers a fresh fs repository.
func (b *bench) repository(name string, more ...string) {
	b.t.Helper()
	repository := cluster.FSRepository(filepath.Join(b.folder, name), false)
	for i := 0; i+1 < len(more); i += 2 {
		repository.Settings[more[i]] = more[i+1]
	}
	need(b.t, b.RegisterRepository(b.ctx, name, repository, true))
}

func (b *bench) snapshot(repository, name string, indices ...string) {
	b.t.Helper()
	need(b.t, b.CreateSnapshot(b.ctx, repository, name, cluster.CreateOptions{Indices: indices}))
	snapshot, err := b.WaitSnapshot(b.ctx, repository, name, nil)
	need(b.t, err)
	if len(snapshot.Indices) != len(indices) {
		b.t.Fatalf("snapshot holds %v, wanted %v", snapshot.Indices, indices)
	}
}

func TestEveryCallWorksOnEveryVersion(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			labtest.Rare(t, version)
			folder := t.TempDir()
			node := labtest.Node(t, version, folder)
			for _, part := range []struct {
				name string
				run  func(*bench)
			}{
				{"the version is detected", theVersionIsDetected},
				{"facts of indices are read, closed ones too", factsAreRead},
				{"a bulk answers for each item", aBulkAnswersForEachItem},
				{"a scan gives back every byte, with routing and version", aScanGivesBackEveryByte},
				{"a scan by shards and slices meets every document once", aScanByShardsMeetsEveryDocument},
				{"the folders for repositories are told", foldersForRepositoriesAreTold},
				{"an index is read in units, each document once", anIndexIsReadInUnits},
				{"a reading survives a lost view", aReadingSurvivesALostView},
				{"refusals of indices are named", refusalsOfIndicesAreNamed},
				{"a snapshot is taken, followed, restored and deleted", aSnapshotIsTakenAndRestored},
				{"failures of repositories are named", failuresOfRepositoriesAreNamed},
				{"failures of snapshots are named", failuresOfSnapshotsAreNamed},
				{"failures of restores are named", failuresOfRestoresAreNamed},
			} {
				t.Run(part.name, func(t *testing.T) { part.run(newBench(t, node.URL(), folder)) })
			}
		})
	}
}

func theVersionIsDetected(b *bench) {
	info, err := b.Detect(b.ctx)
	need(b.t, err)
	want := strings.TrimPrefix(strings.Split(b.t.Name(), "/")[1], "os")
	if got := fmt.Sprintf("%d.%d.%d", info.Version.Major, info.Version.Minor, info.Version.Patch); got != want {
		b.t.Errorf("version %s, want %s", got, want)
	}
	if product := info.Version.Product == es.OpenSearch; product != strings.Contains(b.t.Name(), "/os") {
		b.t.Errorf("product %v", info.Version.Product)
	}
	if info.ClusterName == "" || info.AWS {
		b.t.Errorf("info %+v", info)
	}
	b.t.Logf("%+v", info)
	health, err := b.Health(b.ctx)
	need(b.t, err)
	if health.Status == "" || health.Nodes != 1 {
		b.t.Errorf("health %+v", health)
	}
	disk, err := b.Disk(b.ctx)
	need(b.t, err)
	if !disk.Known || disk.Available <= 0 || disk.Total < disk.Available {
		b.t.Errorf("disk %+v", disk)
	}
	const setting = "cluster.routing.allocation.node_concurrent_recoveries"
	need(b.t, b.PutClusterSettings(b.ctx, map[string]any{setting: 3}))
	persistent, _, ok, err := b.ClusterSettings(b.ctx)
	need(b.t, err)
	if !ok || persistent[setting] != "3" {
		b.t.Errorf("cluster settings %v, offered %v", persistent, ok)
	}
}

func factsAreRead(b *bench) {
	b.index("facts-open", 3, "")
	b.index("facts-closed", 2, "")
	b.fill("facts-open", 7)
	b.fill("facts-closed", 2)
	need(b.t, b.Flush(b.ctx, "facts-open", "facts-closed"))
	_, err := b.WaitHealth(b.ctx, "green", time.Minute, "facts-open", "facts-closed")
	need(b.t, err)
	before, err := b.Stats(b.ctx, "facts-open")
	need(b.t, err)
	b.fill("facts-open", 3)
	after, err := b.Stats(b.ctx, "facts-open")
	need(b.t, err)
	if grown := after["facts-open"].Writes.Indexed - before["facts-open"].Writes.Indexed; grown != 3 {
		b.t.Errorf("write counter grew by %d, want 3", grown)
	}
	need(b.t, b.CloseIndex(b.ctx, "facts-closed"))
	yes := true
	action := cluster.AliasAction{Add: &cluster.Alias{Index: "facts-open", Alias: "facts", Filter: json.RawMessage(`{"term":{"n":1}}`)}}
	if b.dialect.Version.AtLeast(6, 7) {
		action.Add.IsWriteIndex = &yes
	}
	need(b.t, b.UpdateAliases(b.ctx, action))
	need(b.t, b.PutTemplate(b.ctx, cluster.LegacyTemplate, "facts-template", []byte(fmt.Sprintf(`{%q:%s,"settings":{"number_of_shards":1}}`,
		b.dialect.TemplatePattern, map[bool]string{true: `"none-*"`, false: `["none-*"]`}[b.dialect.TemplatePattern == "template"]))))

	rows, err := b.Indices(b.ctx)
	need(b.t, err)
	open, closed := row(rows, "facts-open"), row(rows, "facts-closed")
	if !open.Open || open.Docs != 7 || open.Primaries != 3 || open.Replicas != 0 || open.Bytes == 0 {
		b.t.Errorf("open %+v", open)
	}
	if closed.Name == "" || closed.Open {
		b.t.Errorf("closed %+v", closed)
	}
	settings, err := b.Settings(b.ctx)
	need(b.t, err)
	if created := settings["facts-closed"].Created; created.Product != b.dialect.Version.Product || created.Major != b.dialect.Version.Major || settings["facts-closed"].Shards != 2 || settings["facts-open"].UUID == "" {
		b.t.Errorf("settings %+v", settings["facts-closed"])
	}
	mappings, err := b.Mappings(b.ctx)
	need(b.t, err)
	if !bytes.Contains(mappings["facts-open"], []byte(`"n"`)) || !bytes.Contains(mappings["facts-closed"], []byte(`"n"`)) || bytes.Contains(mappings["facts-open"], []byte(`"doc"`)) != b.dialect.TypesInURL {
		b.t.Errorf("mappings %s, %s", mappings["facts-open"], mappings["facts-closed"])
	}
	aliases, err := b.Aliases(b.ctx)
	need(b.t, err)
	if !bytes.Contains(aliases["facts-open"]["facts"], []byte(`"filter"`)) || len(aliases["facts-open"]) != 1 {
		b.t.Errorf("aliases %s", aliases)
	}
	templates, err := b.Templates(b.ctx)
	need(b.t, err)
	if templates.Legacy["facts-template"] == nil {
		b.t.Errorf("templates %s", templates.Legacy)
	}
	if b.dialect.ComposableTemplates {
		need(b.t, b.PutTemplate(b.ctx, cluster.ComponentTemplate, "facts-component", []byte(`{"template":{"settings":{"number_of_replicas":0}}}`)))
		need(b.t, b.PutTemplate(b.ctx, cluster.IndexTemplate, "facts-new", []byte(`{"index_patterns":["nothing-*"],"composed_of":["facts-component"],"priority":500}`)))
		templates, err := b.Templates(b.ctx)
		need(b.t, err)
		if templates.Composable["facts-new"] == nil || templates.Components["facts-component"] == nil {
			b.t.Errorf("templates %s %s", templates.Composable, templates.Components)
		}
	}
	need(b.t, b.DeleteTemplate(b.ctx, cluster.LegacyTemplate, "facts-template"))
	need(b.t, b.DeleteTemplate(b.ctx, cluster.LegacyTemplate, "facts-template"))
	if b.dialect.Pipelines {
		need(b.t, b.PutPipeline(b.ctx, "facts-pipeline", []byte(`{"description":"none","processors":[]}`)))
	}
	pipelines, err := b.Pipelines(b.ctx)
	need(b.t, err)
	if (pipelines["facts-pipeline"] != nil) != b.dialect.Pipelines {
		b.t.Errorf("pipelines %s", pipelines)
	}
	// More names than one request's first line holds.
	many := slices.Repeat([]string{"facts-open", "facts-closed"}, 400)
	if settings, err := b.Settings(b.ctx, many...); err != nil || len(settings) != 2 {
		b.t.Errorf("many names: %d, %v", len(settings), err)
	}
	if health, err := b.Health(b.ctx, slices.Repeat([]string{"facts-open"}, 800)...); err != nil || health.Status != "green" {
		b.t.Errorf("many names: %+v, %v", health, err)
	}
	shards, err := b.Shards(b.ctx, "facts-open")
	need(b.t, err)
	if len(shards) != 3 || !shards[0].Primary || shards[0].State != "STARTED" {
		b.t.Errorf("shards %+v", shards)
	}
	count, err := b.Count(b.ctx, "facts-open", nil)
	need(b.t, err)
	if count != 7 {
		b.t.Errorf("count %d", count)
	}
	need(b.t, b.OpenIndex(b.ctx, "facts-closed"))
	need(b.t, b.PutSettings(b.ctx, "facts-open", map[string]any{"index.refresh_interval": "-1"}))
	need(b.t, b.PutSettings(b.ctx, "facts-open", map[string]any{"index.refresh_interval": nil}))
	settings, err = b.Settings(b.ctx, "facts-open")
	need(b.t, err)
	if interval := settings["facts-open"].Text("index.refresh_interval"); interval == "-1" {
		b.t.Errorf("the refresh interval that was put back is %s", interval)
	}
	need(b.t, b.PutMapping(b.ctx, "facts-open", "doc", []byte(`{"properties":{"when":{"type":"date"}}}`)))
	need(b.t, b.DeleteIndex(b.ctx, "facts-open"))
	need(b.t, b.DeleteIndex(b.ctx, "facts-open"))
	need(b.t, b.DeleteIndex(b.ctx, "facts-closed"))
	exists, err := b.IndexExists(b.ctx, "facts-open")
	need(b.t, err)
	if exists {
		b.t.Error("the deleted index is there")
	}
	if err := b.DeleteIndex(b.ctx, "facts-*"); !errors.Is(err, cluster.ErrWildcard) {
		b.t.Errorf("a wildcard was let through: %v", err)
	}
}

func row(rows []cluster.IndexRow, name string) cluster.IndexRow {
	if at := slices.IndexFunc(rows, func(r cluster.IndexRow) bool { return r.Name == name }); at >= 0 {
		return rows[at]
	}
	return cluster.IndexRow{}
}

// briefBulkAgrees wants the short answer to say the same of each item that the long one says: the first conflicts, the
// third is refused, and the others are fine.
func briefBulkAgrees(b *bench, body string) {
	for _, filter := range []bool{false, b.dialect.FilterBulk} {
		result, err := b.Bulk(b.ctx, []byte(body), cluster.BulkOptions{Brief: true, Filter: filter})
		need(b.t, err)
		if result.Count != 4 || len(result.Items) != 2 || result.Failed != 2 {
			b.t.Fatalf("filtered %v: %+v", filter, result)
		}
		if conflict := result.Items[0]; conflict.Position != 0 || !conflict.Conflict() || conflict.ID != "" != !filter {
			b.t.Errorf("filtered %v: %+v", filter, conflict)
		}
		if bad := result.Items[1]; bad.Position != 2 || bad.Status != 400 || !strings.Contains(bad.ErrorType, "pars") || !strings.Contains(bad.Reason, "no number") {
			b.t.Errorf("filtered %v: %+v", filter, bad)
		}
	}
	if most := b.MaxRequest(b.ctx); most != 100<<20 {
		b.t.Errorf("a request may hold %d bytes", most)
	}
}

func aBulkAnswersForEachItem(b *bench) {
	b.index("bulk", 1, "")
	b.fill("bulk", 1) // n becomes a number
	missing := `{"delete":{"_index":"bulk","_id":"never"}}` + "\n"
	if b.dialect.TypesInURL {
		missing = `{"delete":{"_index":"bulk","_type":"doc","_id":"never"}}` + "\n"
	}
	result := b.bulk(b.line("bulk", "good", "", `{"n":1}`), b.line("bulk", "bad", "", `{"n":"no number"}`), missing)
	if len(result.Items) != 3 || result.Failed != 1 {
		b.t.Fatalf("%+v", result)
	}
	good, bad, gone := result.Items[0], result.Items[1], result.Items[2]
	if good.Failed() || good.Status != 201 || good.ID != "good" || good.Version != 1 {
		b.t.Errorf("good %+v", good)
	}
	if !bad.Failed() || bad.Status != 400 || !strings.Contains(bad.ErrorType, "pars") || !strings.Contains(bad.Reason, "no number") {
		b.t.Errorf("bad %+v", bad)
	}
	if gone.Failed() || gone.Status != 404 {
		b.t.Errorf("gone %+v", gone)
	}
	// An external version in the past is a conflict.
	external := func(version int) string {
		prefix := "_"
		if b.dialect.Version.AtLeast(7, 0) {
			prefix = ""
		}
		line := b.line("bulk", "versioned", "", `{"n":1}`)
		return strings.Replace(line, `"_id"`, fmt.Sprintf(`"%sversion":%d,"%sversion_type":"external_gte","_id"`, prefix, version, prefix), 1)
	}
	result = b.bulk(external(7), external(7), external(6))
	if result.Failed != 1 || !result.Items[2].Conflict() || result.Items[1].Version != 7 {
		b.t.Errorf("%+v", result.Items)
	}
	briefBulkAgrees(b, external(6)+b.line("bulk", "good", "", `{"n":1}`)+b.line("bulk", "bad", "", `{"n":"no number"}`)+missing)
	_, err := b.Bulk(b.ctx, []byte("{\"what\":{}}\n{}\n"), cluster.BulkOptions{})
	var failure *cluster.Error
	if !errors.As(err, &failure) || failure.Status < 400 {
		b.t.Errorf("a malformed body gave %v", err)
	}
	need(b.t, b.DeleteIndex(b.ctx, "bulk"))
}

// hard are sources whose bytes a careless reader changes.
var hard = map[string]string{
	"plain":          `{"a":1}`,
	"big":            `{"n":9007199254740993,"m":-9223372036854775808}`,
	"float":          `{"f":1.10,"e":1E5,"z":-0.0,"long":0.1234567890123456789}`,
	"spaces":         "{ \"a\" :\t[ 1 ,2 ] }",
	"escapes":        `{"s":"\u00e9\/\"\\ <>& \ud83d\ude00 é","hits":{"hits":[{"_id":"trap"}]}}`,
	"quote}":         `{"s":"}]{[\\\\\""}`,
	"日本":             `{"s":"引っ越し"}`,
	"slash/and?more": `{"mixed":[{},[],null]}`,
	"deep":           strings.Repeat(`{"d":`, 15) + "1" + strings.Repeat("}", 15),
}

func aScanGivesBackEveryByte(b *bench) {
	b.index("bytes", 2, "")
	var body []string
	for id, source := range hard {
		body = append(body, b.line("bytes", id, "", source))
	}
	body = append(body, b.line("bytes", "routed", "way/→", `{"a":1}`), b.line("bytes", "routed", "way/→", `{"a":2}`))
	large := `{"text":"` + strings.Repeat("long ", 300_000) + `"}`
	body = append(body, b.line("bytes", "large", "", large))
	if result := b.bulk(body...); result.Failed > 0 {
		b.t.Fatalf("%+v", result.Items)
	}
	need(b.t, b.Refresh(b.ctx, "bytes"))
	found := map[string]es.Document{}
	total, err := b.Scan(b.ctx, "bytes", cluster.ScanOptions{Shard: cluster.AllShards, Page: 3}, func(document es.Document) error {
		found[document.ID] = document
		return nil
	})
	need(b.t, err)
	if int(total) != len(hard)+2 || len(found) != len(hard)+2 {
		b.t.Fatalf("%d of %d documents", len(found), total)
	}
	for id, source := range hard {
		if got := string(found[id].Source); got != source {
			b.t.Errorf("%s: got %s\nwant %s", id, got, source)
		}
	}
	if string(found["large"].Source) != large {
		b.t.Error("the large document was changed")
	}
	routed := found["routed"]
	if routed.Routing != "way/→" || routed.Version != 2 || string(routed.Source) != `{"a":2}` || routed.Index != "bytes" {
		b.t.Errorf("routed %+v", routed)
	}
	if wantType := map[bool]string{true: "doc"}[b.dialect.TypesInURL]; routed.Type != wantType {
		b.t.Errorf("type %q, want %q", routed.Type, wantType)
	}
	if (routed.SeqNo >= 0) != b.dialect.SeqNo {
		b.t.Errorf("seq_no %d", routed.SeqNo)
	}
	// By ids, without sources.
	var ids []string
	_, err = b.Scan(b.ctx, "bytes", cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true, Query: []byte(`{"ids":{"values":["plain","routed"]}}`)}, func(document es.Document) error {
		if document.Source != nil {
			b.t.Error("a source came along")
		}
		ids = append(ids, document.ID+" "+document.Routing)
		return nil
	})
	need(b.t, err)
	slices.Sort(ids)
	if !slices.Equal(ids, []string{"plain ", "routed way/→"}) {
		b.t.Errorf("ids %q", ids)
	}
	stop := errors.New("enough")
	if _, err := b.Scan(b.ctx, "bytes", cluster.ScanOptions{Shard: cluster.AllShards}, func(es.Document) error { return stop }); !errors.Is(err, stop) {
		b.t.Errorf("the reader's own error became %v", err)
	}
	need(b.t, b.DeleteIndex(b.ctx, "bytes"))
	if !b.dialect.Version.AtLeast(6, 0) { // 6.x only keeps such indices
		aScanKnowsParents(b)
	}
	if !b.dialect.Version.AtLeast(5, 0) { // 5.x only reads such indices
		aScanKnowsTimesAndTheMomentOfExpiry(b)
	}
}

func aScanKnowsParents(b *bench) {
	need(b.t, b.CreateIndex(b.ctx, "parents", []byte(`{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"mum":{},"child":{"_parent":{"type":"mum"}}}}`)))
	lines := `{"index":{"_index":"parents","_type":"mum","_id":"m"}}` + "\n{}\n" +
		`{"index":{"_index":"parents","_type":"child","_id":"c","_parent":"m"}}` + "\n" + `{"n":9007199254740993}` + "\n" +
		`{"index":{"_index":"parents","_type":"child","_id":"r","_parent":"m","_routing":"elsewhere"}}` + "\n{}\n"
	if result := b.bulk(lines); result.Failed > 0 {
		b.t.Fatalf("%+v", result.Items)
	}
	need(b.t, b.Refresh(b.ctx, "parents"))
	got := map[string]string{}
	_, err := b.Scan(b.ctx, "parents", cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		got[document.ID] = document.Type + " " + document.Parent + " " + document.Routing
		return nil
	})
	need(b.t, err)
	if got["m"] != "mum  " || got["c"] != "child m m" || got["r"] != "child m elsewhere" {
		b.t.Errorf("parents %q", got)
	}
	need(b.t, b.DeleteIndex(b.ctx, "parents"))
}

func aScanKnowsTimesAndTheMomentOfExpiry(b *bench) {
	store := map[bool]string{true: `,"store":true`}[b.dialect.MetaByField] // 2.x stores it anyhow and refuses the word
	need(b.t, b.CreateIndex(b.ctx, "times", []byte(`{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"doc":{"dynamic":false,"_timestamp":{"enabled":true`+store+`},"_ttl":{"enabled":true}},"timed":{"_timestamp":{"enabled":true`+store+`}}}}`)))
	lines := `{"index":{"_index":"times","_type":"doc","_id":"both","_timestamp":"1505001600007","_ttl":"36500d"}}` + "\n" + `{"n":9007199254740993,"big":123456789012345678901234567890}` + "\n" +
		`{"index":{"_index":"times","_type":"doc","_id":"early","_timestamp":"0","_ttl":"365000d"}}` + "\n{}\n" +
		`{"index":{"_index":"times","_type":"timed","_id":"timed","_timestamp":"1505001600008"}}` + "\n{}\n"
	if result := b.bulk(lines); result.Failed > 0 {
		b.t.Fatalf("%+v", result.Items)
	}
	need(b.t, b.Refresh(b.ctx, "times"))
	for _, bare := range []bool{false, true} {
		got := map[string]es.Document{}
		_, err := b.Scan(b.ctx, "times", cluster.ScanOptions{Shard: cluster.AllShards, NoSource: bare, Page: 1}, func(document es.Document) error {
			document.Source, document.Version, document.SeqNo, document.Index = nil, 0, 0, ""
			got[document.ID] = document
			return nil
		})
		need(b.t, err)
		want := map[string]es.Document{
			"both":  {Type: "doc", ID: "both", Timestamp: 1505001600007, HasTimestamp: true, Expiry: 1505001600007 + 36500*dayMillis, HasExpiry: true},
			"early": {Type: "doc", ID: "early", HasTimestamp: true, Expiry: 365000 * dayMillis, HasExpiry: true},
			"timed": {Type: "timed", ID: "timed", Timestamp: 1505001600008, HasTimestamp: true},
		}
		for id := range want {
			if fmt.Sprintf("%+v", got[id]) != fmt.Sprintf("%+v", want[id]) {
				b.t.Errorf("without source %v: got %+v\nwant %+v", bare, got[id], want[id])
			}
		}
	}
	need(b.t, b.DeleteIndex(b.ctx, "times"))
}

func aScanByShardsMeetsEveryDocument(b *bench) {
	const count, shards = 500, 3
	b.index("shards", shards, "")
	b.fill("shards", count)
	met := map[string]int{}
	meet := func(document es.Document) error { met[document.ID]++; return nil }
	for shard := range shards {
		_, err := b.Scan(b.ctx, "shards", cluster.ScanOptions{Shard: shard, Page: 50}, meet)
		need(b.t, err)
	}
	once := func(times int) {
		b.t.Helper()
		if len(met) != count {
			b.t.Errorf("met %d of %d documents", len(met), count)
		}
		for id, seen := range met {
			if seen != times {
				b.t.Errorf("met %s %d times, want %d", id, seen, times)
			}
		}
	}
	once(1)
	for slice := range 4 {
		_, err := b.Scan(b.ctx, "shards", cluster.ScanOptions{Shard: cluster.AllShards, Slice: slice, Slices: 4}, meet)
		if !b.dialect.SliceScroll {
			if err == nil {
				b.t.Error("slices were taken by a version without them")
			}
			break
		}
		need(b.t, err)
	}
	if b.dialect.SliceScroll {
		once(2)
	}
	need(b.t, b.DeleteIndex(b.ctx, "shards"))
}

func refusalsOfIndicesAreNamed(b *bench) {
	b.index("named", 1, "")
	err := b.CreateIndex(b.ctx, "named", nil)
	wantKind(b.t, err, cluster.ErrIndexExists, "named")
	if _, err := b.Count(b.ctx, "nowhere", nil); !errors.Is(err, cluster.ErrIndexMissing) {
		b.t.Errorf("missing index: %v", err)
	}
	if _, err := b.Scan(b.ctx, "nowhere", cluster.ScanOptions{}, nil); !errors.Is(err, cluster.ErrIndexMissing) || !errors.Is(err, cluster.ErrScanBroken) {
		b.t.Errorf("missing index: %v", err)
	}
	_, err = b.WaitHealth(b.ctx, "green", time.Minute, "named")
	need(b.t, err)
	need(b.t, b.BlockWrites(b.ctx, "named", true))
	result := b.bulk(b.line("named", "x", "", "{}"))
	if result.Failed != 1 || result.Items[0].Status != 403 {
		b.t.Errorf("write through a block: %+v", result.Items)
	}
	need(b.t, b.BlockWrites(b.ctx, "named", false))
	b.fill("named", 1)
	need(b.t, b.CloseIndex(b.ctx, "named"))
	_, err = b.Count(b.ctx, "named", nil)
	wantKind(b.t, err, cluster.ErrIndexClosed, "named")
	need(b.t, b.DeleteIndex(b.ctx, "named"))
	if err := b.BlockWrites(b.ctx, ".system", true); err == nil {
		b.t.Error("a block on a system index was let through")
	}
	// A shard that can't be assigned must not read as an index without documents.
	b.index("unassigned", 1, `,"index.routing.allocation.include._name":"nobody"`)
	if _, err := b.Scan(b.ctx, "unassigned", cluster.ScanOptions{Shard: 0}, nil); err == nil {
		b.t.Error("a scan of an unassigned shard passed")
	}
	need(b.t, b.DeleteIndex(b.ctx, "unassigned"))
}

func aSnapshotIsTakenAndRestored(b *bench) {
	b.repository("kept")
	repositories, err := b.Repositories(b.ctx)
	need(b.t, err)
	if repositories["kept"].Type != "fs" || repositories["kept"].ReadOnly() {
		b.t.Errorf("repositories %+v", repositories)
	}
	need(b.t, b.VerifyRepository(b.ctx, "kept"))
	b.index("snap-a", 2, "")
	b.index("snap-b", 1, "")
	b.fill("snap-a", 100)
	b.fill("snap-b", 10)
	need(b.t, b.UpdateAliases(b.ctx, cluster.AliasAction{Add: &cluster.Alias{Index: "snap-a", Alias: "snap-alias"}}))
	b.snapshot("kept", "one", "snap-a", "snap-b")
	all, err := b.Snapshots(b.ctx, "kept")
	need(b.t, err)
	if len(all) != 1 || all[0].Name != "one" || all[0].State != cluster.SnapshotSuccess || all[0].Shards != 3 || all[0].Started.IsZero() || all[0].Version.Major != b.dialect.Version.Major {
		b.t.Errorf("snapshots %+v", all)
	}
	status, err := b.SnapshotStatus(b.ctx, "kept", "one")
	need(b.t, err)
	if status.Shards != 3 || status.Done != 3 || len(status.ByShard) != 3 || status.Files == 0 || status.Bytes == 0 || status.FilesDone != status.Files {
		b.t.Errorf("status %+v", status)
	}
	state, err := b.RestoreState(b.ctx, "kept", "one", "back-snap-a")
	need(b.t, err)
	if state != cluster.RestoreAbsent {
		b.t.Errorf("state %d before the restore", state)
	}
	need(b.t, b.Restore(b.ctx, "kept", "one", cluster.RestoreOptions{
		Indices: []string{"snap-a"}, RenamePattern: "(.+)", RenameReplacement: "back-$1", Settings: map[string]any{"index.number_of_replicas": 0},
	}))
	var last cluster.RestoreProgress
	need(b.t, b.WaitRestore(b.ctx, []string{"back-snap-a"}, func(progress cluster.RestoreProgress) { last = progress }))
	if last.Shards != 2 || last.Done != 2 || last.Bytes == 0 || last.BytesDone != last.Bytes || len(last.ByShard) != 2 {
		b.t.Errorf("progress %+v", last)
	}
	if state, err = b.RestoreState(b.ctx, "kept", "one", "back-snap-a"); err != nil || state != cluster.RestoreDone {
		b.t.Errorf("state %d, %v after the restore", state, err)
	}
	if state, err = b.RestoreState(b.ctx, "kept", "one", "snap-b"); err != nil || state != cluster.RestoreForeign {
		b.t.Errorf("state %d, %v of another index", state, err)
	}
	need(b.t, b.Refresh(b.ctx, "back-snap-a"))
	count, err := b.Count(b.ctx, "back-snap-a", nil)
	need(b.t, err)
	if count != 100 {
		b.t.Errorf("restored %d of 100", count)
	}
	aliases, err := b.Aliases(b.ctx, "back-snap-a")
	need(b.t, err)
	if len(aliases["back-snap-a"]) != 0 {
		b.t.Errorf("aliases came along: %s", aliases)
	}
	need(b.t, b.DeleteIndex(b.ctx, "snap-b"))
	need(b.t, b.Restore(b.ctx, "kept", "one", cluster.RestoreOptions{Indices: []string{"snap-b"}}))
	need(b.t, b.WaitRestore(b.ctx, []string{"snap-b"}, nil))
	need(b.t, b.DeleteSnapshot(b.ctx, "kept", "one"))
	need(b.t, b.DeleteSnapshot(b.ctx, "kept", "one"))
	for _, index := range []string{"snap-a", "snap-b", "back-snap-a"} {
		need(b.t, b.DeleteIndex(b.ctx, index))
	}
	need(b.t, b.UnregisterRepository(b.ctx, "kept"))
	need(b.t, b.UnregisterRepository(b.ctx, "kept"))
	if _, err := os.Stat(filepath.Join(b.folder, "kept")); err != nil {
		b.t.Errorf("unregistering took the files: %v", err)
	}
}
