// segmentinfo_lucene86.go answers: what is in a .si of Lucene 8.6 to 8.11? Since 9.0: segmentinfo_lucene90.go.
//
//	index header "Lucene86SegmentInfo" | as Lucene70, but the sort fields name a provider and hold its data
//
// Big-endian.

package lucene

func readSegmentInfo86(in *input, version int32, si *segmentInfo) { readSegmentInfo70(in, version, si) }
