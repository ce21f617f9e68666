// fieldinfos_lucene50.go answers: what is a field in a .fnm of Lucene 5? Since 6.0: fieldinfos_lucene60.go.
//
//	index header "Lucene50FieldInfos"
//	str name | vint number | u8 bits | u8 index options | u8 doc values | i64 doc values generation | map attributes
//
// Big-endian. In version 0 the map counts by i32.

package lucene

func readFieldInfo50(in *input, version int32, f *fieldInfo) {
	in.u8() // index options
	f.docValues = in.docValuesType()
	f.docValueGen = in.generation()
	f.attrs = in.pairs(version == 0)
}
