package lucene

// fuzz_test.go answers: does any file of any format, whatever its bytes, break a reader? Each target replaces one file of an
// index that Lucene or writer_test.go wrote, with a checksum that fits, and reads all of it. Doc values: docvalues_damage_test.go.

import (
	"path"
	"slices"
	"testing"
)

// fuzzIndices are the small indices whose files are replaced, by name.
func fuzzIndices(f *testing.F) (names []string, indices map[string]memory) {
	indices = storedIndices(f)
	for name := range indices {
		// These two stand for all others, whose large document makes every run slow.
		if name != "4.10.4" && name != "9.9.2-best" {
			delete(indices, name)
		}
	}
	for _, format := range smallFormats() {
		indices[format.name] = writeIndex(format, smallDocs())
	}
	for name := range indices {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, indices
}

// fuzzFiles fuzzes all files whose name matches.
func fuzzFiles(f *testing.F, pattern string) {
	names, indices := fuzzIndices(f)
	type target struct {
		dir  memory
		file string
	}
	var targets []target
	for _, name := range names {
		for file, b := range indices[name] {
			if ok, err := path.Match(pattern, file); err != nil || !ok || len(b) < footerLength {
				continue
			}
			f.Add(uint8(len(targets)), b[:len(b)-footerLength])
			targets = append(targets, target{indices[name], file})
		}
	}
	if len(targets) == 0 {
		f.Fatalf("no file matches %s", pattern)
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		const most = 64 << 10
		if len(body) > most {
			return
		}
		to := targets[int(which)%len(targets)]
		demand(t, to.dir.with(to.file, sealed(slices.Clone(body))), nil, to.file)
	})
}

func FuzzCommit(f *testing.F)            { fuzzFiles(f, "segments_*") }
func FuzzSegmentInfo(f *testing.F)       { fuzzFiles(f, "*.si") }
func FuzzCompoundEntries(f *testing.F)   { fuzzFiles(f, "*.cfe") }
func FuzzFieldInfos(f *testing.F)        { fuzzFiles(f, "*.fnm") }
func FuzzLiveDocs(f *testing.F)          { fuzzFiles(f, "*.[ld]*[vl]") }
func FuzzStoredFields(f *testing.F)      { fuzzFiles(f, "*.fdt") }
func FuzzStoredFieldsIndex(f *testing.F) { fuzzFiles(f, "*.fdx") }
func FuzzStoredFieldsMeta(f *testing.F)  { fuzzFiles(f, "*.fdm") }

// FuzzDocumentID holds packed ids to what they are made for: no panic, and no id for two different ones of a kind.
func FuzzDocumentID(f *testing.F) {
	for _, seed := range [][]byte{{}, {idNumeric, 0x12, 0x3F}, {idUTF8, 'a'}, {idEscape, 0xFE}, {1, 2, 3}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		id := appendID(nil, packed)
		if len(id) > 2*len(packed) {
			t.Errorf("%d bytes became %d", len(packed), len(id))
		}
	})
}
