// folder.go answers: how is an index in a local folder read? Next: input.go.

package lucene

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Folder is a Directory over a local folder. Close it when done.
type Folder struct {
	root  *os.Root
	names []string
	open  folderFiles
}

// OpenFolder lists the regular files of a folder that look like Lucene's.
func OpenFolder(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open index folder: %w", err)
	}
	entries, err := os.ReadDir(filepath.Clean(path))
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("list index folder: %w", err)
	}
	d := &Folder{root: root}
	for _, e := range entries {
		if e.Type().IsRegular() {
			d.names = append(d.names, e.Name())
		}
	}
	return d, nil
}

// Names lists the folder's regular files.
func (d *Folder) Names() []string { return d.names }

// Open opens a file of the folder, once; later calls give the same File.
func (d *Folder) Open(name string) (File, error) {
	return d.open.get(name, func() (*folderFile, error) {
		f, err := d.root.Open(name)
		if err != nil {
			return nil, err
		}
		st, err := f.Stat()
		if err == nil && !st.Mode().IsRegular() {
			err = fmt.Errorf("%s is no regular file", name)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		return &folderFile{File: f, size: st.Size()}, nil
	})
}

// Close closes every file that was opened.
func (d *Folder) Close() error {
	err := d.open.closeAll()
	if e := d.root.Close(); err == nil {
		err = e
	}
	return err
}

type folderFile struct {
	*os.File
	size int64
}

func (f *folderFile) Size() int64 { return f.size }

type folderFiles struct {
	mu   sync.Mutex
	open map[string]*folderFile
}

func (o *folderFiles) get(name string, open func() (*folderFile, error)) (*folderFile, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.open[name]; f != nil {
		return f, nil
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	if o.open == nil {
		o.open = make(map[string]*folderFile)
	}
	o.open[name] = f
	return f, nil
}

func (o *folderFiles) closeAll() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var first error
	for _, f := range o.open {
		if err := f.Close(); first == nil {
			first = err
		}
	}
	clear(o.open)
	return first
}
