// segmentinfo_lucene50.go answers: what is in a .si of Lucene 5.0 to 6.1? Since 6.2: segmentinfo_lucene62.go.
//
//	index header "Lucene50SegmentInfo" | 3 i32 version | i32 maxDoc | u8 compound | map diagnostics | set files | map attributes | footer
//
// Big-endian. In version 0 (Lucene 5.0) sets and maps count by i32.

package lucene

func readSegmentInfo50(in *input, version int32, si *segmentInfo) {
	si.lucene = in.intVersion()
	si.readBody(in, version == 0)
}

// readBody reads what all versions since 5.0 have in common.
func (si *segmentInfo) readBody(in *input, oldMaps bool) {
	si.maxDoc = in.docCount()
	si.compound = in.flag()
	si.readMaps(in, oldMaps)
}

func (si *segmentInfo) readMaps(in *input, oldMaps bool) {
	si.diag = in.pairs(oldMaps)
	si.files = in.strs(oldMaps)
	si.attrs = in.pairs(oldMaps)
}
