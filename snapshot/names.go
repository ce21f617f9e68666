package snapshot

// names.go answers: which texts out of a repository may become part of a blob's name? Whoever can write to the
// repository chooses them, so nothing that climbs out of its directory is accepted.

import (
	"io/fs"
	"regexp"
	"strings"
)

// maxNamePart is what file systems and both products allow for one element of a path.
const maxNamePart = 255

var (
	// identifiers are base64url uuids in every version; shard generations and metadata blob ids too.
	identifierPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	// data blobs are __N up to 6.x and __uuid later; v__ marks content kept inside the listing.
	dataBlobPattern = regexp.MustCompile(`^v?__[A-Za-z0-9_-]{1,64}$`)
	// Lucene's own file names.
	luceneNamePattern = regexp.MustCompile(`^(segments_[0-9a-z]+|_[0-9a-z]+(_[A-Za-z0-9_]+)*\.[a-z0-9]+)$`)
)

func validIdentifier(text string) bool { return identifierPattern.MatchString(text) }
func validDataBlob(text string) bool   { return dataBlobPattern.MatchString(text) }
func validLucene(text string) bool {
	return len(text) <= maxNamePart && luceneNamePattern.MatchString(text)
}

// validPart accepts index and snapshot names, which 1.x and 2.x put into paths as they are. A leading dot is legal
// (.kibana), going up is not.
func validPart(text string) bool {
	if text == "" || len(text) > maxNamePart || text == "." || text == ".." || text[0] == '~' {
		return false
	}
	for _, r := range text {
		if r < ' ' || r == '/' || r == '\\' || r == 0x7F {
			return false
		}
	}
	return true
}

// validShardPath accepts a directory named by OpenSearch's shard path file only if it is the directory of that very
// shard, wherever it lies.
func validShardPath(text, suffix string) bool {
	return fs.ValidPath(text) && (text == suffix || strings.HasSuffix(text, "/"+suffix))
}
