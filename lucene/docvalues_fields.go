// docvalues_fields.go answers: which file holds a field's doc values, and what of it is read? Next: docvalues_column.go.
//
// Doc values are columns: per field, a value (or several) for each document that has one. Every field names its format and a
// number in its attributes; all fields with the same pair share two files:
//
//	SEG_FORMAT_N.dvm        meta: per field an entry that says how its values are encoded and where they lie
//	SEG_FORMAT_N.dvd        data
//	SEG_GEN_FORMAT_N.dv?    a doc values generation: the whole new column of an updated field, beside the compound file
//
// The meta is read whole and checked; of the data only what a column needs, in windows. A small data file is read whole
// and its checksum verified. Of a large one header and footer are verified, which prove the right file, complete.

package lucene

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	perFieldFormat = "PerFieldDocValuesFormat.format"
	perFieldSuffix = "PerFieldDocValuesFormat.suffix"
	// docValuesWhole is up to which size a data file is read whole and checksummed.
	docValuesWhole = 1 << 20
	// docValuesAhead is how much of a larger one is fetched at once: little, since one document may be all that is asked for.
	// Whoever reads on gets twice as much each time, so that a whole column takes few requests.
	docValuesAhead     = 64 << 10
	docValuesMostAhead = 1 << 20
)

// tooOldDocValues are meta codec names of before Lucene 4.5.
var tooOldDocValues = []string{"Lucene40DocValues", "Lucene42DocValuesMetadata", "Lucene42ValuesMetadata"}

// docValues finds the columns of one segment. It is safe for several goroutines; the columns are not.
type docValues struct {
	segment string
	id      SegmentID
	maxDoc  int
	fields  *fieldInfos
	open    func(name string) (File, error) // a file of the segment, out of its compound file if it has one
	outer   func(name string) (File, error) // a file that never is in the compound file: generations

	mu    sync.Mutex
	files map[string]*docValuesFile // by suffix
}

// docValuesFile is one pair of .dvm and .dvd.
type docValuesFile struct {
	name    string // of the .dvd
	data    File
	le      bool
	entries map[int32]*columnEntry
}

// newDocValues reads nothing yet.
func newDocValues(s *Segment) *docValues {
	return &docValues{segment: s.commit.Name, id: s.commit.ID, maxDoc: s.info.maxDoc, fields: s.fields,
		open: s.open, outer: s.openOuter, files: make(map[string]*docValuesFile)}
}

// column opens a field's column; nil when the segment has none of that name.
func (d *docValues) column(field string) (*column, error) {
	f := d.fields.byName[field]
	if f == nil || f.docValues == dvNone {
		return nil, nil
	}
	file, err := d.file(f)
	if err != nil {
		return nil, fmt.Errorf("doc values of %q: %w", clip(field), err)
	}
	e := file.entries[f.number]
	if e == nil || f.docValues != dvUnknown && e.kind != f.docValues {
		return nil, corruptf(file.name, -1, "no doc values of the right kind for field %q, number %d", clip(field), f.number)
	}
	return newColumn(file, e, d.maxDoc), nil
}

// having gives the set of documents that have a value in a field; nil when the segment has no such column.
func (d *docValues) having(field string) (bitset, error) {
	c, err := d.column(field)
	if c == nil || err != nil {
		return nil, err
	}
	set := make(bitset, bitsetWords(d.maxDoc))
	for doc := 0; ; doc++ {
		if doc, _, err = c.docs.advance(doc); err != nil {
			return nil, fmt.Errorf("doc values of %q: %w", clip(field), err)
		}
		if doc == noMoreDocs {
			return set, nil
		}
		set[doc>>6] |= 1 << (doc & 63)
	}
}

// suffix is the part of the file name that a field's doc values have.
func (f *fieldInfo) docValuesSuffix() string {
	suffix := ""
	if format := f.attrs[perFieldFormat]; format != "" {
		suffix = format + "_" + f.attrs[perFieldSuffix]
	}
	if f.docValueGen == noGeneration {
		return suffix
	}
	gen := strconv.FormatInt(f.docValueGen, 36)
	if suffix == "" {
		return gen
	}
	return gen + "_" + suffix
}

