// fieldinfos_lucene90.go answers: what is a field in a .fnm of Lucene 9.0 to 9.3? Since 9.4: fieldinfos_lucene94.go.
//
//	index header "Lucene90FieldInfos"
//	as Lucene60 version 2, little-endian | vint vector dimension | u8 vector similarity

package lucene

func readFieldInfo90(in *input, _ int32, f *fieldInfo) {
	in.u8() // index options
	f.docValues = in.docValuesType()
	f.docValueGen = in.generation()
	f.attrs = in.pairs(false)
	in.skipPoints(true)
	in.vint() // vector dimension
	in.u8()   // vector similarity
}
