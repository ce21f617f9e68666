package export

// sink.go answers: where do chunks go? To one stream, or to a folder with a file per index. Next: description.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Sink takes what an export writes.
type Sink interface {
	// write takes a chunk, from any goroutine.
	write(c chunk) error
	// finish says that nothing more comes for an index.
	finish(index string) error
	// close ends the export; complete says that it ended well.
	close(complete bool) error
}

// describer is a Sink that also writes what an index is.
type describer interface {
	describe(info *snapshot.Info, index *snapshot.Index) error
}

// stream writes to one writer.
type stream struct {
	mu  sync.Mutex
	out io.Writer
}

// NewStream writes every line to one writer, whole lines at a time.
func NewStream(out io.Writer) Sink { return &stream{out: out} }

func (s *stream) write(c chunk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.out.Write(c.bytes)
	return err
}

func (s *stream) finish(string) error { return nil }

func (s *stream) close(bool) error { return nil }

// PartialSuffix marks files that are not finished, so that none is taken for whole after a crash.
const PartialSuffix = ".partial"

// folder writes a file per index.
type folder struct {
	root    *os.Root
	options Options
	replace bool

	mu    sync.Mutex
	files map[string]*folderFile
	names []string
}

type folderFile struct {
	mu      sync.Mutex
	name    string
	file    *os.File
	parquet *parquetFile
	written bool
}

// NewFolder writes INDEX.ndjson (.gz, .zst), INDEX.json in elasticdump's form, or INDEX.parquet into a folder, which it
// makes. Files that exist are refused unless replace is set. A file has its name only once it is whole.
func NewFolder(directory string, options Options, replace bool) (Sink, error) {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return nil, fmt.Errorf("make output folder: %w", err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, fmt.Errorf("open output folder: %w", err)
	}
	return &folder{root: root, options: options, replace: replace, files: make(map[string]*folderFile)}, nil
}

// escapedName makes the beginning of a file's name out of an index's, which may hold what file systems don't like.
func escapedName(index string) string {
	return strings.ReplaceAll(url.PathEscape(index), "%2F", "_")
}

// fileName is where the documents of an index go.
func (f *folder) fileName(index string) string {
	escaped := escapedName(index)
	switch f.options.Format {
	case Elasticdump:
		return escaped + ".json" + f.options.Compression.suffix()
	case Parquet:
		return escaped + ".parquet"
	}
	return escaped + ".ndjson" + f.options.Compression.suffix()
}

// open gives the file of an index, made on first use.
func (f *folder) open(index string) (*folderFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.files[index]; one != nil {
		return one, nil
	}
	name := f.fileName(index)
	if _, err := f.root.Lstat(name); err == nil && !f.replace {
		return nil, fmt.Errorf("%s: %w: choose another folder, or --overwrite", name, fs.ErrExist)
	}
	file, err := f.root.Create(name + PartialSuffix)
	if err != nil {
		return nil, fmt.Errorf("create output: %w", err)
	}
	one := &folderFile{name: name, file: file}
	if f.options.Format == Parquet {
		one.parquet = newParquetFile(file)
	}
	f.files[index] = one
	return one, nil
}

func (f *folder) write(c chunk) error {
	one, err := f.open(c.index)
	if err != nil {
		return err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.written = true
	if one.parquet != nil {
		return one.parquet.write(c.rows)
	}
	_, err = one.file.Write(c.bytes)
	return err
}

// finish puts an index's file under its name, also that of an empty index.
func (f *folder) finish(index string) error {
	one, err := f.open(index)
	if err != nil {
		return err
	}
	f.mu.Lock()
	delete(f.files, index)
	f.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if err := f.end(one); err != nil {
		one.file.Close()
		return fmt.Errorf("finish %s: %w", one.name, err)
	}
	if err := one.file.Close(); err != nil {
		return err
	}
	return f.root.Rename(one.name+PartialSuffix, one.name)
}

func (f *folder) end(one *folderFile) error {
	if one.parquet != nil {
		if err := one.parquet.close(); err != nil {
			return err
		}
	} else if !one.written && f.options.Compression != Plain {
		// A file of no bytes is no gzip file.
		empty, err := newCompressor(f.options.Compression).member(nil)
		if err != nil {
			return err
		}
		if _, err := one.file.Write(empty); err != nil {
			return err
		}
	}
	return one.file.Sync()
}

// close finishes what a limit cut short, or leaves unfinished files under their unfinished names.
func (f *folder) close(complete bool) error {
	f.mu.Lock()
	var open []string
	for index := range f.files {
		open = append(open, index)
	}
	f.mu.Unlock()
	var failures []error
	for _, index := range open {
		if complete {
			failures = append(failures, f.finish(index))
			continue
		}
		failures = append(failures, f.files[index].file.Close())
	}
	return errors.Join(append(failures, f.root.Close())...)
}

// describe writes the mapping, settings and aliases beside the documents: as INDEX.index.json, and for elasticdump also in
// its own form, one object on one line.
func (f *folder) describe(info *snapshot.Info, index *snapshot.Index) error {
	described, err := describeIndex(info, index)
	if err != nil {
		return fmt.Errorf("describe %s: %w", index.Name, err)
	}
	content, err := json.MarshalIndent(described, "", "  ")
	if err != nil {
		return fmt.Errorf("describe %s: %w", index.Name, err)
	}
	if err := f.writeWhole(escapedName(index.Name)+DescriptionSuffix, append(content, '\n')); err != nil {
		return err
	}
	if f.options.Format != Elasticdump {
		return nil
	}
	for kind, content := range describeForElasticdump(index) {
		if err := f.writeWhole(escapedName(index.Name)+"."+kind+".json", content); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) writeWhole(name string, content []byte) error {
	if _, err := f.root.Lstat(name); err == nil && !f.replace {
		return fmt.Errorf("%s: %w: choose another folder, or --overwrite", name, fs.ErrExist)
	}
	if err := f.root.WriteFile(name, content, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
