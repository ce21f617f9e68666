package snapshot

// directory.go answers: how does a file that lies in parts and blobs become one io.ReaderAt? Next: cache.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
)

// smallFile is up to which length a file is read as a whole, verified, and kept: segment infos, field infos, live docs,
// commit points. They are asked for piece by piece, and snapshots share them.
const smallFile = 64 << 10

// Directory is a shard's files by Lucene's names. It is safe for concurrent use and owns nothing that must be closed.
type Directory struct {
	// io.ReaderAt has no place for a context, so a Directory carries the one of the work it is opened for.
	ctx   context.Context
	shard *Shard
	files map[string]*FileInfo
}

// Directory gives the shard's files for reading until ctx ends.
func (s *Shard) Directory(ctx context.Context) *Directory {
	d := &Directory{ctx: ctx, shard: s, files: make(map[string]*FileInfo, len(s.Files))}
	for i := range s.Files {
		d.files[s.Files[i].Name] = &s.Files[i]
	}
	return d
}

// Names lists the files, sorted.
func (d *Directory) Names() []string {
	names := make([]string, len(d.shard.Files))
	for i := range d.shard.Files {
		names[i] = d.shard.Files[i].Name
	}
	return names
}

// Open gives one file. Nothing is fetched before it is read. A name that is not there matches fs.ErrNotExist.
func (d *Directory) Open(name string) (*File, error) {
	info, found := d.files[name]
	if !found {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &File{ctx: d.ctx, shard: d.shard, info: info}, nil
}

// File is one Lucene file, joined from its parts. It is safe for concurrent use.
type File struct {
	ctx   context.Context // see Directory
	shard *Shard
	info  *FileInfo
}

// Size is the file's length.
func (f *File) Size() int64 { return f.info.Length }

// Info is what the snapshot says of the file.
func (f *File) Info() *FileInfo { return f.info }

// ReadAt implements io.ReaderAt by ranged reads. Small files are fetched whole and checked against their checksum first.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, fmt.Errorf("%s: offset %d: %w", f.info.Name, offset, fs.ErrInvalid)
	}
	if offset >= f.info.Length {
		return 0, io.EOF
	}
	wanted := len(p)
	p = p[:min(int64(wanted), f.info.Length-offset)]
	var err error
	switch {
	case f.info.Inline != nil:
		copy(p, f.info.Inline[offset:])
	case f.info.Length <= smallFile:
		var content []byte
		if content, err = f.whole(); err == nil {
			copy(p, content[offset:])
		}
	default:
		err = f.readRange(p, offset)
	}
	if err != nil {
		return 0, err
	}
	if len(p) < wanted {
		return len(p), io.EOF
	}
	return len(p), nil
}

// whole reads a small file once, checks it, and remembers it by identity.
func (f *File) whole() ([]byte, error) {
	identity, known := f.shard.Identity(f.info)
	cache := f.shard.repository.cache
	if known {
		if content := cache.get(identity); content != nil {
			return content, nil
		}
	}
	content := make([]byte, f.info.Length)
	var err error
	for range 2 { // an object store may serve a torn read; twice the same is damage
		if err = f.readRange(content, 0); err != nil {
			return nil, err
		}
		if err = verifyContent(f.info, content); err == nil {
			break
		}
	}
	if err != nil {
		return nil, f.damaged(-1, "content", err)
	}
	if known {
		cache.put(identity, content)
	}
	return content, nil
}

// readRange fills p, which lies within the file, from the parts it touches.
func (f *File) readRange(p []byte, offset int64) error {
	count := f.info.partCount()
	for len(p) > 0 {
		name, start, end := f.info.Blob, int64(0), f.info.Length
		if count > 1 {
			number := offset / f.info.PartSize
			name = fmt.Sprintf("%s.part%d", f.info.Blob, number)
			start = number * f.info.PartSize
			end = min(start+f.info.PartSize, f.info.Length)
		}
		n := min(int64(len(p)), end-offset)
		if err := f.readPart(name, offset-start, p[:n]); err != nil {
			return err
		}
		p, offset = p[n:], offset+n
	}
	return nil
}

func (f *File) readPart(base string, offset int64, p []byte) error {
	name := path.Join(f.shard.directory, base)
	body, err := f.shard.repository.storage.Read(f.ctx, name, offset, int64(len(p)))
	if err != nil {
		return f.shard.repository.explainMissing(f.ctx, f.shard.Index.Snapshot, name, err)
	}
	n, err := io.ReadFull(body, p)
	closeErr := body.Close()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &CorruptError{Blob: name, File: f.info.Name, Offset: offset + int64(n), Reason: "ends early"}
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	case closeErr != nil:
		return fmt.Errorf("read %s: %w", name, closeErr)
	}
	return nil
}
