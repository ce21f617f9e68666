package lucene

// damage_test.go answers: what happens to bytes that were cut, flipped or forged? Always an error that names file and
// offset, or the right documents; never a panic, a hang, or more memory than the file could need.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"testing"
)

func smallDocs() []syntheticDoc {
	var docs []syntheticDoc
	for i := range 9 {
		docs = append(docs, syntheticDoc{id: fmt.Sprintf("id%d", i), source: fmt.Appendf(nil, `{"n":%d,"text":"abcabcabcabc"}`, i)})
	}
	return docs
}

// smallFormats have chunks of three documents, so that small segments have several.
func smallFormats() []syntheticFormat {
	small := slices.Clone(syntheticFormats)
	for i := range small {
		small[i].maxDocs = 3
	}
	return small
}

// readAll reads all that can be read of an index, in every way, and gives the documents of the scan.
func readAll(dir Directory) (docs []syntheticDoc, err error) {
	ctx := context.Background()
	commit, err := OpenCommit(ctx, dir)
	if err != nil {
		return nil, err
	}
	for i := range commit.Segments {
		seg, err := commit.Segment(ctx, i)
		if err != nil {
			return docs, err
		}
		if err := seg.Scan(ctx, ScanOptions{}, func(d *Document) error {
			docs = append(docs, syntheticDoc{string(d.ID), bytes.Clone(d.Source)})
			return d.EachStored(func(string, StoredValue) bool { return true })
		}); err != nil {
			return docs, err
		}
		r, err := seg.Reader(ctx)
		if err != nil {
			return docs, err
		}
		defer r.Close()
		for doc := range min(seg.MaxDoc(), 100) {
			if _, err := r.Document(ctx, doc); err != nil {
				return docs, err
			}
		}
		if _, err := seg.Splits(ctx, 3); err != nil {
			return docs, err
		}
	}
	return docs, nil
}

// mostMemory is what reading a damaged small index may allocate in all: buffers for reading ahead, tables of decompressors.
const mostMemory = 24 << 20

