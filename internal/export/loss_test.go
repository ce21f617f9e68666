package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// damage changes a byte in the middle of the first file of an index that holds stored fields, and names the file.
func damage(t *testing.T, directory, snapshotName, index string) (file string, shard int) {
	t.Helper()
	repository := openRepository(t, directory)
	info, err := repository.Snapshot(t.Context(), snapshotName)
	if err != nil {
		t.Fatal(err)
	}
	found, err := repository.Index(t.Context(), info, index)
	if err != nil {
		t.Fatal(err)
	}
	for number := range found.Shards {
		files, err := repository.Shard(t.Context(), info, found, number)
		if err != nil {
			t.Fatal(err)
		}
		for i := range files.Files {
			one := &files.Files[i]
			if !strings.HasSuffix(one.Name, ".cfs") && !strings.HasSuffix(one.Name, ".fdt") || one.Inline != nil {
				continue
			}
			path := filepath.Join(directory, files.BlobName(one.Parts()[0].Name))
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)/2] ^= 0x10
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			return one.Name, number
		}
	}
	t.Fatalf("no stored fields in %s", index)
	return "", 0
}

func TestABrokenSegmentStopsTheExportOrIsNamedAndCostsOnlyItself(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.7.6", "2.3.2", "5.5.2", "8.15.5", "os3.3.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			fixture := recordings.Folder(t, version)
			directory := recordings.Repository(t, fixture, "repo")
			const index = "nginx-access-2017.09.10"
			file, shard := damage(t, directory, "s3", index)
			options := Options{Selection: Selection{Indices: []string{"-closed-idx"}}}
			_, _, err := exportLines(t, directory, "s3", options)
			if loss := (*Loss)(nil); !errors.As(err, &loss) || loss.Index != index || loss.Shard != shard || loss.Segment != snapshot.SegmentOf(file) {
				t.Fatalf("damaged %s of shard %d, got %v", file, shard, err)
			}
			options.KeepGoing = true
			lines, summary, err := exportLines(t, directory, "s3", options)
			if err != nil {
				t.Fatal(err)
			}
			if len(summary.Losses) == 0 {
				t.Fatal("the loss is not named")
			}
			for i := range summary.Losses {
				if loss := &summary.Losses[i]; loss.Index != index || loss.Shard != shard || loss.Segment != snapshot.SegmentOf(file) {
					t.Errorf("damaged %s of shard %d, lost %v", file, shard, loss)
				}
			}
			// Every document of every other index is there.
			var expected []truthDocument
			for _, document := range readTruth(t, fixture)["s3"] {
				if document.Index != index && document.Index != "closed-idx" {
					expected = append(expected, document)
				}
			}
			count := 0
			for line := range bytes.Lines(lines) {
				if !bytes.HasPrefix(line, []byte(`{"_index":"`+index+`"`)) {
					count++
				}
			}
			if count != len(expected) {
				t.Errorf("%d documents of the other indices, truth %d", count, len(expected))
			}
		})
	}
}

func TestASplitSegmentIsVerifiedAsAWhole(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "8.15.5"), "repo")
	// Damage where no decoder looks: the compound file's tail before its footer belongs to no stored field.
	file, _ := damage(t, directory, "s3", "best")
	options := Options{Selection: Selection{Indices: []string{"best"}}, ScanOptions: ScanOptions{unitBytes: 512}}
	_, summary, err := exportLines(t, directory, "s3", options)
	if loss := (*Loss)(nil); !errors.As(err, &loss) || !errors.Is(err, snapshot.ErrCorrupt) && loss.Segment != snapshot.SegmentOf(file) {
		t.Errorf("got %v after %d segments", err, summary.Segments)
	}
}

func TestTheDocumentsThatADamagedRepositoryLostAreNamed(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "7.10.2"), "repo")
	const index = "nginx-access-2017.09.11"
	file, shard := damage(t, directory, "s2", index)
	repository := openRepository(t, directory)
	report, err := repository.Check(t.Context(), snapshot.CheckOptions{Level: snapshot.LevelContent})
	if err != nil {
		t.Fatal(err)
	}
	affected := AffectedBy(report.Problems, "s2")
	if len(report.Problems) != 1 || len(affected) != 1 || affected[0] != index {
		t.Fatalf("problems %v affect %v", report.Problems, affected)
	}
	info, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	summary, err := Lost(t.Context(), repository, info, affected, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(summary.Losses) == 0 || summary.Losses[0].Shard != shard || summary.Losses[0].Segment != snapshot.SegmentOf(file) {
		t.Errorf("damaged %s of shard %d, lost %v", file, shard, summary.Losses)
	}
	if summary.Documents == 0 {
		t.Error("nothing else could be read")
	}
}

func TestAMissingPartCostsItsSegmentOnly(t *testing.T) {
	t.Parallel()
	directory := recordings.Repository(t, recordings.Folder(t, "5.5.2"), "raw")
	parts, err := filepath.Glob(filepath.Join(directory, "indices", "*", "0", "__*.part1"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("no parts: %v", err)
	}
	if err := os.Remove(parts[0]); err != nil {
		t.Fatal(err)
	}
	_, _, err = exportLines(t, directory, "raw1", Options{})
	if loss := (*Loss)(nil); !errors.As(err, &loss) || loss.Index != "big" {
		t.Errorf("got %v", err)
	}
	_, summary, err := exportLines(t, directory, "raw1", Options{ScanOptions: ScanOptions{KeepGoing: true}})
	if err != nil || len(summary.Losses) == 0 || summary.Losses[0].Index != "big" || summary.Documents == 0 {
		t.Errorf("kept going: %v, %+v", err, summary)
	}
}
