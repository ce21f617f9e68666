package cluster_test

// across_test.go answers: what does one version say of what another version wrote into a repository, and does a scan
// give back what the other version was given? The repositories are those that real clusters left behind.

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

func TestWhatAnotherVersionWroteIsRecognisedOnRealNodes(t *testing.T) {
	for _, target := range []struct {
		version string
		cases   []otherVersion
	}{
		{"5.5.2", []otherVersion{
			{"1.7.6", "repo", "s3", "nested", cluster.ErrRepositoryFormat, nil},
			{"1.7.6", "raw", "raw1", "nested", nil, cluster.ErrRestoreTooOld},
			{"2.3.2", "repo", "s3", "nested", nil, nil},
			{"6.8.23", "repo", "s3", "nested", nil, cluster.ErrRepositoryFormat},
		}},
		{"6.8.23", []otherVersion{
			{"1.7.6", "repo", "s3", "nested", cluster.ErrRepositoryUnseen, cluster.ErrSnapshotMissing},
			{"2.3.2", "repo", "s3", "nested", cluster.ErrRepositoryUnseen, cluster.ErrSnapshotMissing},
			{"5.5.2", "repo", "s3", "nested", nil, nil},
			// Its analyzer isn't known to the lab's node: begun with 200, and then no shard opens.
			{"5.5.2", "repo", "s3", "analyzed", nil, cluster.ErrRestoreIncomplete},
		}},
		{"7.10.2", []otherVersion{
			{"2.3.2", "repo", "s3", "nested", cluster.ErrRepositoryUnseen, cluster.ErrSnapshotMissing},
			{"5.5.2", "repo", "s3", "nested", nil, cluster.ErrRestoreTooOld},
			{"os1.3.20", "repo", "s3", "nested", nil, cluster.ErrRestoreTooNew},
			{"6.8.23", "repo", "s3", "nested", nil, nil},
		}},
		{"8.15.5", []otherVersion{
			{"6.8.23", "repo", "s3", "nested", nil, cluster.ErrRestoreTooOld},
			{"os1.3.20", "repo", "s3", "nested", nil, cluster.ErrRestoreTooNew},
			{"7.10.2", "repo", "s3", "nested", nil, nil},
		}},
		{"os2.19.3", []otherVersion{
			{"6.8.23", "repo", "s3", "nested", nil, cluster.ErrRestoreTooOld},
			{"8.15.5", "repo", "s3", "nested", cluster.ErrRepositoryFormat, nil},
			{"7.10.2", "repo", "s3", "nested", nil, nil},
		}},
	} {
		t.Run(target.version, func(t *testing.T) {
			labtest.Rare(t, target.version)
			recordings.Folder(t, target.version)
			folder := t.TempDir()
			node := labtest.Node(t, target.version, folder)
			for _, one := range target.cases {
				t.Run("from "+one.source+" "+one.repository+" "+one.index, func(t *testing.T) {
					one.run(newBench(t, node.URL(), folder))
				})
			}
		})
	}
}

// otherVersion is a snapshot written by another version, and what is to be recognised on seeing and on restoring it.
type otherVersion struct {
	source, repository, snapshot, index string
	onLooking, onRestoring              error
}

func (o otherVersion) run(b *bench) {
	name := o.source + "-" + o.repository
	folder := filepath.Join(b.folder, o.source)
	if _, err := os.Stat(folder); err != nil {
		recordings.Unpack(b.t, recordings.Folder(b.t, o.source), folder)
	}
	need(b.t, b.RegisterRepository(b.ctx, name, cluster.FSRepository(filepath.Join(folder, o.repository), true), true))
	snapshot, err := b.ExpectSnapshot(b.ctx, name, o.snapshot)
	b.t.Logf("looking: %v", err)
	if o.onLooking != nil {
		wantKind(b.t, err, o.onLooking, "")
	} else {
		need(b.t, err)
		if !slices.Contains(snapshot.Indices, o.index) {
			b.t.Errorf("indices %v", snapshot.Indices)
		}
	}
	if o.onLooking != nil && o.onRestoring == nil {
		return
	}
	err = b.Restore(b.ctx, name, o.snapshot, cluster.RestoreOptions{Indices: []string{o.index}})
	if err == nil {
		err = b.WaitRestore(b.ctx, []string{o.index}, nil)
	}
	b.t.Logf("restoring: %v", err)
	if o.onRestoring != nil {
		wantKind(b.t, err, o.onRestoring, "")
	} else {
		need(b.t, err)
		state, err := b.RestoreState(b.ctx, name, o.snapshot, o.index)
		need(b.t, err)
		if state != cluster.RestoreDone {
			b.t.Errorf("state %d", state)
		}
	}
	need(b.t, b.DeleteIndex(b.ctx, o.index))
}

