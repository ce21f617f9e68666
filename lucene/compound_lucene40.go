// compound_lucene40.go answers: what is in a .cfe of Lucene 4.0 to 4.10?
//
//	plain header "CompoundFileWriterEntries" | vint n | n x { str name, i64 offset, i64 length } | footer (v1, 4.8)
//
// Big-endian; offsets from the start of the .cfs.

package lucene

func readCompound40(in *input, _ int32, c *compound) { c.readEntries(in) }
