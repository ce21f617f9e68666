// fieldinfos_lucene46.go answers: what is a field in a .fnm of Lucene 4.6 to 4.10? Since 5.0: fieldinfos_lucene50.go.
//
//	plain header "Lucene46FieldInfos"
//	str name | vint number | u8 bits | u8 doc values (low 4 bits) and norms | i64 doc values generation | map4 attributes
//
// Footer since version 1 (4.8); version 2 (4.9) added sorted numeric doc values. Big-endian.

package lucene

func readFieldInfo46(in *input, _ int32, f *fieldInfo) {
	f.docValues = in.nibbleDocValues()
	f.docValueGen = in.generation()
	f.attrs = in.pairs(true)
}
