package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// compressed makes a member of each half, as a folder export does.
func compressed(t *testing.T, kind Compression, text string) []byte {
	t.Helper()
	maker := newCompressor(kind)
	var whole []byte
	for _, half := range []string{text[:len(text)/2], text[len(text)/2:]} {
		member, err := maker.member([]byte(half))
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, member...)
	}
	return whole
}

func TestLinesComeBackWithTheirNumbersHoweverTheyAreCompressed(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", 3*lineBuffer) + `"}`
	text := "{\"n\":1}\n\n  \r\n" + long + "\r\n{\"n\":3}" // no line break at the end
	for _, kind := range []Compression{Plain, Gzip, Zstd} {
		lines, err := NewLines(bytes.NewReader(compressed(t, kind, text)))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for {
			line, number, err := lines.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, fmt.Sprintf("%d %d %s", number, len(line), line[:4]))
		}
		if want := fmt.Sprintf("[1 7 {\"n\" 4 %d {\"a\" 5 7 {\"n\"]", len(long)); fmt.Sprint(found) != want {
			t.Errorf("%v: %v, want %s", kind, found, want)
		}
		if err := lines.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileThatBreaksOffWithinCompressedDataIsNotTakenForItsEnd(t *testing.T) {
	t.Parallel()
	for _, kind := range []Compression{Gzip, Zstd} {
		whole := compressed(t, kind, strings.Repeat(`{"_index":"i"}`+"\n", 1000))
		lines, err := NewLines(bytes.NewReader(whole[:len(whole)-6]))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, err = lines.Next()
		}
		if err == io.EOF {
			t.Errorf("%v: the cut passes as the end", kind)
		}
	}
}

func TestALineIsADocumentOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	var document es.Document
	line := `{"_index":"i","_type":"t","_id":"a\"b","_routing":"r","_parent":"p","_version":9007199254741000,"_score":1,"_source":{"big":123456789012345678901234567890,"a":1,"a":2}}`
	if err := ParseLine([]byte(line), &document); err != nil {
		t.Fatal(err)
	}
	if document.Index != "i" || document.Type != "t" || document.ID != `a"b` || document.Routing != "r" || document.Parent != "p" || document.Version != 9007199254741000 ||
		string(document.Source) != `{"big":123456789012345678901234567890,"a":1,"a":2}` {
		t.Errorf("%+v", document)
	}
	for text, words := range map[string]string{
		`{"_index":"i","_id":"1","_source":{"a":1}`: "no JSON", `[1]`: "no JSON object", `{"_id":"1","_source":{}}`: "no _index",
		`{"_index":"i","_source":{}}`: "no _id", `{"_index":"i","_id":"1"}`: "no _source", `{"_index":"i","_id":"1","_source":[1]}`: "no object",
		`{"_index":"i","_id":"1","_source":null}`: "no object",
	} {
		if err := ParseLine([]byte(text), &document); !errors.Is(err, ErrBadLine) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", text, err, words)
		}
	}
}

func TestAFolderDescribesItsIndicesAndElasticdumpsFilesAreRead(t *testing.T) {
	t.Parallel()
	repository := openRepository(t, recordings.Repository(t, recordings.Folder(t, "2.3.2"), "repo"))
	info, err := repository.Snapshot(t.Context(), "s2")
	if err != nil {
		t.Fatal(err)
	}
	target := t.TempDir()
	options := Options{Format: Elasticdump, Selection: Selection{Indices: []string{"new-in-s2"}}}
	sink, err := NewFolder(target, options, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), repository, info, options, sink); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"ours", "elasticdump's"} {
		described, err := ReadDescriptions(target)
		if err != nil {
			t.Fatal(err)
		}
		one := described["new-in-s2"]
		_, created, err := one.Versions()
		if err != nil || created.String() != "2.3.2" || string(one.Settings["index.number_of_shards"]) != `"1"` ||
			!gjson.GetBytes(one.Mappings, "doc.properties.k").Exists() || one.Aliases["fresh"] == nil {
			t.Errorf("%s: %+v %v", form, one, err)
		}
		if err := os.Remove(filepath.Join(target, "new-in-s2"+DescriptionSuffix)); err != nil && form == "ours" {
			t.Error(err)
		}
	}
}
