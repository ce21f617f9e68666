// fieldinfos_lucene94.go answers: what is a field in a .fnm of Lucene 9.4 and later?
//
//	index header "Lucene94FieldInfos"
//	str name | vint number | u8 bits | u8 index options | u8 doc values | [v2: u8 skip index] | i64 doc values generation |
//	map attributes | points as Lucene60 v2 | vint vector dimension | u8 vector encoding | u8 vector similarity
//
// Little-endian. Version 1 added the parent field flag, version 2 (10.0) the skip index.

package lucene

func readFieldInfo94(in *input, version int32, f *fieldInfo) {
	in.u8() // index options
	f.docValues = in.docValuesType()
	if version >= 2 {
		f.skipIndex = in.u8()
	}
	f.docValueGen = in.generation()
	f.attrs = in.pairs(false)
	in.skipPoints(true)
	in.vint() // vector dimension
	in.u8()   // vector encoding
	in.u8()   // vector similarity
}
