package snapshot

// loss.go answers: what is gone when one file is damaged? Not every file holds documents.

import "strings"

// Loss says what a problem costs.
type Loss int

// The losses, the smallest first.
const (
	// LossNone: a housekeeping blob; clusters rebuild it.
	LossNone Loss = iota
	// LossSearch: only the inverted index, points or vectors of a segment; documents can be read, a native restore can't be used.
	LossSearch
	// LossVersions: doc values of a segment; versions and sequence numbers, and since 6.5 which documents are deleted.
	LossVersions
	// LossDeletions: which documents of a segment are deleted is not known.
	LossDeletions
	// LossSegment: the documents of one segment.
	LossSegment
	// LossShard: every document of the shard in these snapshots.
	LossShard
	// LossIndex: the index in these snapshots: without its metadata not even its shards are known.
	LossIndex
	// LossGlobal: templates, pipelines and settings of the cluster; no document.
	LossGlobal
	// LossSnapshot: the whole snapshot.
	LossSnapshot
)

// String says it for a person.
func (l Loss) String() string {
	return [...]string{
		"nothing: clusters rebuild it",
		"no documents: only what searches need; a native restore would fail",
		"versions, and which documents are soft-deleted, in the segment",
		"which documents of the segment are deleted",
		"the documents of the segment",
		"all documents of the shard",
		"the index",
		"templates, pipelines and cluster settings; no documents",
		"the whole snapshot",
	}[l]
}

// documentFiles are the extensions without which a segment's documents can't be read.
var documentFiles = map[string]Loss{
	"si": LossSegment, "cfs": LossSegment, "cfe": LossSegment, "fnm": LossSegment,
	"fdt": LossSegment, "fdx": LossSegment, "fdm": LossSegment,
	"liv": LossDeletions, "del": LossDeletions,
	"dvd": LossVersions, "dvm": LossVersions,
}

// LossOf tells what a damaged Lucene file costs.
func LossOf(luceneName string) Loss {
	if strings.HasPrefix(luceneName, "segments_") {
		return LossShard
	}
	_, extension, _ := strings.Cut(luceneName, ".")
	if loss, found := documentFiles[extension]; found {
		return loss
	}
	return LossSearch
}

// SegmentOf gives the segment a Lucene file belongs to, like _0; empty for segments_N.
func SegmentOf(luceneName string) string {
	if !strings.HasPrefix(luceneName, "_") {
		return ""
	}
	end := strings.IndexAny(luceneName[1:], "_.")
	if end < 0 {
		return luceneName
	}
	return luceneName[:1+end]
}