const dayMillis = 24 * 60 * 60 * 1000

// truth is one document as the recording cluster gave it.
type truth struct {
	Snapshot, Index, Type, ID, Routing, Parent string
	Version                                    int64
	Timestamp, TTL                             *int64
	Source                                     *string
}

func TestAScanOfRestoredIndicesEqualsWhatTheirClusterRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, one := range []struct {
		source, target string
		without        []string // what the lab's node can't open
	}{
		{"1.7.6", "1.7.6", nil},
		{"2.3.2", "2.3.2", nil},
		{"2.3.2", "5.5.2", nil},
		{"6.8.23", "7.10.2", nil},
		{"8.15.5", "8.15.5", []string{"family"}},
		{"7.10.2", "os2.19.3", nil},
	} {
		t.Run(one.source+" on "+one.target, func(t *testing.T) {
			labtest.Rare(t, one.target)
			wanted := map[string]map[string]truth{}
			recordings.Documents(t, recordings.Folder(t, one.source), func(document truth) {
				if document.Snapshot == "s3" && !slices.Contains(one.without, document.Index) {
					if wanted[document.Index] == nil {
						wanted[document.Index] = map[string]truth{}
					}
					wanted[document.Index][document.Type+"\x00"+document.ID+"\x00"+document.Routing] = document
				}
			})
			folder := t.TempDir()
			node := labtest.Node(t, one.target, folder)
			b := newBench(t, node.URL(), folder)
			recordings.Unpack(t, recordings.Folder(t, one.source), folder)
			need(t, b.RegisterRepository(b.ctx, "recorded", cluster.FSRepository(filepath.Join(folder, "repo"), true), true))
			snapshot, err := b.ExpectSnapshot(b.ctx, "recorded", "s3")
			need(t, err)
			indices := slices.DeleteFunc(snapshot.Indices, func(name string) bool { return wanted[name] == nil })
			need(t, b.Restore(b.ctx, "recorded", "s3", cluster.RestoreOptions{Indices: indices, Settings: map[string]any{"index.number_of_replicas": 0}}))
			need(t, b.WaitRestore(b.ctx, indices, nil))
			if len(indices) != len(wanted) {
				t.Errorf("restored %v", indices)
			}
			for _, index := range indices {
				b.equalsTruth(index, wanted[index])
			}
		})
	}
}

func (b *bench) equalsTruth(index string, wanted map[string]truth) {
	b.t.Helper()
	count := 0
	_, err := b.Scan(b.ctx, index, cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		count++
		docType := document.Type
		if docType == "" {
			docType = "_doc"
		}
		want, ok := wanted[docType+"\x00"+document.ID+"\x00"+document.Routing]
		if !ok {
			// A node that has dropped types shows "_doc" where the recording one showed another.
			for key, other := range wanted {
				if !b.dialect.TypesInURL && strings.HasSuffix(key, "\x00"+document.ID+"\x00"+document.Routing) {
					want, ok = other, true
				}
			}
		}
		switch {
		case !ok:
			b.t.Errorf("%s: %s/%s with routing %q is not recorded", index, document.Type, document.ID, document.Routing)
		case (want.Source == nil) != (document.Source == nil), want.Source != nil && *want.Source != string(document.Source):
			b.t.Errorf("%s/%s: source %.200s\nwant %.200s", index, document.ID, document.Source, *want.Source)
		case want.Version != document.Version || want.Parent != document.Parent && b.dialect.ParentMeta:
			b.t.Errorf("%s: got %+v\nwant %+v", index, document, want)
		case want.Timestamp != nil && (!document.HasTimestamp || document.Timestamp != *want.Timestamp), want.TTL != nil && (!document.HasExpiry || (document.Expiry-document.Timestamp)%dayMillis != 0):
			// All were written to live for whole days. What the recording scroll saw was the time left just then.
			b.t.Errorf("%s: time and expiry of %+v are not as recorded: %d, %d", index, document, *want.Timestamp, *want.TTL)
		}
		return nil
	})
	if err != nil && !errors.Is(err, cluster.ErrScanBroken) {
		b.t.Fatal(err)
	}
	if err != nil || count != len(wanted) {
		b.t.Errorf("%s: scanned %d of %d: %v", index, count, len(wanted), err)
	}
}
