// compound_lucene90.go answers: what is in a .cfe of Lucene 9.0 and later?
//
//	index header "Lucene90CompoundEntries" | vint n | n x { str name, i64 offset, i64 length } | footer
//
// Little-endian; offsets from the start of the .cfs, aligned to 8 bytes.

package lucene

func readCompound90(in *input, _ int32, c *compound) { c.readEntries(in) }
