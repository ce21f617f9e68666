// compound_lucene50.go answers: what is in a .cfe of Lucene 5.0 to 8.11?
//
//	index header "Lucene50CompoundEntries" | vint n | n x { str name, i64 offset, i64 length } | footer
//
// Big-endian; offsets from the start of the .cfs.

package lucene

func readCompound50(in *input, _ int32, c *compound) { c.readEntries(in) }