// demand checks the outcome of reading a damaged index.
func demand(t *testing.T, dir memory, want []syntheticDoc, what string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	docs, err := readAll(dir)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > mostMemory {
		t.Errorf("%s: %d MiB allocated", what, used>>20)
	}
	var file *FileError
	switch {
	case err == nil:
		if want != nil && !slices.EqualFunc(docs, want, func(a, b syntheticDoc) bool { return a.id == b.id && bytes.Equal(a.source, b.source) }) {
			t.Errorf("%s: other documents and no error", what)
		}
	case errors.As(err, &file):
		if file.File == "" || file.Offset < -1 {
			t.Errorf("%s: error names no place: %v", what, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		t.Errorf("%s: %v", what, err)
	}
}

// with gives a copy of the directory with one file replaced.
func (m memory) with(name string, b []byte) memory {
	c := maps.Clone(m)
	c[name] = b
	return c
}

// sampled says whether a place is left out: with -short most are.
func sampled(i int) bool { return testing.Short() && i%7 != 0 }

func TestFilesCutAtEveryByteAreRefusedOrReadRight(t *testing.T) {
	for _, f := range smallFormats() {
		docs := smallDocs()
		dir := writeIndex(f, docs)
		for name, b := range dir {
			for n := range b {
				if sampled(n) {
					continue
				}
				demand(t, dir.with(name, b[:n]), docs, fmt.Sprintf("%s, %s cut to %d of %d", f.name, name, n, len(b)))
			}
			demand(t, dir.with(name, append(bytes.Clone(b), 0)), docs, fmt.Sprintf("%s, %s with a byte more", f.name, name))
		}
	}
}

func TestFilesFlippedAtEveryByteAreRefusedOrReadRight(t *testing.T) {
	for _, f := range smallFormats() {
		docs := smallDocs()
		dir := writeIndex(f, docs)
		for name, b := range dir {
			for i := range b {
				if sampled(i) {
					continue
				}
				for _, flip := range []byte{0xFF, 0x01, 0x80} {
					bad := bytes.Clone(b)
					bad[i] ^= flip
					demand(t, dir.with(name, bad), docs, fmt.Sprintf("%s, %s flipped by %02x at %d", f.name, name, flip, i))
				}
			}
		}
	}
}

// TestForgedFilesDoNoHarm flips bytes and makes the checksum fit: what comes out may be wrong, but nothing may break.
func TestForgedFilesDoNoHarm(t *testing.T) {
	for _, f := range smallFormats() {
		dir := writeIndex(f, smallDocs())
		for name, b := range dir {
			body := b[:len(b)-footerLength]
			for i := range body {
				if sampled(i) {
					continue
				}
				for _, flip := range []byte{0xFF, 0x01, 0x80, 0x7F} {
					bad := bytes.Clone(body)
					bad[i] ^= flip
					demand(t, dir.with(name, sealed(bad)), nil, fmt.Sprintf("%s, %s forged by %02x at %d", f.name, name, flip, i))
				}
			}
		}
	}
}

// TestABrokenChunkLosesOnlyItself damages one chunk and demands every document of the others, and a loss that names the rest.
func TestABrokenChunkLosesOnlyItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	docs := mixedDocs()
	for _, f := range syntheticFormats {
		dir := writeIndex(f, docs)
		seg := openOne(t, dir)
		st, err := seg.storedFields(ctx)
		if err != nil {
			t.Fatal(err)
		}
		x, err := st.chunkIndex()
		if err != nil {
			t.Fatal(err)
		}
		n := x.chunks() / 2
		first, start, err := x.chunk(x.window(), n)
		if err != nil {
			t.Fatal(err)
		}
		behind, _, err := x.chunk(x.window(), n+1)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(dir["_0.fdt"])
		for i := range 8 {
			bad[int(start)+i] = 0xFF
		}
		seg = openOne(t, dir.with("_0.fdt", bad))
		if err := seg.Scan(ctx, ScanOptions{}, func(*Document) error { return nil }); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: a scan that may lose nothing ended with %v", f.name, err)
		}
		var losses []*LossError
		var stats ScanStats
		got := 0
		err = seg.Scan(ctx, ScanOptions{Stats: &stats, OnLoss: func(l *LossError) error {
			losses = append(losses, l)
			return nil
		}}, func(d *Document) error {
			got++
			return sameDoc(d, docs[d.DocID])
		})
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		var file *FileError
		if len(losses) != 1 || losses[0].From != first || losses[0].To != behind || !errors.As(losses[0], &file) ||
			file.File != "_0.fdt" || file.Offset < start {
			t.Errorf("%s: losses %v, want documents %d to %d of the chunk at %d", f.name, losses, first, behind-1, start)
		}
		if got != len(docs)-(behind-first) || stats.Lost != behind-first {
			t.Errorf("%s: %d documents came, %d lost, of %d", f.name, got, stats.Lost, len(docs))
		}
	}
}

