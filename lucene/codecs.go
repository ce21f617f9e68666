// codecs.go answers: which reader reads which format? The one table. Next: the reader's own file.
//
// Formats are told by the codec name in each file's own header, not by the codec's name in the commit point: Elasticsearch,
// OpenSearch and plugins wrap the stock formats in codecs of their own names (Elasticsearch814, ZSTD912, KNN...).

package lucene

import "slices"

// never is a footerSince no version reaches: formats from before Lucene 4.8.
const never = 1 << 30

// format says how a file begins and ends and which function reads the middle.
type format[F any] struct {
	codec        string // in the file's header
	low, high    int32  // versions read here
	indexHeader  bool   // segment id and suffix follow the header: since Lucene 5.0
	footerSince  int32  // first version with a checksummed footer
	littleEndian bool   // since Lucene 9.0
	read         F
}

var segmentInfoFormats = []format[func(*input, int32, *segmentInfo)]{
	{"Lucene40SegmentInfo", 0, 0, false, never, false, readSegmentInfo40},
	{"Lucene46SegmentInfo", 0, 1, false, 1, false, readSegmentInfo46},
	{"Lucene50SegmentInfo", 0, 1, true, 0, false, readSegmentInfo50},
	{"Lucene62SegmentInfo", 0, 1, true, 0, false, readSegmentInfo62},
	{"Lucene70SegmentInfo", 0, 0, true, 0, false, readSegmentInfo70},
	{"Lucene86SegmentInfo", 0, 0, true, 0, false, readSegmentInfo86},
	{"Lucene90SegmentInfo", 0, 0, true, 0, true, readSegmentInfo90},
}

var compoundFormats = []format[func(*input, int32, *compound)]{
	{"CompoundFileWriterEntries", 0, 1, false, 1, false, readCompound40},
	{"Lucene50CompoundEntries", 0, 0, true, 0, false, readCompound50},
	{"Lucene90CompoundEntries", 0, 0, true, 0, true, readCompound90},
}

var fieldInfosFormats = []format[func(*input, int32, *fieldInfo)]{
	{"Lucene40FieldInfos", 0, 0, false, never, false, readFieldInfo40},
	{"Lucene42FieldInfos", 0, 0, false, never, false, readFieldInfo42},
	{"Lucene46FieldInfos", 0, 2, false, 1, false, readFieldInfo46},
	{"Lucene50FieldInfos", 0, 1, true, 0, false, readFieldInfo50},
	{"Lucene60FieldInfos", 0, 2, true, 0, false, readFieldInfo60},
	{"Lucene90FieldInfos", 0, 0, true, 0, true, readFieldInfo90},
	{"Lucene94FieldInfos", 0, 2, true, 0, true, readFieldInfo94},
}

var liveDocsFormats = []format[func(*input, int) bitset]{
	{"Lucene50LiveDocs", 0, 0, true, 0, false, readLiveDocs50},
	{"Lucene90LiveDocs", 0, 0, true, 0, true, readLiveDocs90},
}

// tooOldFormats are formats known by name and not read: no Elasticsearch release since 0.90 wrote them.
var tooOldFormats = []string{"Lucene40StoredFieldsData"}

// tooOldCodecs are codec names of the commit point whose segments can't be read at all.
var tooOldCodecs = []string{"Lucene3x"}

// lookup finds the format of a header.
func lookup[F any](table []format[F], file, codec string, version int32) (*format[F], error) {
	for i := range table {
		f := &table[i]
		if f.codec != codec {
			continue
		}
		if version < f.low || version > f.high {
			return nil, versionError(file, codec, version, f.low, f.high)
		}
		return f, nil
	}
	if slices.Contains(tooOldFormats, codec) {
		return nil, &FileError{Kind: ErrTooOld, File: file, Offset: 0, Detail: codec}
	}
	return nil, unknownCodec(file, codec)
}

// begin reads the header of a file that is read whole, finds its format in the table, and checks its footer. What follows
// is the middle.
func begin[F any](in *input, table []format[F], what string, id SegmentID, suffix string) (*format[F], int32, error) {
	codec, version := in.header()
	if in.err != nil {
		return nil, 0, in.wrap(what)
	}
	f, err := lookup(table, in.name, codec, version)
	if err != nil {
		return nil, 0, err
	}
	if f.indexHeader {
		in.headerSuffix(id, suffix)
	}
	if f.footerSince <= version {
		in.checkFooter()
	}
	in.le = f.littleEndian
	return f, version, nil
}

var storedFieldsFormats = []format[func(int32) storedLayout]{
	{"Lucene41StoredFieldsData", 0, 2, false, 2, false, storedLucene41},
	{"Lucene50StoredFieldsFastData", 0, 2, true, 0, false, storedLucene50Fast},
	{"Lucene50StoredFieldsHighData", 0, 2, true, 0, false, storedLucene50High},
	{"Lucene87StoredFieldsFastData", 3, 4, true, 0, false, storedLucene87Fast},
	{"Lucene87StoredFieldsHighData", 3, 4, true, 0, false, storedLucene87High},
	{"Lucene90StoredFieldsFastData", 1, 1, true, 0, true, storedLucene90Fast},
	{"Lucene90StoredFieldsHighData", 1, 1, true, 0, true, storedLucene90High},
	{"ZstdStoredFields814", 1, 1, true, 0, true, storedZstd814},
	{"CustomStoredFieldsZstd", 1, 1, true, 0, true, storedZstdDict},
	{"CustomStoredFieldsZstdNoDict", 1, 1, true, 0, true, storedZstdNoDict},
}
