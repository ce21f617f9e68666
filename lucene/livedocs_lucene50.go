// livedocs_lucene50.go answers: what is in a .liv of Lucene 5.0 to 8.11?
//
//	index header "Lucene50LiveDocs", suffix = generation | ceil(maxDoc/64) x i64, bit i = document i lives | footer
//
// Big-endian.

package lucene

func readLiveDocs50(in *input, maxDoc int) bitset { return in.readWords(maxDoc) }
