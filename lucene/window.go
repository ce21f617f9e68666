// window.go answers: how is a large file read in few requests and little memory? Next: header.go.

package lucene

import "io"

// window is a buffer over part of a large file. Reads near one another cost one request; memory is the buffer's size.
// It is for one goroutine.
type window struct {
	f     io.ReaderAt
	name  string
	size  int64 // the file's (or the part's) end
	ahead int   // bytes to fetch at once
	buf   []byte
	start int64 // offset of buf[0]
}

func newWindow(f File, name string, ahead int) *window {
	return &window{f: f, name: name, size: f.Size(), ahead: ahead}
}

// at gives the n bytes at off, valid until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	if i := off - w.start; i >= 0 && n >= 0 && i+int64(n) <= int64(len(w.buf)) {
		return w.buf[i : i+int64(n) : i+int64(n)], nil
	}
	if off < 0 || n < 0 || off > w.size || int64(n) > w.size-off {
		return nil, corruptf(w.name, off, "%d bytes wanted, file has %d", n, w.size)
	}
	fetch := int(min(int64(max(n, w.ahead)), w.size-off))
	if cap(w.buf) < fetch {
		w.buf = make([]byte, fetch)
	}
	w.buf = w.buf[:fetch]
	w.start = off
	if err := readFull(w.f, w.name, w.buf, off); err != nil {
		w.buf = w.buf[:0]
		return nil, err
	}
	return w.buf[:n:n], nil
}

// upTo gives at most n bytes at off, fewer at the end of the file: for readers that need slack behind a value.
func (w *window) upTo(off int64, n int) ([]byte, error) {
	if off < 0 || off > w.size {
		return nil, corruptf(w.name, off, "file has %d bytes", w.size)
	}
	return w.at(off, int(min(int64(n), w.size-off)))
}
