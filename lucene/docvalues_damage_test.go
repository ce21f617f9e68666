package lucene

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loadWritten holds an index of testdata/docvalues in memory.
func loadWritten(t testing.TB, path string) memory {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := memory{}
	for _, e := range entries {
		if dir[e.Name()], err = os.ReadFile(filepath.Join(path, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// forge puts the right checksum under bytes that were changed.
func forge(b []byte) []byte {
	if len(b) >= footerLength {
		sum := crc32.ChecksumIEEE(b[:len(b)-8])
		binary.BigEndian.PutUint64(b[len(b)-8:], uint64(sum))
	}
	return b
}

// readColumns asks some documents in every column; any answer will do, and every error must be about the bytes.
func readColumns(t *testing.T, s *Segment, dir memory, what string) {
	t.Helper()
	dv := newDocValues(s)
	dv.open, dv.outer = dir.Open, dir.Open
	for i := range s.fields.list {
		f := &s.fields.list[i]
		if f.docValues == dvNone {
			continue
		}
		c, err := dv.column(f.name)
		for _, doc := range []int{0, 3, 34, 97, s.MaxDoc() - 1, 5} {
			if err != nil {
				break
			}
			_, _, err = both(c, f.name, int64(doc), int64(s.MaxDoc()))
		}
		if err != nil && !aboutBytes(err) {
			t.Fatalf("%s: %s: %v", what, f.name, err)
		}
	}
}

func aboutBytes(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTooOld) || errors.Is(err, ErrTooNew)
}

// eachDocValuesFile calls fn with every file of doc values of every index in testdata.
func eachDocValuesFile(t *testing.T, fn func(t *testing.T, s *Segment, dir memory, name string)) {
	t.Helper()
	for _, path := range writtenIndices(t) {
		dir := loadWritten(t, path)
		for name := range dir {
			if ext := filepath.Ext(name); ext != ".dvm" && ext != ".dvd" || !strings.HasPrefix(path, "testdata") {
				continue
			}
			t.Run(filepath.Base(path)+"/"+name, func(t *testing.T) {
				t.Parallel()
				fn(t, openOne(t, dir), dir, name)
			})
		}
	}
}

func TestDocValuesCutOrFlippedAtEveryByteAreRefused(t *testing.T) {
	t.Parallel()
	eachDocValuesFile(t, func(t *testing.T, s *Segment, dir memory, name string) {
		whole := dir[name]
		field := fieldIn(t, s, name)
		refused := func(b []byte, what string, at int) {
			dv := newDocValues(s)
			bad := dir.with(name, b)
			dv.open, dv.outer = bad.Open, bad.Open
			if _, err := dv.column(field); !aboutBytes(err) {
				t.Fatalf("%s at byte %d: %v", what, at, err)
			}
		}
		summed := bytes.Contains(whole, binary.BigEndian.AppendUint32(nil, footerMagic))
		const edge, stride = 256, 13 // inside the data one byte is like the next
		for at := range whole {
			if filepath.Ext(name) == ".dvd" && at > edge && at < len(whole)-edge && at%stride != 0 {
				continue
			}
			if !summed {
				// Lucene 4.5 to 4.7 wrote no checksum: nothing tells a wrong number from a right one.
				readColumns(t, s, dir.with(name, whole[:at:at]), name)
				continue
			}
			refused(whole[:at:at], "cut", at)
			b := bytes.Clone(whole)
			b[at] ^= 1 << (at % 8)
			refused(b, "flipped", at)
		}
	})
}

// fieldIn names a field whose doc values are in a file.
func fieldIn(t *testing.T, s *Segment, name string) string {
	t.Helper()
	for i := range s.fields.list {
		f := &s.fields.list[i]
		if f.docValues != dvNone && strings.HasPrefix(name, s.Name()+"_"+f.docValuesSuffix()+".") {
			return f.name
		}
	}
	t.Fatalf("no field has its doc values in %s", name)
	return ""
}

func TestForgedDocValuesDoNoHarm(t *testing.T) {
	t.Parallel()
	stride := 11
	if testing.Short() {
		stride = 37
	}
	eachDocValuesFile(t, func(t *testing.T, s *Segment, dir memory, name string) {
		whole := dir[name]
		step := stride
		if filepath.Ext(name) == ".dvd" {
			step *= 29
		}
		for at := 0; at < len(whole)-footerLength; at += step {
			for _, change := range []byte{1 << (at % 8), 0x80, 0xFF, bits.Reverse8(whole[at]) | 1} {
				b := bytes.Clone(whole)
				b[at] ^= change
				readColumns(t, s, dir.with(name, forge(b)), name)
			}
		}
	})
}

// FuzzDocValuesMeta reads columns through metas with right checksums and wrong contents.
func FuzzDocValuesMeta(f *testing.F) {
	paths := writtenIndices(f)
	dirs := make([]memory, len(paths))
	segments := make([]*Segment, len(paths))
	for i, path := range paths {
		dirs[i] = loadWritten(f, path)
		segments[i] = openOne(f, dirs[i])
		for name, b := range dirs[i] {
			if filepath.Ext(name) == ".dvm" {
				f.Add(uint8(i), name, b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, name string, meta []byte) {
		dir := dirs[int(i)%len(dirs)]
		if _, ok := dir[name]; !ok || filepath.Ext(name) != ".dvm" {
			return
		}
		readColumns(t, segments[int(i)%len(dirs)], dir.with(name, forge(meta)), name)
	})
}
