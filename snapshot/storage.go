package snapshot

// storage.go answers: what must a place be able to do so that repositories can be read from it?
// Next: folder.go (the simplest one), repository.go (who asks).

import (
	"context"
	"io"
	"iter"
)

// Storage is the one thing a repository needs of the place where it lies: a bucket, a folder. Names are relative to the
// container's root (the bucket, not the repository's base path, since OpenSearch's hashed shard paths begin before the
// base path), use "/" and never begin with it. Everything is read-only and safe for concurrent use.
//
// An implementation retries what is worth retrying, both the request and a body that breaks off, and returns errors that
// satisfy errors.Is(err, fs.ErrNotExist) and errors.Is(err, fs.ErrPermission) where that is what happened.
type Storage interface {
	// List yields every blob whose name starts with prefix, which is a plain string prefix and need not end at a "/";
	// it goes into all depths, in no promised order. Nothing found is an empty listing, not an error. The first error
	// is the last thing yielded.
	List(ctx context.Context, prefix string) iter.Seq2[Blob, error]

	// Read opens length bytes of a blob from offset on; a negative length means up to the end. Where the blob ends
	// earlier the reader ends earlier, and an offset at or behind the end gives an empty reader: neither is an error.
	// The caller closes the reader.
	Read(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error)
}

// Blob is one object of a Storage.
type Blob struct {
	Name string
	Size int64
}
