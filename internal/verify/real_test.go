package verify_test

// real_test.go answers: does a comparison of two real clusters find every mutation, and nothing else?

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/verify"
	"golang.org/x/sync/errgroup"
)

type side struct {
	*cluster.Client
	t       *testing.T
	dialect cluster.Dialect
}

func newSide(t *testing.T, url string) side {
	t.Helper()
	client, err := cluster.New(cluster.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	dialect, err := client.Dialect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return side{client, t, dialect}
}

func (s side) send(method, path, body string) {
	s.t.Helper()
	_, err := s.Do(s.t.Context(), method, path, nil, []byte(body))
	if err != nil {
		s.t.Fatal(err)
	}
}

// put writes one document; routing may be empty.
func (s side) put(index, docType, id, routing, source string) {
	s.t.Helper()
	if !s.dialect.TypesInURL {
		docType = "_doc"
	}
	path := cluster.Path(index, docType, id)
	if routing != "" {
		path += "?routing=" + routing
	}
	s.send("PUT", path, source)
}

func (s side) remove(index, docType, id, routing string) {
	s.t.Helper()
	if !s.dialect.TypesInURL {
		docType = "_doc"
	}
	path := cluster.Path(index, docType, id)
	if routing != "" {
		path += "?routing=" + routing
	}
	s.send("DELETE", path, "")
}

// logs writes the same so many log lines.
func (s side) logs(index, docType string, count int) {
	s.t.Helper()
	var body strings.Builder
	for i := range count {
		action := map[string]any{"_index": index, "_id": fmt.Sprintf("log-%d", i)}
		if s.dialect.TypesInURL {
			action["_type"] = docType
		}
		encoded, err := json.Marshal(map[string]any{"index": action})
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&body, "%s\n{\"n\":%d,\"path\":\"/日本/%d\",\"big\":900719925474%04d}\n", encoded, i, i, i)
	}
	result, err := s.Bulk(s.t.Context(), []byte(body.String()), cluster.BulkOptions{})
	if err != nil || result.Failed > 0 {
		s.t.Fatal(err, result.Failed)
	}
}

