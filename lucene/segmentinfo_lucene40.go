// segmentinfo_lucene40.go answers: what is in a .si of Lucene 4.0 to 4.5? Since 4.6: segmentinfo_lucene46.go.
//
//	plain header "Lucene40SegmentInfo" | str version | i32 maxDoc | u8 compound | map4 diagnostics | map4 attributes | set4 files
//
// No footer. Big-endian.

package lucene

import "fmt"

func readSegmentInfo40(in *input, _ int32, si *segmentInfo) {
	si.lucene = in.strVersion()
	si.maxDoc = in.docCount()
	si.compound = in.flag()
	si.diag = in.pairs(true)
	si.attrs = in.pairs(true)
	si.files = in.strs(true)
}

// strVersion reads a version as text; what can't be read is left zero, it is only for show.
func (in *input) strVersion() Version {
	var v Version
	fmt.Sscanf(in.str(), "%d.%d.%d", &v.Major, &v.Minor, &v.Bugfix)
	return v
}
