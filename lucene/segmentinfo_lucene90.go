// segmentinfo_lucene90.go answers: what is in a .si of Lucene 9.0 to 9.8? Since 9.9: segmentinfo_lucene99.go.
//
//	index header "Lucene90SegmentInfo" | as Lucene86, little-endian
//
// Lucene 9.9 writes one byte more under the same name and version. The version of Lucene in the file decides; what then
// doesn't fit to the last byte is tried the other way.

package lucene

func readSegmentInfo90(in *input, _ int32, si *segmentInfo) {
	start := in.pos
	si.readVersions(in)
	if in.err != nil {
		return
	}
	body := in.pos
	hasBlocks := si.lucene.atLeast(9, 9)
	if si.readAs(in, hasBlocks) {
		return
	}
	first := in.err
	in.pos, in.err = body, nil
	if si.readAs(in, !hasBlocks) {
		return
	}
	if in.err = first; first == nil {
		in.pos = start
		in.fail("fits neither Lucene 9.0 nor 9.9")
	}
}

// readAs reads one of the two layouts and says whether it fits: without an index sort to the last byte.
func (si *segmentInfo) readAs(in *input, hasBlocks bool) bool {
	if hasBlocks {
		si.readBody99(in)
	} else {
		si.readBody(in, false)
	}
	sortFields := in.vint()
	return in.err == nil && (sortFields == 0 && in.remaining() == 0 || sortFields > 0 && in.remaining() > 0)
}
