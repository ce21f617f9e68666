package main

// cases.go answers: which formats are measured, who writes them, and which Lucene reads them? Next: documents.go.

import "fmt"

// benchCase is one stored fields format and mode.
type benchCase struct {
	name    string // unique, and part of the index's name
	format  string // in the report
	version string // the lab's, that writes it
	codec   string // index.codec; empty for the default
	// jars are the artifacts of group org.apache.lucene, in the lab's cache, that read it; nil where Lucene alone can't.
	jars []string
	lz4  bool
}

var cases = []benchCase{
	// Lucene 4.10 has no getMergeInstance: 5.5 with its backward codecs is the oldest that reads these segments by one.
	{"lucene41-lz4", "lucene41 LZ4", "1.7.6", "", []string{"lucene-core-5.5.0", "lucene-backward-codecs-5.5.0"}, true},
	{"lucene50-lz4", "lucene50 LZ4", "2.3.2", "", []string{"lucene-core-5.5.0"}, true},
	{"lucene50-deflate", "lucene50 DEFLATE", "2.3.2", "best_compression", []string{"lucene-core-5.5.0"}, false},
	{"lucene87-lz4", "lucene87 LZ4", "7.10.2", "", []string{"lucene-core-8.7.0"}, true},
	{"lucene87-deflate", "lucene87 DEFLATE", "7.10.2", "best_compression", []string{"lucene-core-8.7.0"}, false},
	{"lucene90-lz4", "lucene90 LZ4", "8.15.5", "", []string{"lucene-core-9.11.1"}, true},
	{"lucene90-deflate", "lucene90 DEFLATE", "8.15.5", "best_compression", []string{"lucene-core-9.11.1"}, false},
	// Elasticsearch's own format over a native library: no plain Lucene reads it.
	{"zstd814", "zstd814 zstd", "8.19.0", "best_compression", nil, false},
}

// jarVersions are the lab's versions whose jars a case needs beyond its own version's.
var jarVersions = map[string]string{"lucene41-lz4": "2.3.2"}

func (c benchCase) index(size int) string { return fmt.Sprintf("%s-%d", c.name, size) }

// What is measured.
const (
	methodNull   = "null"   // snapshot -> documents, thrown away
	methodNDJSON = "ndjson" // snapshot -> lines, thrown away
	methodBare   = "bare"   // every chunk decompressed, one document of each looked at
	methodMerge  = "merge"  // Lucene's getMergeInstance
	methodGet    = "get"    // Lucene's document(id)
	methodScroll = "scroll" // a live node
)

// sample is one measurement.
type sample struct {
	Method    string
	Cores     int // 1, or 0 for all
	Size      int // bytes per document, where the parent doesn't know it
	Documents int64
	Bytes     int64 // of source
	CPU, Wall float64
	Allocs    float64 // per document; hikkoshi only
	PeakRSS   int64   // bytes of the process so far; hikkoshi only
}
