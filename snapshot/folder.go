package snapshot

// folder.go answers: how is a repository in a folder of this machine read, when nothing in it can be trusted?
// Next: repository.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"syscall"
)

// Folder is a Storage over one directory. No name and no symbolic link leads out of it, and only regular files are read.
type Folder struct {
	root *os.Root
}

// OpenFolder opens a directory as Storage. Close it when done.
func OpenFolder(directory string) (*Folder, error) {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	return &Folder{root: root}, nil
}

// Close releases the directory.
func (f *Folder) Close() error { return f.root.Close() }

// List implements Storage. Symbolic links and special files are passed over.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		directory, _ := path.Split(prefix)
		start := path.Clean("./" + directory)
		if !fs.ValidPath(start) {
			yield(Blob{}, fmt.Errorf("list %q: %w", prefix, fs.ErrInvalid))
			return
		}
		err := fs.WalkDir(f.root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, fs.ErrNotExist):
				return nil // vanished while we walk, or nothing there at all
			case err != nil:
				return err
			case entry.IsDir():
				// "indices/ab" must go into indices/abc but not into indices/xyz.
				if name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/") {
					return fs.SkipDir
				}
				return nil
			case !entry.Type().IsRegular() || !strings.HasPrefix(name, prefix):
				return nil
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(Blob{Name: name, Size: info.Size()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Blob{}, fmt.Errorf("list %q: %w", prefix, err))
		}
	}
}

// Read implements Storage.
func (f *Folder) Read(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !fs.ValidPath(name) || name == "." || offset < 0 {
		return nil, fmt.Errorf("read %q: %w", name, fs.ErrInvalid)
	}
	// Non-blocking, or a named pipe planted in the folder would hold us for ever; for regular files it means nothing.
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file: %w", fs.ErrInvalid)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	if length < 0 {
		length = max(info.Size()-offset, 0)
	}
	return &folderReader{SectionReader: io.NewSectionReader(file, offset, length), file: file}, nil
}

type folderReader struct {
	*io.SectionReader
	file *os.File
}

func (r *folderReader) Close() error { return r.file.Close() }
