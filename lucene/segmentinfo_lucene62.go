// segmentinfo_lucene62.go answers: what is in a .si of Lucene 6.2 to 6.6? Since 7.0: segmentinfo_lucene70.go.
//
//	index header "Lucene62SegmentInfo" | as Lucene50 | vint sort fields {...} | footer
//
// Big-endian. The index sort is not read.

package lucene

func readSegmentInfo62(in *input, _ int32, si *segmentInfo) {
	si.lucene = in.intVersion()
	si.readBody(in, false)
}
