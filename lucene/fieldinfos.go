// fieldinfos.go answers: which fields has the segment, under which numbers? Next: livedocs.go.
//
// The .fnm file: vint n, then per field a name, a number, flags and the kind of doc values; fieldinfos_lucene*.go draw the
// versions. A field infos generation (SEG_GEN.fnm, beside the compound file) replaces the segment's own.

package lucene

import (
	"strconv"
)

// docValuesType is a field's kind of doc values.
type docValuesType uint8

const (
	dvNone docValuesType = iota
	dvNumeric
	dvBinary
	dvSorted
	dvSortedSet
	dvSortedNumeric
	dvHighest = dvSortedNumeric
	// dvUnknown: Lucene 4.0 to 4.1 named doc values by other ids.
	dvUnknown docValuesType = 0xFF
)

const (
	fieldSoftDeletes = 0x08 // flag, since Lucene 7.3
	// maxFieldNumber bounds the table by field number; Elasticsearch allows 1000 fields unless told otherwise.
	maxFieldNumber = 1 << 24
	// softDeletesField is where Elasticsearch and OpenSearch mark soft-deleted documents.
	softDeletesField = "__soft_deletes"
)

// fieldInfo is one field of a segment.
type fieldInfo struct {
	name        string
	number      int32
	bits        uint8
	docValues   docValuesType
	docValueGen int64 // generation of its doc values, -1 for the segment's own
	skipIndex   uint8 // type of the doc values skip index, since Lucene 10
	attrs       map[string]string
}

// fieldInfos are the fields of a segment.
type fieldInfos struct {
	list     []fieldInfo
	byNumber map[int32]*fieldInfo
	byName   map[string]*fieldInfo
}

func readFieldInfos(file File, name string, s *SegmentCommit) (*fieldInfos, error) {
	in, err := loadFile(file, name)
	if err != nil {
		return nil, err
	}
	suffix := ""
	if s.FieldInfosGen != noGeneration {
		suffix = strconv.FormatInt(s.FieldInfosGen, 36)
	}
	f, version, err := begin(in, fieldInfosFormats, "field infos", s.ID, suffix)
	if err != nil {
		return nil, err
	}
	infos := &fieldInfos{}
	const minField = 1 + 1 + 1 + 1
	n := in.count(int64(in.vint()), minField)
	infos.list = make([]fieldInfo, 0, n)
	for i := 0; i < n && in.err == nil; i++ {
		info := fieldInfo{docValueGen: noGeneration}
		info.name = in.str()
		info.number = in.vint()
		info.bits = in.u8()
		f.read(in, version, &info)
		if in.err == nil && (info.number < 0 || info.number > maxFieldNumber) {
			in.fail("field number %d", info.number)
		}
		infos.list = append(infos.list, info)
	}
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the fields", in.remaining())
	}
	infos.index(in)
	return infos, in.wrap("field infos")
}

func (fi *fieldInfos) index(in *input) {
	fi.byNumber = make(map[int32]*fieldInfo, len(fi.list))
	fi.byName = make(map[string]*fieldInfo, len(fi.list))
	for i := range fi.list {
		f := &fi.list[i]
		if in.err == nil && (fi.byNumber[f.number] != nil || fi.byName[f.name] != nil) {
			in.fail("field %q, number %d, repeated", clip(f.name), f.number)
		}
		fi.byNumber[f.number] = f
		fi.byName[f.name] = f
	}
}

// softDeletes gives the field that marks soft deletions, nil if there is none.
func (fi *fieldInfos) softDeletes() *fieldInfo {
	for i := range fi.list {
		if f := &fi.list[i]; f.bits&fieldSoftDeletes != 0 && f.docValues == dvNumeric {
			return f
		}
	}
	if f := fi.byName[softDeletesField]; f != nil && f.docValues == dvNumeric {
		return f
	}
	return nil
}

func (in *input) docValuesType() docValuesType {
	t := docValuesType(in.u8())
	if in.err == nil && t > dvHighest {
		in.pos--
		in.fail("doc values type %d", t)
	}
	return t
}
