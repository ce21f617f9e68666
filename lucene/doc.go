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
//	storedfields.go  chunks of compressed stored fields; storedfields_luceneNN.go: what each version changed
//	documents.go     stored fields and doc values -> Document
//
// A format has a file of its own named by the Lucene version that introduced it, with a drawing of its bytes. All bytes are
// a stranger's: every length is checked before memory is made for it, and damage is answered by an error that matches
// [ErrCorrupt] and names file and offset. A damaged chunk loses only its own documents, and never in silence.
package lucene
