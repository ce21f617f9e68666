// errors.go answers: what can be wrong with an index? Next: directory.go.

package lucene

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt is matched by every error about bytes that can't be right.
	ErrCorrupt = errors.New("corrupt")
	// ErrTooOld is matched when a format is older than this package reads.
	ErrTooOld = errors.New("too old")
	// ErrTooNew is matched when a format or version is newer than (or unknown to) this package.
	ErrTooNew = errors.New("too new")
	// ErrNoDocument is returned by random access for a document number outside the segment.
	ErrNoDocument = errors.New("no such document")
)

// FileError says which file is wrong, where, and how. Kind is ErrCorrupt, ErrTooOld or ErrTooNew.
type FileError struct {
	Kind   error
	File   string // the Lucene file; for files inside a compound file, the inner name
	Offset int64  // where in File; -1 when it concerns the file as a whole
	Detail string
}

// Error names the kind, file, offset and what was found.
func (e *FileError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("%s: %v: %s", e.File, e.Kind, e.Detail)
	}
	return fmt.Sprintf("%s at %d: %v: %s", e.File, e.Offset, e.Kind, e.Detail)
}

// Unwrap gives the kind, so that errors.Is(err, ErrCorrupt) works.
func (e *FileError) Unwrap() error { return e.Kind }

func corruptf(file string, offset int64, format string, args ...any) *FileError {
	return &FileError{Kind: ErrCorrupt, File: file, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}

func versionError(file, codec string, version, lowest, highest int32) *FileError {
	kind := ErrTooNew
	if version < lowest {
		kind = ErrTooOld
	}
	return &FileError{Kind: kind, File: file, Offset: 0,
		Detail: fmt.Sprintf("%s version %d, read here: %d to %d", codec, version, lowest, highest)}
}

func unknownCodec(file, codec string) *FileError {
	return &FileError{Kind: ErrTooNew, File: file, Offset: 0, Detail: fmt.Sprintf("unknown format %q", clip(codec))}
}

// clip bounds what a stranger's string may add to an error.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