// TestABitFlippedInADocumentIsNoticed flips a byte that decompression can't notice: the checksum must.
func TestABitFlippedInADocumentIsNoticed(t *testing.T) {
	t.Parallel()
	dir := writeIndex(syntheticFormats[1], smallDocs())
	bad := bytes.Replace(dir["_0.fdt"], []byte("abc"), []byte("abd"), 1)
	err := openOne(t, dir.with("_0.fdt", bad)).Scan(context.Background(), ScanOptions{}, func(*Document) error { return nil })
	var loss *LossError
	if !errors.As(err, &loss) || !loss.Delivered || !errors.Is(err, ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

// TestABitFlippedInADocumentIsNoticedByThoseWhoReadAPartEach scans the ranges of a segment in any order.
func TestABitFlippedInADocumentIsNoticedByThoseWhoReadAPartEach(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, f := range syntheticFormats[:4] {
		dir := syntheticIndex(t, f, 600, 1<<20)
		at := bytes.Index(dir["_0.fdt"], []byte(`Mozilla`))
		for _, flip := range []byte{0, 1} {
			bad := bytes.Clone(dir["_0.fdt"])
			if at > 0 {
				bad[at] ^= flip
			}
			seg := openOne(t, dir.with("_0.fdt", bad))
			ranges, err := seg.Splits(ctx, 5)
			if err != nil || len(ranges) != 5 {
				t.Fatal(ranges, err)
			}
			var losses []*LossError
			for _, i := range []int{2, 0, 4, 1, 3} {
				err := seg.Scan(ctx, ScanOptions{From: ranges[i].From, To: ranges[i].To, OnLoss: func(l *LossError) error {
					losses = append(losses, l)
					return nil
				}}, func(*Document) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
				if len(losses) > 0 && i != 3 {
					t.Fatalf("%s: range %d noticed %v before all were read", f.name, i, losses[0])
				}
			}
			if wrong := at > 0 && flip != 0; wrong != (len(losses) == 1 && losses[0].Delivered && losses[0].To == seg.MaxDoc()) {
				t.Errorf("%s: flipped by %d at %d: %v", f.name, flip, at, losses)
			}
		}
	}
}

// TestAChunkThatEndsWrongTakesNoOtherWithIt makes an LZ4 chunk longer than it is: what follows isn't lost for it.
func TestAChunkThatEndsWrongTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := smallFormats()[1]
	docs := smallDocs()
	dir := writeIndex(f, docs)
	// The first literal run of the second chunk becomes shorter by one: each byte behind is taken for what it isn't.
	st, err := openOne(t, dir).storedFields(ctx)
	if err != nil {
		t.Fatal(err)
	}
	x, err := st.chunkIndex()
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := x.chunk(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, third, err := x.chunk(nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	trusted := 0
	for at := second; at < third; at++ {
		for bit := range 8 {
			bad := bytes.Clone(dir["_0.fdt"])
			bad[at] ^= 1 << bit
			seg := openOne(t, dir.with("_0.fdt", sealed(bad[:len(bad)-footerLength])))
			suspect := map[int]bool{}
			got := map[int]bool{}
			if err := seg.Scan(ctx, ScanOptions{OnLoss: func(l *LossError) error {
				for doc := l.From; doc < l.To; doc++ {
					suspect[doc] = true
				}
				return nil
			}}, func(d *Document) error {
				got[d.DocID] = true
				if d.DocID < 3 || d.DocID >= 6 {
					return sameDoc(d, docs[d.DocID])
				}
				return nil
			}); err != nil {
				t.Fatalf("bit %d at %d: %v", bit, at, err)
			}
			for doc := range docs {
				if (doc < 3 || doc >= 6) && (!got[doc] || suspect[doc]) {
					t.Errorf("bit %d at %d: document %d came: %v, suspected: %v", bit, at, doc, got[doc], suspect[doc])
				}
			}
			if len(suspect) > 0 {
				trusted++
			}
		}
	}
	if trusted == 0 {
		t.Error("no damage was noticed")
	}
}

func TestFormatsThatAreNotReadSaySo(t *testing.T) {
	t.Parallel()
	f := smallFormats()[1]
	dir := writeIndex(f, smallDocs())
	body := func(name string) []byte { return bytes.Clone(dir[name][:len(dir[name])-footerLength]) }
	replaced := func(name, old, new string) memory {
		return dir.with(name, sealed(bytes.Replace(body(name), []byte(old), []byte(new), 1)))
	}
	versioned := func(name, codec string, version byte) memory {
		b := body(name)
		b[bytes.Index(b, []byte(codec))+len(codec)+3] = version
		return dir.with(name, sealed(b))
	}
	for what, c := range map[string]struct {
		dir  memory
		kind error
	}{
		"commit of tomorrow":        {versioned("segments_1", "segments", commitHighest+1), ErrTooNew},
		"commit of Lucene 3":        {dir.with("segments_1", []byte{0xFF, 0xFF, 0xFF, 0xF5, 0, 0, 0, 0}), ErrTooOld},
		"segment of Lucene 3":       {replaced("segments_1", "\x04Test", "\x08Lucene3x"), ErrTooOld},
		"stored fields of 4.0":      {replaced("_0.fdt", "\x1cLucene50StoredFieldsFastData", "\x18Lucene40StoredFieldsData"), ErrTooOld},
		"stored fields of tomorrow": {versioned("_0.fdt", "Lucene50StoredFieldsFastData", 3), ErrTooNew},
		"an unknown codec":          {replaced("_0.fdt", "Lucene50StoredFieldsFastData", "SomebodyElsesFieldsFastData!"), ErrTooNew},
		"field infos of tomorrow":   {versioned("_0.fnm", "Lucene60FieldInfos", 9), ErrTooNew},
		"another segment's files":   {replaced("_0.fdt", string(testID[:]), string(make([]byte, idLength))), ErrCorrupt},
		"no commit":                 {memory{"_0.si": nil}, ErrCorrupt},
	} {
		_, err := readAll(c.dir)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