func (d *docValues) file(f *fieldInfo) (*docValuesFile, error) {
	suffix := f.docValuesSuffix()
	if strings.ContainsAny(suffix, "/\\.\x00") {
		return nil, corruptf(d.segment, -1, "doc values format %q", clip(suffix))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if file := d.files[suffix]; file != nil {
		return file, nil
	}
	base := d.segment
	if suffix != "" {
		base += "_" + suffix
	}
	open := d.open
	if f.docValueGen != noGeneration {
		open = d.outer
	}
	file, err := d.read(base, suffix, open)
	if err != nil {
		return nil, err
	}
	d.files[suffix] = file
	return file, nil
}

func (d *docValues) read(base, suffix string, open func(string) (File, error)) (*docValuesFile, error) {
	name := base + ".dvm"
	meta, err := open(name)
	if err != nil {
		return nil, err
	}
	in, err := loadFile(meta, name)
	if err != nil {
		return nil, err
	}
	codec, version := in.header()
	if in.err != nil {
		return nil, in.err
	}
	if slices.Contains(tooOldDocValues, codec) {
		return nil, &FileError{Kind: ErrTooOld, File: name, Detail: fmt.Sprintf("%s; Lucene 4.5 and later are read", codec)}
	}
	format, err := lookup(docValuesFormats, name, codec, version)
	if err != nil {
		return nil, err
	}
	if format.indexHeader {
		in.headerSuffix(d.id, suffix)
	}
	if format.footerSince <= version {
		in.checkFooter()
	}
	in.le = format.littleEndian
	file := &docValuesFile{name: base + ".dvd", le: format.littleEndian}
	if file.entries, err = d.entries(in, version, format.read); err != nil {
		return nil, err
	}
	data, err := open(file.name)
	if err != nil {
		return nil, err
	}
	file.data, err = d.checkData(data, file.name, suffix, version, format)
	return file, err
}

// columnReader reads the entry of one field, behind its number and kind.
type columnReader func(in *input, version int32, maxDoc int, f *fieldInfo, kind docValuesType) columnEntry

// entries reads the meta: { field number, u8 kind, entry } until number -1.
func (d *docValues) entries(in *input, version int32, read metaFormat) (map[int32]*columnEntry, error) {
	entries := make(map[int32]*columnEntry)
	for in.err == nil {
		number := read.number(in)
		if number == -1 || in.err != nil {
			break
		}
		f := d.fields.byNumber[number]
		if f == nil || entries[number] != nil {
			in.fail("entry of field %d, which is unknown or had one", number)
			break
		}
		kind := in.metaKind()
		e := read.column(in, version, d.maxDoc, f, kind)
		e.kind = kind
		entries[number] = &e
	}
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the entries", in.remaining())
	}
	return entries, in.err
}

// metaKind reads a kind as .dvm numbers them, one less than .fnm.
func (in *input) metaKind() docValuesType {
	kind := docValuesType(in.u8()) + dvNumeric
	if in.err == nil && (kind < dvNumeric || kind > dvHighest) {
		in.pos--
		in.fail("doc values kind %d", kind-dvNumeric)
	}
	return kind
}

// metaFormat is how a version writes field numbers and entries.
type metaFormat struct {
	number func(in *input) int32
	column columnReader
}

// checkData verifies the data file, as far as it is read now, and gives what columns read from.
func (d *docValues) checkData(f File, name, suffix string, version int32, format *format[metaFormat]) (File, error) {
	checksummed := format.footerSince <= version
	whole := checksummed && f.Size() <= docValuesWhole
	var in *input
	var err error
	if whole {
		in, err = loadFile(f, name)
	} else {
		in, err = openHeader(f, name)
	}
	if err != nil {
		return nil, err
	}
	_, dataVersion := in.header()
	if in.err == nil && dataVersion != version {
		in.fail("version %d, meta has %d", dataVersion, version)
	}
	if format.indexHeader {
		in.headerSuffix(d.id, suffix)
	}
	switch {
	case whole:
		in.checkFooter()
		f = bytes.NewReader(in.buf)
	case checksummed && in.err == nil:
		_, in.err = readFooter(f, name)
	}
	return f, in.err
}

// readFurther doubles the window's read-ahead when reading in order has come to its end.
func readFurther(w *window, off int64, length, most int) {
	end := w.start + int64(len(w.buf))
	if len(w.buf) > 0 && off >= w.start && off <= end && off+int64(length) > end && end < w.size {
		w.ahead = min(2*w.ahead, most)
	}
}

// errNoColumn is our own mistake: asking a column for what its kind doesn't have.
var errNoColumn = errors.New("column is of another kind")
