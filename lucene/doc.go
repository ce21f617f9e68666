// Package lucene reads the documents of a Lucene index, from its files alone, as Elasticsearch and OpenSearch write them:
// Lucene 4 to 10, without a cluster, without a JVM, without local disk.
//
// It reads what documents need and nothing else: the commit point, segment infos, field infos, stored fields, live
// documents, and the doc values of _version, _seq_no and __soft_deletes. Postings, points, norms and vectors are never
// touched, so over an object store most of an index is never fetched.
//
// The road of a document:
//
//	directory.go     Directory and File: where the bytes come from (the caller's)
//	input.go         a bounded cursor; header.go: magic, segment id, checksum; packed.go: packed integers
//	commit.go        segments_N -> the list of segments
//	segments.go      one segment: .si, .fnm, .cfs, .liv, doc values; codecs.go: which format reads which codec name
//	storedfields.go  chunks of compressed stored fields; storedfields_lucene*.go: what each version changed
//	scan.go          many documents front to back; splits.go: shared among workers; reader.go: one by its number
//	documents.go     stored fields -> Document, completed from doc values by docvalues_document.go
//	rebuild_source.go  documents that kept no source, put together from what is left of them
//
// A Commit and its Segments may be used by several goroutines; a Reader, with the memory of decompression, by one. Reading
// takes the read-ahead (4 MiB unless told otherwise), a chunk, and a bit per document of the segment, and allocates nothing
// per document; a document larger than that takes its own size.
//
// A format has a file of its own named by the Lucene version that introduced it, with a drawing of its bytes. All bytes are
// a stranger's: every length is checked before memory is made for it, and damage is answered by an error that matches
// [ErrCorrupt] and names file and offset. A damaged chunk loses only its own documents, and never in silence.
package lucene
