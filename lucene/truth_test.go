package lucene_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// truthDoc is a document as the cluster itself returned it.
type truthDoc struct {
	Snapshot, Index string
	Shard           int
	Type            *string
	ID              string
	Routing, Parent *string
	Version         int64
	SeqNo           *int64 `json:"seq_no"`
	PrimaryTerm     *int64 `json:"primary_term"`
	Timestamp, TTL  *int64
	Source          *string
	SentB64         *string `json:"sent_b64"`
	Fields          json.RawMessage
}

func (d *truthDoc) key() string {
	return fmt.Sprintf("%s/%d/%s/%s", d.Index, d.Shard, deref(d.Type), d.ID)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// readTruth gives the documents of a version's recording by snapshot and key.
func readTruth(t testing.TB, version string) map[string]map[string]*truthDoc {
	t.Helper()
	all := map[string]map[string]*truthDoc{}
	recordings.Documents(t, recordings.Folder(t, version), func(d truthDoc) {
		if all[d.Snapshot] == nil {
			all[d.Snapshot] = map[string]*truthDoc{}
		}
		all[d.Snapshot][d.key()] = &d
	})
	return all
}

// shardDir makes a lucene.Directory of a snapshot's shard.
type shardDir struct{ *snapshot.Directory }

func (d shardDir) Open(name string) (lucene.File, error) { return d.Directory.Open(name) }

// eachShard calls fn with every shard of every snapshot of every repository of a version's recording.
func eachShard(t testing.TB, version string, fn func(snap, index string, shard int, dir lucene.Directory)) {
	t.Helper()
	ctx := context.Background()
	root := recordings.Unpack(t, recordings.Folder(t, version), t.TempDir())
	repos, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range repos {
		if !r.IsDir() {
			continue
		}
		folder, err := snapshot.OpenFolder(filepath.Join(root, r.Name()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { folder.Close() })
		repo, err := snapshot.Open(ctx, folder, snapshot.Options{})
		if errors.Is(err, snapshot.ErrNoRepository) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		infos, err := repo.Snapshots(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			indices, err := repo.Indices(ctx, info)
			if err != nil {
				t.Fatal(err)
			}
			for _, index := range indices {
				for n := range index.Shards {
					shard, err := repo.Shard(ctx, info, index, n)
					if err != nil {
						t.Fatal(err)
					}
					fn(info.Name, index.Name, n, shardDir{shard.Directory(ctx)})
				}
			}
		}
	}
}

var versions = []string{"1.7.6", "2.3.2", "5.5.2", "6.8.23", "7.10.2", "8.15.5", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}

func TestEveryDocumentOfEveryVersionIsWhatTheClusterSaid(t *testing.T) {
	for _, v := range versions {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			compareWithTruth(t, v)
		})
	}
}

func compareWithTruth(t *testing.T, version string) {
	ctx := context.Background()
	truth := readTruth(t, version)
	indices := map[string]bool{} // of which the truth knows any document
	for _, docs := range truth {
		for _, d := range docs {
			indices[d.Snapshot+"/"+d.Index] = true
		}
	}
	var mu sync.Mutex
	kinds := map[string]int{}
	compared, exact := 0, 0
	eachShard(t, version, func(snap, index string, shard int, dir lucene.Directory) {
		commit, err := lucene.OpenCommit(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := range commit.Segments {
			seg, err := commit.Segment(ctx, i)
			if err != nil {
				t.Fatal(err)
			}
			format, err := seg.Format(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var stats lucene.ScanStats
			err = seg.Scan(ctx, lucene.ScanOptions{Stats: &stats}, func(d *lucene.Document) error {
				mu.Lock()
				defer mu.Unlock()
				kinds[format+" "+d.SourceKind.String()]++
				key := fmt.Sprintf("%s/%d/%s/%s", index, shard, d.Type, d.ID)
				want := truth[snap][key]
				if want == nil && d.Type == nil {
					for _, typ := range []string{"_doc", "doc"} {
						if w := truth[snap][fmt.Sprintf("%s/%d/%s/%s", index, shard, typ, d.ID)]; w != nil {
							want = w
						}
					}
					if want == nil {
						for _, w := range truth[snap] {
							if w.Index == index && w.Shard == shard && w.ID == string(d.ID) {
								want = w
							}
						}
					}
				}
				if want == nil {
					if indices[snap+"/"+index] {
						t.Errorf("%s %s: not in the truth", snap, key)
					}
					return nil
				}
				delete(truth[snap], want.key())
				compared++
				if compareDoc(t, snap+" "+key, d, want) {
					exact++
				}
				return nil
			})
			if err != nil {
				t.Fatalf("%s %s %d %s: %v", snap, index, shard, seg.Name(), err)
			}
			if got := stats.Documents + stats.Children + stats.Dead; got != seg.MaxDoc() {
				t.Errorf("%s %s: %d documents accounted for of %d", index, seg.Name(), got, seg.MaxDoc())
			}
		}
	})
	for snap, docs := range truth {
		for k := range docs {
			t.Errorf("%s %s: not found", snap, k)
		}
	}
	t.Logf("%d documents compared, %d with the same source bytes; %v", compared, exact, kinds)
	if compared < 20000 {
		t.Errorf("only %d documents compared", compared)
	}
}

// compareDoc says whether also the source bytes are the same.
func compareDoc(t *testing.T, at string, d *lucene.Document, want *truthDoc) bool {
	t.Helper()
	check := func(what string, got, want any) {
		if got != want {
			t.Errorf("%s: %s is %v, want %v", at, what, got, want)
		}
	}
	check("version", d.Version, want.Version)
	if want.SeqNo != nil {
		check("seq_no", d.SeqNo, *want.SeqNo)
		check("primary_term", d.PrimaryTerm, *want.PrimaryTerm)
	}
	check("routing", string(d.Routing), deref(want.Routing))
	check("parent", string(d.Parent), deref(want.Parent))
	if want.Timestamp != nil {
		check("timestamp", d.Timestamp, *want.Timestamp)
	}
	if want.Source == nil {
		check("a source of its own", d.Source != nil && !d.Recovery && !d.Rebuilt, false)
		return false
	}
	if d.SourceKind == lucene.SourceJSON && string(d.Source) == *want.Source {
		return true
	}
	if want.SentB64 == nil {
		t.Errorf("%s: source %.200q, want %.200q", at, d.Source, *want.Source)
		return false
	}
	sent, err := base64.StdEncoding.DecodeString(*want.SentB64)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.Source, sent) {
		t.Errorf("%s: source %.200q, client sent %.200q", at, d.Source, sent)
	}
	return true
}
