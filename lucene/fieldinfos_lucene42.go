// fieldinfos_lucene42.go answers: what is a field in a .fnm of Lucene 4.0 to 4.5? Since 4.6: fieldinfos_lucene46.go.
//
//	plain header "Lucene40FieldInfos" or "Lucene42FieldInfos"
//	str name | vint number | u8 bits | u8 doc values (low 4 bits) and norms (high 4 bits) | map4 attributes
//
// No footer. Lucene 4.0 and 4.1 number the kinds of doc values in another way; they are taken as unknown.

package lucene

func readFieldInfo40(in *input, _ int32, f *fieldInfo) {
	if in.u8()&0x0F != 0 {
		f.docValues = dvUnknown
	}
	f.attrs = in.pairs(true)
}

func readFieldInfo42(in *input, _ int32, f *fieldInfo) {
	f.docValues = in.nibbleDocValues()
	f.attrs = in.pairs(true)
}

func (in *input) nibbleDocValues() docValuesType {
	t := docValuesType(in.u8() & 0x0F)
	if in.err == nil && t > dvHighest {
		in.pos--
		in.fail("doc values type %d", t)
	}
	return t
}
