package export

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

func openRepository(t testing.TB, directory string) *snapshot.Repository {
	t.Helper()
	storage, err := snapshot.OpenFolder(directory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { storage.Close() })
	repository, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return repository
}

// exportLines exports a snapshot of a folder's repository into lines.
func exportLines(t testing.TB, directory, name string, options Options) ([]byte, *Summary, error) {
	t.Helper()
	repository := openRepository(t, directory)
	info, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	summary, err := Run(t.Context(), repository, info, options, NewStream(&out))
	return out.Bytes(), summary, err
}

// truthDocument is a document as the live cluster returned it.
type truthDocument struct {
	Snapshot, Index       string
	Type, Routing, Parent *string
	ID                    string
	Version               int64
	SeqNo                 *int64 `json:"seq_no"`
	PrimaryTerm           *int64 `json:"primary_term"`
	Timestamp             *int64
	Source                *string
	SentB64               *string `json:"sent_b64"`
}

// readTruth gives the documents of a fixture by snapshot.
func readTruth(t testing.TB, fixture string) map[string][]truthDocument {
	t.Helper()
	documents := make(map[string][]truthDocument)
	recordings.Documents(t, fixture, func(document truthDocument) {
		documents[document.Snapshot] = append(documents[document.Snapshot], document)
	})
	return documents
}

// repositoriesOf leads from each snapshot of a fixture to the folder of its repository.
func repositoriesOf(t testing.TB, fixture string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixture, "truth-meta.json"))
	if errors.Is(err, os.ErrNotExist) { // the project's own small ones have one repository
		repositories := make(map[string]string)
		for name := range readTruth(t, fixture) {
			repositories[name] = "repo"
		}
		return repositories
	}
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Snapshots map[string]struct{ Repository string }
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		t.Fatal(err)
	}
	repositories := make(map[string]string)
	for name, one := range meta.Snapshots {
		repositories[name] = one.Repository
	}
	return repositories
}

type exportedDocument struct {
	Index       string          `json:"_index"`
	Type        *string         `json:"_type"`
	ID          string          `json:"_id"`
	Routing     *string         `json:"_routing"`
	Parent      *string         `json:"_parent"`
	Version     int64           `json:"_version"`
	SeqNo       *int64          `json:"_seq_no"`
	PrimaryTerm *int64          `json:"_primary_term"`
	Timestamp   *int64          `json:"_timestamp"`
	Origin      string          `json:"_source_origin"`
	Source      json.RawMessage `json:"_source"`
}

func text(s *string) string {
	if s == nil {
		return "\x00" // absent is not empty
	}
	return *s
}

// difference compares an export with the truth and describes everything that is not the same.
func difference(lines []byte, truth []truthDocument) []string {
	var differences []string
	expected := make(map[string]truthDocument)
	keyOf := func(index string, docType *string, id string, routing *string) string {
		return strings.Join([]string{index, text(docType), id, text(routing)}, "\x01")
	}
	for _, document := range truth {
		expected[keyOf(document.Index, document.Type, document.ID, document.Routing)] = document
	}
	if len(expected) != len(truth) {
		differences = append(differences, "the truth has a document twice")
	}
	for line := range bytes.Lines(lines) {
		var read exportedDocument
		if err := json.Unmarshal(line, &read); err != nil {
			differences = append(differences, fmt.Sprintf("%.80s: %v", line, err))
			continue
		}
		key := keyOf(read.Index, read.Type, read.ID, read.Routing)
		document, found := expected[key]
		if !found {
			differences = append(differences, fmt.Sprintf("not in the truth, or exported twice: %q", key))
			continue
		}
		delete(expected, key)
		if why := differs(document, read); why != "" {
			differences = append(differences, fmt.Sprintf("%q: %s", key, why))
		}
	}
	for key := range expected {
		differences = append(differences, fmt.Sprintf("missing: %q", key))
	}
	return differences
}

