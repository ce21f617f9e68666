// segmentinfo_lucene70.go answers: what is in a .si of Lucene 7.0 to 8.5? Since 8.6: segmentinfo_lucene86.go.
//
//	index header "Lucene70SegmentInfo" | 3 i32 version | u8 has oldest [3 i32 oldest version] | rest as Lucene62
//
// Big-endian.

package lucene

func readSegmentInfo70(in *input, _ int32, si *segmentInfo) {
	si.readVersions(in)
	si.readBody(in, false)
}

func (si *segmentInfo) readVersions(in *input) {
	si.lucene = in.intVersion()
	switch has := in.u8(); {
	case has == 1:
		in.intVersion()
	case has != 0 && in.err == nil:
		in.pos--
		in.fail("flag %d, want 0 or 1", has)
	}
}
