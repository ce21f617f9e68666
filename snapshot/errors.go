package snapshot

// errors.go answers: what can be wrong with a repository, and what may a caller switch on?

import (
	"errors"
	"fmt"
)

// What callers tell apart with errors.Is. Missing blobs also satisfy fs.ErrNotExist.
var (
	// ErrCorrupt says that bytes contradict themselves, their checksum, or what refers to them.
	ErrCorrupt = errors.New("corrupt")
	// ErrTooNew says that a later version wrote this in a form unknown here.
	ErrTooNew = errors.New("written by a version newer than this program knows")
	// ErrNoRepository says that no repository lies at this place.
	ErrNoRepository = errors.New("no snapshot repository here")
	// ErrNoSnapshot says that the repository has no snapshot of that name.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrNoIndex says that the snapshot has no index of that name.
	ErrNoIndex = errors.New("no such index in this snapshot")
	// ErrSnapshotDeleted says that a cluster deleted the snapshot while it was being read.
	ErrSnapshotDeleted = errors.New("snapshot deleted while reading")
	// ErrRepositoryChanged says that the repository went back in time or was replaced by another.
	ErrRepositoryChanged = errors.New("repository replaced or rolled back while reading")
	// ErrUnfinished says that the snapshot is still being written, or that writing it did not succeed.
	ErrUnfinished = errors.New("snapshot not finished")
	// ErrShardFailed says that the cluster could not snapshot this shard: its documents are not in the snapshot.
	ErrShardFailed = errors.New("shard failed when the snapshot was taken")
	// ErrUnsupported says that the data do not lie in this repository or are kept in a form that isn't read here.
	ErrUnsupported = errors.New("not readable offline")
)

// CorruptError names what is damaged. It satisfies errors.Is(err, ErrCorrupt).
type CorruptError struct {
	Blob   string // name in the Storage
	File   string // Lucene's name where the blob holds one
	Offset int64  // in the blob or file; -1 where the whole is meant
	Reason string
	Cause  error // what a decoder or the storage said; may be nil
}

// Error names the blob, the file and the offset.
func (e *CorruptError) Error() string {
	text := e.Blob
	if e.File != "" {
		text += " (" + e.File + ")"
	}
	if e.Offset >= 0 {
		text += fmt.Sprintf(" at byte %d", e.Offset)
	}
	text += ": " + ErrCorrupt.Error() + ": " + e.Reason
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap makes errors.Is find ErrCorrupt and the cause.
func (e *CorruptError) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrCorrupt}
	}
	return []error{ErrCorrupt, e.Cause}
}

func corrupt(blob string, offset int64, reason string, arguments ...any) error {
	return &CorruptError{Blob: blob, Offset: offset, Reason: fmt.Sprintf(reason, arguments...)}
}