func differs(truth truthDocument, read exportedDocument) string {
	number := func(n *int64) int64 {
		if n == nil {
			return -1
		}
		return *n
	}
	switch {
	case text(truth.Parent) != text(read.Parent):
		return fmt.Sprintf("parent %q, truth %q", text(read.Parent), text(truth.Parent))
	case truth.Version != read.Version:
		return fmt.Sprintf("version %d, truth %d", read.Version, truth.Version)
	case number(truth.SeqNo) != number(read.SeqNo) || number(truth.PrimaryTerm) != number(read.PrimaryTerm):
		return fmt.Sprintf("sequence number %d term %d, truth %d %d", number(read.SeqNo), number(read.PrimaryTerm),
			number(truth.SeqNo), number(truth.PrimaryTerm))
	case number(truth.Timestamp) >= 0 && number(truth.Timestamp) != number(read.Timestamp):
		return fmt.Sprintf("timestamp %d, truth %d", number(read.Timestamp), number(truth.Timestamp))
	case truth.Source == nil:
		if len(read.Source) > 0 && read.Origin == "" {
			return "an original source where the index keeps none"
		}
		return ""
	case read.Origin != "":
		return "a " + read.Origin + " source where the index keeps the original"
	}
	compact, err := binaryjson.Compact(nil, []byte(*truth.Source))
	if err != nil {
		return err.Error()
	}
	if bytes.Equal(compact, read.Source) {
		return ""
	}
	if truth.SentB64 == nil {
		return fmt.Sprintf("source %.200s, truth %.200s", read.Source, compact)
	}
	// What a client sent as SMILE, CBOR or YAML is JSON in the server's answer: equal in value, not in bytes.
	sent, err := base64.StdEncoding.DecodeString(*truth.SentB64)
	if err != nil {
		return err.Error()
	}
	if kind := binaryjson.Detect(sent); kind == binaryjson.JSON {
		return fmt.Sprintf("source %.200s, truth %.200s", read.Source, compact)
	}
	var mine, theirs any
	if err := errors.Join(json.Unmarshal(read.Source, &mine), json.Unmarshal(compact, &theirs)); err != nil {
		return err.Error()
	}
	if !reflect.DeepEqual(mine, theirs) {
		return fmt.Sprintf("source %.300s, truth %.300s", read.Source, compact)
	}
	return ""
}

func TestEveryDocumentOfEverySnapshotIsExportedAsTheClusterReturnedIt(t *testing.T) {
	t.Parallel()
	compareWithTruth(t, recordings.Folders(t))
}

func TestEveryDocumentOfTheProjectsOwnSnapshotsIsExportedAsTheClusterReturnedIt(t *testing.T) {
	t.Parallel()
	compareWithTruth(t, recordings.SmallFolders(t))
}

func compareWithTruth(t *testing.T, fixtures []string) {
	t.Helper()
	for _, fixture := range fixtures {
		t.Run(filepath.Base(fixture), func(t *testing.T) {
			t.Parallel()
			truth := readTruth(t, fixture)
			root := recordings.Unpack(t, fixture, t.TempDir())
			for name, repository := range repositoriesOf(t, fixture) {
				// A closed index can't be searched, so the truth of 8.x has none of its documents.
				options := Options{Selection: Selection{Indices: []string{"*", "-closed-idx"}}, AllMetadata: true}
				lines, summary, err := exportLines(t, filepath.Join(root, repository), name, options)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				var expected []truthDocument
				for _, document := range truth[name] {
					if document.Index != "closed-idx" {
						expected = append(expected, document)
					}
				}
				differences := difference(lines, expected)
				for i, one := range differences {
					if i == 5 {
						t.Errorf("%s: %d differences in all", name, len(differences))
						break
					}
					t.Errorf("%s: %s", name, one)
				}
				if summary.Documents != int64(len(expected)) || len(expected) == 0 {
					t.Errorf("%s: %d documents, truth %d", name, summary.Documents, len(expected))
				}
			}
		})
	}
}

func TestTheComparisonWithTheTruthCanFail(t *testing.T) {
	t.Parallel()
	fixture := recordings.Folder(t, "2.3.2")
	truth := readTruth(t, fixture)["raw1"]
	options := Options{AllMetadata: true}
	lines, _, err := exportLines(t, recordings.Repository(t, fixture, "raw"), "raw1", options)
	if err != nil {
		t.Fatal(err)
	}
	if differences := difference(lines, truth); len(differences) != 0 {
		t.Fatalf("the whole export: %v", differences)
	}
	firstLine := lines[:bytes.IndexByte(lines, '\n')+1]
	versionAt := bytes.Index(lines, []byte(`"_version":`)) + len(`"_version":`)
	sourceAt := bytes.Index(lines, []byte(`"_source":{"`)) + len(`"_source":{"`)
	change := func(at int, to byte) []byte {
		changed := bytes.Clone(lines)
		changed[at] = to
		return changed
	}
	for what, damaged := range map[string][]byte{
		"a document missing":        lines[len(firstLine):],
		"a document twice":          append(bytes.Clone(lines), firstLine...),
		"another version":           change(versionAt, '9'),
		"one byte of a source":      change(sourceAt, '~'),
		"a routing that isn't":      bytes.Replace(lines, []byte(`,"_version"`), []byte(`,"_routing":"x","_version"`), 1),
		"a parent that isn't":       bytes.Replace(lines, []byte(`,"_version"`), []byte(`,"_parent":"x","_version"`), 1),
		"another type":              bytes.Replace(lines, []byte(`"_type":"`), []byte(`"_type":"x`), 1),
		"a line that isn't JSON":    change(0, '['),
		"white space in a source":   bytes.Replace(lines, []byte(`"_source":{`), []byte(`"_source":{ `), 1),
		"nothing at all":            nil,
		"a source not the client's": bytes.Replace(lines, []byte(`,"_source":`), []byte(`,"_source_origin":"rebuilt","_source":`), 1),
	} {
		if len(difference(damaged, truth)) == 0 {
			t.Errorf("%s went unnoticed", what)
		}
	}
}
