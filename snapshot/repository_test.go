package snapshot

import (
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

func TestEverySnapshotOfEveryVersionIsWhatTheClusterSaid(t *testing.T) {
	t.Parallel()
	for _, fixture := range recordings.Folders(t) {
		truth := readTruth(t, fixture)
		for name, expected := range truth.Snapshots {
			t.Run(truth.Version+"/"+name, func(t *testing.T) {
				t.Parallel()
				repository := openFolder(t, recordings.Repository(t, fixture, expected.Repository))
				compareSnapshot(t, repository, name, expected)
			})
		}
	}
}

func compareSnapshot(t *testing.T, repository *Repository, name string, expected truthSnapshot) {
	snapshot, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	infos := expected.SnapshotGet.Snapshots
	for _, response := range expected.SnapshotGet.Responses {
		infos = append(infos, response.Snapshots...)
	}
	if len(infos) != 1 {
		t.Fatalf("the truth has %d answers", len(infos))
	}
	said := infos[0]
	if said.UUID == "" {
		said.UUID = name // 1.x and 2.x have none
	}
	slices.Sort(said.Indices)
	read := truthInfo{Snapshot: snapshot.Name, UUID: snapshot.UUID, VersionID: snapshot.VersionID, State: string(snapshot.State),
		Indices: slices.Sorted(slices.Values(snapshot.Indices)), Start: snapshot.Start.UnixMilli(), End: snapshot.End.UnixMilli()}
	read.Shards.Total, read.Shards.Successful = snapshot.TotalShards, snapshot.SuccessfulShards
	if difference := cmp.Diff(said, read); difference != "" {
		t.Errorf("the cluster said (-), the repository says (+):\n%s", difference)
	}

	indices, err := repository.Indices(t.Context(), snapshot)
	if err != nil {
		t.Fatal(err)
	}
	shards := 0
	for _, index := range indices {
		shards += index.Shards
		compareIndex(t, index, expected)
		for number := range index.Shards {
			shard, err := repository.Shard(t.Context(), snapshot, index, number)
			if err != nil {
				t.Error(err)
				continue
			}
			readEveryFile(t, shard)
		}
	}
	if shards != said.Shards.Total {
		t.Errorf("%d shards, the cluster said %d", shards, said.Shards.Total)
	}
	compareGlobal(t, repository, snapshot, expected)
}

func compareIndex(t *testing.T, index *Index, expected truthSnapshot) {
	if count, counted := expected.Counts[index.Name]; counted && count.Shards != index.Shards {
		t.Errorf("%s has %d shards, the cluster said %d", index.Name, index.Shards, count.Shards)
	}
	said, found := expected.Settings[index.Name]
	if !found {
		if !index.Closed { // the recorder asked for open indices
			t.Errorf("the cluster knew no index %s", index.Name)
		}
		return
	}
	settings, err := flatten(said.Settings)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range settings {
		// 1.x and 2.x keep lists as .0, .1, …
		if got := index.Settings[key]; got != value && index.Settings[key+".0"] == "" {
			t.Errorf("%s: setting %s is %q, the cluster said %q", index.Name, key, got, value)
		}
	}
	if index.UUID != settings["index.uuid"] {
		t.Errorf("%s: uuid %q, the cluster said %q", index.Name, index.UUID, settings["index.uuid"])
	}
	for alias := range expected.Aliases[index.Name].Aliases {
		if _, found := index.Aliases[alias]; !found {
			t.Errorf("%s lacks alias %s", index.Name, alias)
		}
	}
	if len(index.Aliases) != len(expected.Aliases[index.Name].Aliases) {
		t.Errorf("%s has aliases %v", index.Name, index.Aliases)
	}
	compareMappings(t, index, expected)
}

func compareMappings(t *testing.T, index *Index, expected truthSnapshot) {
	said, found := expected.Mappings[index.Name]
	if !found {
		return
	}
	var byType map[string]any
	if err := json.Unmarshal(said.Mappings, &byType); err != nil {
		t.Fatal(err)
	}
	read := make(map[string]any)
	for docType, raw := range index.Mappings {
		var mapping any
		if err := json.Unmarshal(raw, &mapping); err != nil {
			t.Fatal(err)
		}
		read[docType] = mapping
	}
	if only, typeless := read["_doc"].(map[string]any); typeless {
		if _, typed := byType["_doc"]; !typed {
			read = only // from 7.0 on the cluster leaves the type out
		}
	}
	if difference := cmp.Diff(byType, read); difference != "" {
		t.Errorf("%s: the cluster's mapping (-), the repository's (+):\n%s", index.Name, difference)
	}
}

func compareGlobal(t *testing.T, repository *Repository, snapshot *Info, expected truthSnapshot) {
	global, err := repository.Global(t.Context(), snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if !snapshot.IncludeGlobalState || len(global.Templates) == 0 && expected.Repository == "raw" {
		return
	}
	for name := range expected.Templates {
		if _, found := global.Templates[name]; !found {
			t.Errorf("template %s is missing", name)
		}
	}
	for name := range expected.Pipelines {
		if _, found := global.Pipelines[name]; !found {
			t.Errorf("pipeline %s is missing", name)
		}
	}
}

func readEveryFile(t *testing.T, shard *Shard) {
	directory := shard.Directory(t.Context())
	for _, name := range directory.Names() {
		file, err := directory.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
		if err == nil && int64(len(content)) != file.Info().Length {
			t.Errorf("%s/%d/%s: %d bytes of %d", shard.Index.Name, shard.Number, name, len(content), file.Size())
		}
		if err == nil {
			err = verifyContent(file.Info(), content)
		}
		if err != nil {
			t.Errorf("%s/%d/%s: %v", shard.Index.Name, shard.Number, name, err)
		}
	}
}

func TestEveryRepositoryIsFoundWholeAtEveryLevel(t *testing.T) {
	t.Parallel()
	for _, fixture := range recordings.Folders(t) {
		truth := readTruth(t, fixture)
		repositories := make(map[string]bool)
		for _, snapshot := range truth.Snapshots {
			repositories[snapshot.Repository] = true
		}
		for name := range repositories {
			t.Run(filepath.Base(fixture)+"/"+name, func(t *testing.T) {
				t.Parallel()
				repository := openFolder(t, recordings.Repository(t, fixture, name))
				levels := []Level{LevelContent}
				if name == "raw" {
					levels = []Level{LevelMetadata, LevelListing, LevelFooters, LevelContent}
				}
				for _, level := range levels {
					report, err := repository.Check(t.Context(), CheckOptions{Level: level})
					if err != nil {
						t.Fatal(err)
					}
					for i := range report.Problems {
						t.Errorf("level %d: %v", level, &report.Problems[i])
					}
					if report.Files == 0 || report.Shards == 0 {
						t.Errorf("level %d saw %+v", level, report)
					}
				}
			})
		}
	}
}

func TestABasePathIsFoundBelowTheContainersRoot(t *testing.T) {
	t.Parallel()
	storage := folderStorage(t, recordings.Unpack(t, recordings.Folder(t, "2.3.2"), t.TempDir()))
	repository, err := Open(t.Context(), storage, Options{BasePath: "/raw/"})
	if err != nil {
		t.Fatal(err)
	}
	if entries := repository.Entries(); len(entries) != 1 || entries[0].Name != "raw1" {
		t.Errorf("found %v", entries)
	}
}