func compare(t *testing.T, source, target side, pairs ...verify.Pair) verify.Report {
	t.Helper()
	report, err := verify.Compare(t.Context(), source.Client, target.Client, pairs, verify.Options{Progress: func(verify.Progress) {}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// only wants exactly one difference.
func only(t *testing.T, report verify.Report) verify.Difference {
	t.Helper()
	if report.Equal || len(report.Pairs) != 1 || len(report.Pairs[0].Differences) != 1 || report.Pairs[0].DifferingBuckets == 0 {
		encoded, _ := json.MarshalIndent(report, "", " ")
		t.Fatalf("want one difference: %s", encoded)
	}
	return report.Pairs[0].Differences[0]
}

func TestEveryMutationBetweenTwoRealClustersIsFound(t *testing.T) {
	for _, versions := range [][2]string{{"2.3.2", "5.5.2"}, {"5.5.2", "7.10.2"}, {"1.7.6", "os2.19.3"}} {
		t.Run(versions[0]+" to "+versions[1], func(t *testing.T) {
			from, to := labtest.Pair(t, versions[0], versions[1])
			source, target := newSide(t, from.URL()), newSide(t, to.URL())
			mutations(t, source, target)
			typesAndTransforms(t, source, target)
			standing(t, source, target)
		})
	}
}

func mutations(t *testing.T, source, target side) {
	const count = 1500
	// Other shard counts: what counts is the documents, not where they lie.
	source.send("PUT", "/logs", `{"settings":{"number_of_shards":5,"number_of_replicas":0}}`)
	target.send("PUT", "/logs", `{"settings":{"number_of_shards":2,"number_of_replicas":0}}`)
	pair := verify.Pair{SourceIndex: "logs", TargetIndex: "logs"}
	for _, one := range []side{source, target} {
		one.logs("logs", "fluentd", count)
		one.put("logs", "fluentd", "exact", "", `{"z":9007199254740993, "a":{"y":[1.10,2.0],"w":{"k":1E5}}}`)
		one.put("logs", "fluentd", "routed", "tokyo", `{"a":{"x":1}}`)
	}
	// Equal, however it is written.
	target.put("logs", "fluentd", "exact", "", `{"a": {"w":{"k":1E5}, "y":[1.10, 2.0]},"z":9007199254740993}`)
	report := compare(t, source, target, pair)
	if !report.Equal || !report.Steady || report.Documents != count+2 || report.Pairs[0].Source.Counted != count+2 || report.Pairs[0].Source.Digest != report.Pairs[0].Target.Digest {
		t.Fatalf("equal sides: %+v", report)
	}

	target.put("logs", "fluentd", "exact", "", `{"z":9007199254740992, "a":{"y":[1.10,2.0],"w":{"k":1E5}}}`)
	if one := only(t, compare(t, source, target, pair)); one.Kind != verify.Content || one.ID != "exact" || one.Path != "z" || one.SourceValue != "9007199254740993" || one.TargetValue != "9007199254740992" {
		t.Errorf("one digit beyond 2^53: %+v", one)
	}
	target.put("logs", "fluentd", "exact", "", `{"z":9007199254740993, "a":{"y":[1.1,2.0],"w":{"k":1E5}}}`)
	if one := only(t, compare(t, source, target, pair)); one.Path != "a.y[0]" || one.SourceValue != "1.10" || one.TargetValue != "1.1" {
		t.Errorf("another literal: %+v", one)
	}
	target.put("logs", "fluentd", "exact", "", `{"z":9007199254740993, "a":{"y":[1.10,2.0],"w":{"k":1E5}}}`)

	target.remove("logs", "fluentd", "log-77", "")
	report = compare(t, source, target, pair)
	if one := only(t, report); one.Kind != verify.Missing || one.ID != "log-77" {
		t.Errorf("deleted on the target: %+v", one)
	}
	repairs, complete := report.Repairs()
	if len(repairs) != 1 || repairs[0].Delete || repairs[0].ID != "log-77" || !complete {
		t.Errorf("repairs %+v", repairs)
	}
	source.remove("logs", "fluentd", "log-77", "")
	source.remove("logs", "fluentd", "log-78", "")
	report = compare(t, source, target, pair)
	if one := only(t, report); one.Kind != verify.Extra || one.ID != "log-78" {
		t.Errorf("deleted on the source: %+v", one)
	}
	if repairs, _ := report.Repairs(); len(repairs) != 1 || !repairs[0].Delete {
		t.Errorf("repairs %+v", repairs)
	}
	target.remove("logs", "fluentd", "log-78", "")

	source.put("logs", "fluentd", "added", "", `{}`)
	if one := only(t, compare(t, source, target, pair)); one.Kind != verify.Missing || one.ID != "added" {
		t.Errorf("added on the source: %+v", one)
	}
	source.remove("logs", "fluentd", "added", "")

	target.remove("logs", "fluentd", "routed", "tokyo")
	target.put("logs", "fluentd", "routed", "osaka", `{"a":{"x":1}}`)
	report = compare(t, source, target, pair)
	if one := only(t, report); one.Kind != verify.Routing || one.ID != "routed" || one.Routing != "tokyo" || one.TargetRouting != "osaka" {
		t.Errorf("routing: %+v", one)
	}
	if repairs, _ := report.Repairs(); len(repairs) != 2 || !repairs[0].Delete || repairs[0].Routing != "osaka" || repairs[1].Delete || repairs[1].Routing != "tokyo" {
		t.Errorf("repairs %+v", repairs)
	}
	target.remove("logs", "fluentd", "routed", "osaka")
	target.put("logs", "fluentd", "routed", "tokyo", `{"a":{"x":1}}`)
	if report := compare(t, source, target, pair); !report.Equal {
		t.Errorf("put right again: %+v", report)
	}

	// Differences beyond the limit are cut, and the report says so.
	target.send("PUT", "/nothing", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	limited, err := verify.Compare(t.Context(), source.Client, target.Client, []verify.Pair{{SourceIndex: "logs", TargetIndex: "nothing"}}, verify.Options{MaxDifferences: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, complete := limited.Repairs(); len(limited.Pairs[0].Differences) != 10 || !limited.Pairs[0].Truncated || complete || limited.Pairs[0].DifferingBuckets < 250 {
		t.Errorf("limited: %d differences, truncated %v", len(limited.Pairs[0].Differences), limited.Pairs[0].Truncated)
	}

	rows, err := verify.Table(t.Context(), source.Client, target.Client, []verify.Pair{pair, {SourceIndex: "logs", TargetIndex: "nothing"}, {SourceIndex: "logs", TargetIndex: "nowhere"}})
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].SourceDocuments != rows[0].TargetDocuments || len(rows[0].Differences) != 1 || rows[0].Differences[0] != "5 shards became 2" ||
		rows[1].Differences[0] != fmt.Sprintf("-%d documents", rows[0].SourceDocuments) || rows[2].Differences[0] != "missing on the target" || rows[2].TargetDocuments != -1 {
		t.Errorf("table %+v", rows)
	}

	if _, err := verify.Compare(t.Context(), source.Client, target.Client, []verify.Pair{{SourceIndex: "logs", TargetIndex: "nowhere"}}, verify.Options{}); !errors.Is(err, cluster.ErrIndexMissing) {
		t.Errorf("a missing target index: %v", err)
	}
}

// typesAndTransforms: an index of two types, with ids in both, becomes two indices; Kibana-like objects are rewritten.
func typesAndTransforms(t *testing.T, source, target side) {
	source.send("PUT", "/multi", `{"settings":{"number_of_shards":2,"number_of_replicas":0}}`)
	for i := range 50 {
		id := fmt.Sprint(i)
		source.put("multi", "user", id, "", fmt.Sprintf(`{"user":%d}`, i))
		source.put("multi", "order", id, "", fmt.Sprintf(`{"order":%d}`, i))
		target.put("multi-user", "user", id, "", fmt.Sprintf(`{"user":%d}`, i))
		target.put("multi-order", "purchase", id, "", fmt.Sprintf(`{"order":%d,"type":"order"}`, i))
	}
	target.put("multi-order", "purchase", "own", "", `{"made":"by the target"}`)
	pairs := []verify.Pair{
		{SourceIndex: "multi", SourceType: "user", TargetIndex: "multi-user"},
		{SourceIndex: "multi", SourceType: "order", TargetIndex: "multi-order", Types: map[string]string{"order": "purchase"},
			Transform: func(document es.Document) (es.Document, bool, error) {
				document.Source = json.RawMessage(strings.TrimSuffix(string(document.Source), "}") + `,"type":"order"}`)
				return document, document.ID != "13", nil
			},
			TargetFilter: func(document es.Document) bool { return document.ID != "own" },
		},
	}
	target.remove("multi-order", "purchase", "13", "")
	report := compare(t, source, target, pairs...)
	if !report.Equal || report.Documents != 99 || report.Pairs[1].Withheld != 1 || report.Pairs[0].Source.Counted != 50 {
		encoded, _ := json.MarshalIndent(report, "", " ")
		t.Fatalf("%s", encoded)
	}
	target.put("multi-order", "purchase", "14", "", `{"order":14}`)
	report = compare(t, source, target, pairs[1])
	if one := only(t, report); one.Path != "type" || one.SourceValue != `"order"` || one.TargetValue != "" {
		t.Errorf("%+v", one)
	}
	if source.dialect.TypesInURL && target.dialect.TypesInURL {
		report = compare(t, source, target, verify.Pair{SourceIndex: "multi", SourceType: "user", TargetIndex: "multi-user", Types: map[string]string{"user": "person"}})
		if report.Equal || report.Pairs[0].Differences[0].Kind != verify.DocType {
			t.Errorf("types did not count: %+v", report.Pairs[0])
		}
	}
	broken := errors.New("rule broke")
	pairs[1].Transform = func(document es.Document) (es.Document, bool, error) { return document, false, broken }
	if _, err := verify.Compare(t.Context(), source.Client, target.Client, pairs, verify.Options{}); !errors.Is(err, broken) {
		t.Errorf("a failing rule gave %v", err)
	}
	if !target.dialect.Version.AtLeast(6, 0) { // 6.x only keeps such indices
		parents(t, source, target)
	}
}

func parents(t *testing.T, source, target side) {
	for _, one := range []side{source, target} {
		one.send("PUT", "/family", `{"settings":{"number_of_replicas":0},"mappings":{"mum":{},"child":{"_parent":{"type":"mum"}}}}`)
		one.send("PUT", "/family/child/c?parent=m&routing=r", `{}`)
	}
	pair := verify.Pair{SourceIndex: "family", TargetIndex: "family"}
	if report := compare(t, source, target, pair); !report.Equal {
		t.Errorf("%+v", report)
	}
	target.send("PUT", "/family/child/c?parent=other&routing=r", `{}`)
	if one := only(t, compare(t, source, target, pair)); one.Kind != verify.Parent || one.Parent != "m" || one.TargetParent != "other" {
		t.Errorf("parent: %+v", one)
	}
}

// standing: the proof stands until somebody writes to the source, until it is old, and only for its own cluster.
func standing(t *testing.T, source, target side) {
	ctx := t.Context()
	report := compare(t, source, target, verify.Pair{SourceIndex: "logs", TargetIndex: "logs"})
	encoded, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var kept verify.Report
	if err := json.Unmarshal(encoded, &kept); err != nil {
		t.Fatal(err)
	}
	if err := kept.Standing(ctx, source.Client, time.Now(), time.Hour); err != nil {
		t.Errorf("a fresh proof: %v", err)
	}
	if err := kept.Standing(ctx, source.Client, time.Now().Add(2*time.Hour), time.Hour); !errors.Is(err, verify.ErrStaleProof) {
		t.Errorf("an old proof: %v", err)
	}
	if err := kept.Standing(ctx, target.Client, time.Now(), time.Hour); !errors.Is(err, verify.ErrOtherCluster) {
		t.Errorf("another cluster: %v", err)
	}
	source.put("logs", "fluentd", "log-1", "", `{"n":1,"path":"/日本/1","big":9007199254740001}`)
	if err := kept.Standing(ctx, source.Client, time.Now(), time.Hour); !errors.Is(err, verify.ErrWrittenSince) {
		t.Errorf("written since: %v", err)
	}
	different := kept
	different.Equal = false
	if err := different.Standing(ctx, source.Client, time.Now(), time.Hour); !errors.Is(err, verify.ErrUnproved) {
		t.Errorf("differing: %v", err)
	}

	// A writer that never stops makes no false alarm about what it didn't touch, and is noticed.
	writing, stop := context.WithCancel(ctx)
	source.put("logs", "fluentd", "log-2", "", `{"n":-1}`) // or the comparison may have read it before the first write
	var written atomic.Int64
	group, writing := errgroup.WithContext(writing)
	group.Go(func() error {
		for i := 0; writing.Err() == nil; i++ {
			if _, err := source.Do(writing, "PUT", cluster.Path("logs", "fluentd", "log-2"), nil, []byte(fmt.Sprintf(`{"n":%d}`, i))); err != nil && writing.Err() == nil {
				return err
			}
			written.Add(1)
		}
		return nil
	})
	// The reading of the source goes on once the writer, however slow it is, has begun and ended a write meanwhile.
	var writes sync.Once
	reading := func(document es.Document) (es.Document, bool, error) {
		writes.Do(func() {
			for before := written.Load(); written.Load() < before+2 && writing.Err() == nil; {
				time.Sleep(time.Millisecond)
			}
		})
		return document, true, nil
	}
	report = compare(t, source, target, verify.Pair{SourceIndex: "logs", TargetIndex: "logs", Transform: reading})
	stop()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if report.Steady || report.Pairs[0].Source.Steady || !report.Pairs[0].Target.Steady {
		t.Errorf("the writer was not noticed: %+v", report.Pairs[0])
	}
	if one := only(t, report); one.ID != "log-2" || one.Kind != verify.Content {
		t.Errorf("%+v", one)
	}
}
