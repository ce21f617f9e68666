// fieldinfos_lucene60.go answers: what is a field in a .fnm of Lucene 6 to 8? Since 9.0: fieldinfos_lucene90.go.
//
//	index header "Lucene60FieldInfos"
//	as Lucene50 | vint point dimensions, if not 0: [v2: vint indexed dimensions] vint bytes per dimension
//
// Big-endian. Version 1 (7.3) added the soft deletes flag, version 2 (8.0) the indexed dimensions.

package lucene

func readFieldInfo60(in *input, version int32, f *fieldInfo) {
	in.u8() // index options
	f.docValues = in.docValuesType()
	f.docValueGen = in.generation()
	f.attrs = in.pairs(false)
	in.skipPoints(version >= 2)
}

func (in *input) skipPoints(indexDimensions bool) {
	if in.vint() == 0 {
		return
	}
	if indexDimensions {
		in.vint()
	}
	in.vint()
}
