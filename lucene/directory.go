// directory.go answers: where do the bytes come from? A local folder is folder.go. Next: input.go.

package lucene

import "io"

// Directory is the set of Lucene files of one shard: a folder, or a snapshot's list of blobs. It owns its files; this
// package never closes one.
type Directory interface {
	// Names lists the files, in any order.
	Names() []string
	// Open gives a file by name. A file that doesn't exist is an error matching fs.ErrNotExist.
	Open(name string) (File, error)
}

// File is one immutable Lucene file. ReadAt must be safe for use by several goroutines.
type File interface {
	io.ReaderAt
	Size() int64
}

// section is a File made of a range of another: a file inside a compound file.
type section struct {
	f         File
	off, size int64
}

func (s *section) Size() int64 { return s.size }

func (s *section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	if rest := s.size - off; int64(len(p)) > rest {
		n, err := s.f.ReadAt(p[:rest], s.off+off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return s.f.ReadAt(p, s.off+off)
}
