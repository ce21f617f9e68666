// segmentinfo_lucene99.go answers: what is in a .si of Lucene 9.9 and later?
//
//	index header "Lucene90SegmentInfo" (sic) | 3 i32 version | u8 has oldest [3 i32] | i32 maxDoc | u8 compound |
//	u8 has blocks | map diagnostics | set files | map attributes | vint sort fields {...} | footer
//
// Little-endian. segmentinfo_lucene90.go tells it from the layout of 9.0, which lacks the byte "has blocks".

package lucene

func (si *segmentInfo) readBody99(in *input) {
	si.maxDoc = in.docCount()
	si.compound = in.flag()
	in.flag() // has blocks
	si.readMaps(in, false)
}
