// segmentinfo_lucene46.go answers: what is in a .si of Lucene 4.6 to 4.10? Since 5.0: segmentinfo_lucene50.go.
//
//	plain header "Lucene46SegmentInfo" | str version | i32 maxDoc | u8 compound | map4 diagnostics | set4 files | footer (v1, 4.8)
//
// Big-endian.

package lucene

func readSegmentInfo46(in *input, _ int32, si *segmentInfo) {
	si.lucene = in.strVersion()
	si.maxDoc = in.docCount()
	si.compound = in.flag()
	si.diag = in.pairs(true)
	si.files = in.strs(true)
}
