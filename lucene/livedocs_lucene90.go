// livedocs_lucene90.go answers: what is in a .liv of Lucene 9.0 and later?
//
//	index header "Lucene90LiveDocs", suffix = generation | ceil(maxDoc/64) x i64, bit i = document i lives | footer
//
// Little-endian.

package lucene

func readLiveDocs90(in *input, maxDoc int) bitset { return in.readWords(maxDoc) }
